#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# Programs that call the module at random, and an engine that answers at random.
# shellcheck disable=SC1091  # it lies there in the virtual machine
. /cases/module_lib.sh
insmod /lib/vexfs/vexfs.ko
mkdir random
echo "seed $$"
calls=${VEXFS_CALLS:-20000}
vexfs-hostile engine $$ $((calls / 333 + 1)) "$PWD/random" # at most 400 answers each time
vexfs-hostile client $$ "$calls" /dev/vexfs
grep vexfs /proc/slabinfo || true
rmmod vexfs
