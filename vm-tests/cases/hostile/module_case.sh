#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# Programs that call the module at random, and an engine that answers at random.
# shellcheck disable=SC1091  # it lies there in the virtual machine
. /cases/module_lib.sh
insmod /lib/vexfs/vexfs.ko
mkdir random
echo "seed $$"
vexfs-hostile engine $$ 60 "$PWD/random"
vexfs-hostile client $$ "${VEXFS_CALLS:-20000}" /dev/vexfs
grep vexfs /proc/slabinfo || true
rmmod vexfs
