#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# Each allocation and each copy from or to user memory fails once, under each call of the module:
# what comes of it is a clean error, and afterwards all goes on. Then one in some 2,000 of those of
# engines that start fails, at random.
# shellcheck disable=SC1091,SC2034,SC2119,SC2154  # it lies there in the virtual machine
. /cases/kernel_lib.sh
. /cases/module_lib.sh
is_debug_kernel || { echo "skipped: this kernel makes nothing fail"; exit 77; }

debugfs=/sys/kernel/debug
for kind in failslab fail_page_alloc fail_usercopy; do
    echo 0 >$debugfs/$kind/verbose # a line for each would hide what is said otherwise
    echo Y >$debugfs/$kind/task-filter
    echo -1 >$debugfs/$kind/times
    echo 200 >$debugfs/$kind/interval
done
for kind in failslab fail_page_alloc; do echo N >$debugfs/$kind/ignore-gfp-wait; done
echo N >$debugfs/fail_page_alloc/ignore-gfp-highmem
echo 0 >$debugfs/fail_page_alloc/min-order

vexfs-faults module /lib/vexfs/vexfs.ko
mkdir quiet
vexfs-faults device "$PWD/quiet"
serve
vexfs-faults files "$mount"
ls -l "$mount" "$mount"/*
finish

for kind in failslab fail_page_alloc fail_usercopy; do echo 10 >$debugfs/$kind/probability; done
started=0
for _ in $(seq 40); do
    [ -e /dev/vexfs ] || insmod /lib/vexfs/vexfs.ko
    if (echo 1 >/proc/self/make-it-fail && exec vexfsd --module "$mount" --pid-file "$PWD/pid" \
        "$volume") >>refusals 2>&1; then
        started=$((started + 1))
        engine=$(cat pid)
        ls -lR "$mount" >/dev/null 2>&1 || true
        umount "$mount" || umount -l "$mount"
        engine_gone
    fi
done
for kind in failslab fail_page_alloc fail_usercopy; do echo 0 >$debugfs/$kind/probability; done
echo "= of 40 engines $started started"
sort refusals | uniq -c | sort -rn | head -n 20
# An engine that failed may be told of a moment before it has ended, and has the device until then.
while [ "$(cat /sys/module/vexfs/refcnt)" != 0 ]; do usleep 20000; done
rmmod vexfs
fsck.vexfs "$volume"

# An allocation that fails may be told of with a trace of the stack, and Linux warns where it has no
# memory for a module's tracepoints; anything else is a complaint.
dmesg -c | grep -v -e 'Call Trace' -e 'WARNING: .* at kernel/trace/trace_events.c' >said
grep -E "$complaints" said && { cat said; exit 1; }
exit 0
