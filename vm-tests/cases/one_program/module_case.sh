#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# One C program that knows open(2), ioctl(2) and the header finds the same files through the module,
# through FUSE and in an image in its own process; through the first two also as a program of i386.
# shellcheck disable=SC1091,SC2034,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
command -v vexfs-search-i386 || { echo "skipped: no compiler for i386 made it"; exit 77; }
serve
mkdir "$mount/found"
vexctl create "$mount/found" --dim 3 >/dev/null
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "$number" >"$mount/found/file $number"
    vexctl put "$mount/found/file $number" --vector "$number,$((number * number)),-1" >/dev/null
done

ask() { # KIND: the answers of both programs
    for program in static i386; do
        "vexfs-search-$program" "$mount/found" 4.5 17 0.25 >"$1-$program"
    done
}
ask module
umount "$mount"
engine_gone
[ -e /dev/fuse ] || insmod /lib/kernel/fuse.ko
vexfsd --fuse "$mount" --pid-file "$PWD/pid" "$volume"
engine=$(cat "$PWD/pid")
ask fuse
umount "$mount"
engine_gone
VEXFS_IMAGE=$volume LD_LIBRARY_PATH=/lib vexfs-search-image /found 4.5 17 0.25 >image
cat image
[ "$(wc -l <image)" = 10 ]
for answer in module-static module-i386 fuse-static fuse-i386; do cmp "$answer" image; done
rmmod vexfs
