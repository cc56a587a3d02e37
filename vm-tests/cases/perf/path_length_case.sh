#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# How many instructions an ioctl of 256 bytes takes, there and back. Through the module they may not
# grow by more than 5 %, measured by those through raw FUSE, beside baseline-KERNEL.json. With one
# processor the module's server sleeps, with two (and --accel icount) it polls.
# shellcheck disable=SC1091,SC2154  # it lies there in the virtual machine
. /cases/kernel_lib.sh
. /cases/module_lib.sh
if is_debug_kernel; then echo "skipped: this kernel is not as others are"; exit 77; fi
insmod /lib/vexfs/vexfs.ko
[ -e /dev/fuse ] || insmod /lib/kernel/fuse.ko
mkdir "$mount"
vexfs-perf "$mount" now.json || exit $?
cat now.json
baseline=/cases/perf/baseline-$(uname -r | sed 's/\([0-9]*\.[0-9]*\).*/\1/').json

value() { # FILE NAME
    sed -n "s/.*\"$2\": *\([0-9]*\).*/\1/p" "$1"
}
raw=$(value now.json fuse_raw) libfuse=$(value now.json libfuse)
was_raw=$(value "$baseline" fuse_raw) failed=0
for way in module_ioctl module_uring module_polled; do
    now=$(value now.json $way) was=$(value "$baseline" $way)
    # Some are of the machine with one processor, some of that with two.
    if [ -z "$now" ] || [ -z "$was" ]; then continue; fi
    echo "= $way: raw FUSE is $((raw * 100 / now)) % of it, libfuse $((libfuse * 100 / now)) %;" \
        "beside raw FUSE it is $((now * was_raw * 1000 / (was * raw))) per mille of the baseline"
    if [ $((now * was_raw * 100)) -gt $((was * raw * 105)) ]; then
        echo "$way has grown: $was beside $was_raw of raw FUSE, and now $now beside $raw"
        failed=1
    fi
done
rmmod vexfs
exit $failed
