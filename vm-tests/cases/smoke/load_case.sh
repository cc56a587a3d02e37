#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# The module is loaded and unloaded, and leaves nothing.
# shellcheck disable=SC1091  # it lies there in the virtual machine
. /cases/module_lib.sh
insmod /lib/vexfs/vexfs.ko
[ -c /dev/vexfs ]
[ "$(stat -c %a /dev/vexfs)" = 600 ]
grep -w vexfs /proc/filesystems
refused mount -i -t vexfs none /mnt
refused mount -i -t vexfs -o fd=0 none /mnt
rmmod vexfs
refused [ -e /dev/vexfs ]
for _ in 1 2 3 4 5; do
    insmod /lib/vexfs/vexfs.ko
    rmmod vexfs
done
