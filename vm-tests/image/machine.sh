#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Boots a machine, and is QEMU from then on.
#
#     machine.sh KERNEL FOLDER tcg|icount|kvm CPUS PARAMETERS [QEMU ARGUMENT...]
#
# FOLDER has the `initramfs`, and gets console.log of the kernel and cases.log of the cases.
set -eu

[ $# -ge 5 ] || {
    echo "usage: machine.sh KERNEL FOLDER tcg|icount|kvm CPUS PARAMETERS..." >&2
    exit 2
}
kernel=$1 folder=$2 accel=$3 cpus=$4 parameters=$5
shift 5
if ! command -v qemu-system-x86_64 >/dev/null; then
    echo "machine.sh: no qemu-system-x86_64" >&2
    exit 2
fi

# A machine's clock goes by the instructions it has done, 4 ns each, and skips what it idles: a busy
# host makes no case too long, and no sleep of a case takes time. With icount it does so with more
# CPUs too, which then run by turns; a turn ends with the instruction PAUSE.
clock=()
case $accel-$cpus in tcg-1 | icount-*) accel=tcg clock=(-icount "shift=2,sleep=off") ;; esac

# cmpxchg16b is broken in this emulator: 6.12 dies of it while it boots, now and then.
exec qemu-system-x86_64 -accel "$accel" "${clock[@]}" -cpu max,-cx16 -smp "$cpus" -m 2G \
    -nodefaults -display none -no-reboot -kernel "$kernel" -initrd "$folder/initramfs" \
    -append "console=ttyS0 panic=-1 oops=panic kasan_multi_shot rdinit=/init $parameters" \
    -serial "file:$folder/console.log" -serial "file:$folder/cases.log" "$@"
