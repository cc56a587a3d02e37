#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the kernel of a virtual machine says of itself. `. /cases/kernel_lib.sh` first.
# shellcheck disable=SC2034 # used by the scripts

complaints='BUG[: ]|WARNING:|Oops|KASAN|UBSAN|general protection|stack-out-of|Call Trace'
complaints="$complaints|possible (recursive|circular|irq|deadlock)|inconsistent lock state"
complaints="$complaints|suspicious RCU|sleeping function called|scheduling while atomic"
complaints="$complaints|hung task|blocked for more than|detected stall|self-detected|lockup"
complaints="$complaints|unreferenced object"
# What Linux 6.1 loses by itself: caches of ACPI, and the name of a cache that has no memory for its
# place in sysfs.
leaked_by_linux='comm "swapper/|sysfs_slab_add'

is_debug_kernel() { # one of image/debug.config
    [ -e /sys/kernel/debug/kmemleak ]
}

leaks() { # what the kernel allocated and nothing points to any more; each is told of once
    is_debug_kernel || return 0
    sleep 6 # younger ones are not told of
    echo scan >/sys/kernel/debug/kmemleak
    echo scan >/sys/kernel/debug/kmemleak
    awk -v known="$leaked_by_linux" '
        /^unreferenced object/ { if (lost !~ known) printf "%s", lost; lost = "" }
        { lost = lost $0 "\n" }
        END { if (lost !~ known) printf "%s", lost }' /sys/kernel/debug/kmemleak
    echo clear >/sys/kernel/debug/kmemleak
}
