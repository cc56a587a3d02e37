#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# Writes to the volume on the machine's disk until its power is cut, and says what is synced:
# vm-tests/power_cut.sh holds the image against it.
#
# Three writers in a folder of this cut: two that replace files in turn, each by a new one, and one
# that makes files with rows. "+ WRITER NUMBER" follows when that number is durable.
for driver in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci \
    virtio_blk; do
    if [ -e "/lib/kernel/$driver.ko" ]; then insmod "/lib/kernel/$driver.ko"; fi
done
insmod /lib/vexfs/vexfs.ko
mkdir mount
vexfsd --module "$PWD/mount" /dev/vda
cd mount
here=cut$VEXFS_CUT
mkdir "$here" "$here/a" "$here/b" "$here/rows"
vexctl create "$here/rows" --dim 2 >/dev/null

replace() { # WRITER
    number=0
    while :; do
        number=$((number + 1))
        seq "$number" $((number + 999)) >"$here/$1/new"
        mv "$here/$1/new" "$here/$1/$((number % 16))"
        if [ $((number % 3)) = 0 ]; then
            sync "$here/$1"
            echo "+ $1 $number"
        fi
    done
}
replace a &
replace b &
number=0
while :; do
    number=$((number + 1))
    echo "$number" >"$here/rows/$number"
    vexctl put "$here/rows/$number" --vector "$number,1" >/dev/null
    echo "+ rows $number"
done
