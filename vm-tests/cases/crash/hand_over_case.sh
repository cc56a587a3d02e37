#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An engine that is told to hand over leaves the mount to the next one, and nothing is lost or done
# twice under a writer that knows nothing of it.
insmod /lib/vexfs/vexfs.ko
mkdir mount
mkfs.vexfs -q --size 96M volume.img

start() { # [OPTION...]: an engine
    vexfsd --module mount --state-file state --pid-file pid "$@" volume.img
    engine=$(cat pid)
}
gone() { while [ -d "/proc/$engine" ]; do usleep 20000; done; }

start --poll 200
fs=$(sed -n 's/.*"module_fs": *\([0-9]*\).*/\1/p' state)
(
    i=0
    while [ $i -lt 150 ]; do
        i=$((i + 1))
        mkdir "mount/d$i"
        echo $i >"mount/d$i/f"
    done
) &
writer=$!
for made in 20 60 100; do
    until [ -e "mount/d$made" ]; do :; done
    kill -USR1 "$engine"
    gone
    start --recover "$fs"
done
wait $writer
[ "$(find mount -name f | wc -l)" = 150 ]
for i in 1 75 150; do [ "$(cat mount/d$i/f)" = $i ]; done
kill -TERM "$engine"
gone
if grep vexfs /proc/mounts; then exit 1; fi
fsck.vexfs -n volume.img
rmmod vexfs
