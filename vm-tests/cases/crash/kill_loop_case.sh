#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# The engine is killed under writers of files and rows, again and again, and the next one takes the
# mount over: nothing hangs, what was synced is there, and nothing is done twice.
insmod /lib/vexfs/vexfs.ko
vexfs-kill-loop --module --rounds "${VEXFS_KILLS:-5}" --steps 600 --seed $$ /bin | tee said
sed -n 's/^/= /p' said
grep -q '^kills' said
rmmod vexfs
