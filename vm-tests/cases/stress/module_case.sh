#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh, through the module, with four threads.
PATH=/usr/bin:$PATH VEXFS_MODULE=/lib/vexfs/vexfs.ko exec /cases/stress/run.sh /bin 15 4
