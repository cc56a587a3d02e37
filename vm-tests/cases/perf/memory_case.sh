#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# What the module takes of the kernel's memory, for a filesystem, a queue, a slot and a file that is
# known; and that it gives all of it back.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/kernel_lib.sh
. /cases/module_lib.sh
if is_debug_kernel; then echo "skipped: this kernel is not as others are"; exit 77; fi
queues() { # FILESYSTEMS QUEUES SLOTS: bytes of all queues
    vexfs-perf --attach "$1" "$2" "$3" \
        "awk '/\\[vexfs\\]/ { sum += \$2 } END { print sum + 0 }' /proc/vmallocinfo"
}
used() { # KiB of the kernel, without what it can drop
    echo 3 >/proc/sys/vm/drop_caches
    awk '/^(Slab|VmallocUsed|Percpu|KernelStack):/ { sum += $2 } END { print sum }' /proc/meminfo
}
slab="awk '/^Slab:/ { print \$2 }' /proc/meminfo"

insmod /lib/vexfs/vexfs.ko
none=$(queues 0 1 1) small=$(queues 1 1 32) two=$(queues 1 2 32) large=$(queues 1 1 64)
echo "= a queue of 32 slots: $((two - small)) bytes, of them each slot: $(((large - small) / 32))"
echo "= a request in flight: none beyond its slot"
vexfs-perf --attach 500 1 1 "$slab" >/dev/null # so that what slabs keep is there
before=$(vexfs-perf --attach 0 1 1 "$slab")
many=$(vexfs-perf --attach 500 1 1 "$slab")
echo "= a filesystem and its channel: about $(((many - before) * 1024 / 500)) bytes of slab"
echo "= a file that is known: $(awk '/^vexfs_inode/ { print $4 }' /proc/slabinfo) bytes of slab," \
    "64 for its FORGET, and a dentry"
[ "$none" = 0 ]
rmmod vexfs

use() { # everything once, from insmod to rmmod
    serve
    for number in $(seq 300); do echo "$number" >"$mount/$number"; done
    rm "$mount"/*
    vexfs-perf --attach 50 2 8 true
    finish >/dev/null
}
use
use
first=$(used)
for _ in 1 2 3 4 5; do use; done
last=$(used)
echo "= before and after 5 times 300 files and 50 filesystems: $first and $last KiB of the kernel"
[ "$last" -lt $((first + 512)) ]
refused grep vexfs /proc/slabinfo /proc/vmallocinfo /proc/modules
