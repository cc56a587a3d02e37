#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# The kernel tells of each bug of module/seeded.c: so its silence in the other cases means
# something. run.sh has this one run last: lockdep says nothing more after its first report, or one
# of KASAN, so its bugs come first here.
# shellcheck disable=SC1091,SC2154  # it lies there in the virtual machine
. /cases/kernel_lib.sh
is_debug_kernel || { echo "skipped: this kernel does not look for bugs"; exit 77; }
failed=0

reported() { # BUG TEXT
    insmod /lib/vexfs/seeded.ko bug="$1"
    if [ "$1" = leak ]; then leaks >said; else true >said; fi
    rmmod seeded
    dmesg -c >>said
    if grep -E "$2" said; then
        echo "= reported: $1"
        grep -qE "$complaints" said || { echo "init.sh would not have noticed"; failed=1; }
    else
        echo "NOT reported: $1, as $2"
        cat said
        failed=1
    fi
}
if ! grep 'debug_locks: *1' /proc/lockdep_stats; then
    echo "lockdep has gone silent before"
    failed=1
fi
reported sleep_in_atomic 'BUG: sleeping function called from invalid context'
reported shift 'UBSAN: shift-out-of-bounds'
reported no_rcu_lock 'WARNING: suspicious RCU usage'
reported lock_order 'WARNING: possible circular locking dependency'
reported use_after_free 'BUG: KASAN: (slab-)?use-after-free in seeded_'
reported out_of_bounds 'BUG: KASAN: slab-out-of-bounds in seeded_'
reported leak 'seeded_(leak|init)'
exit $failed
