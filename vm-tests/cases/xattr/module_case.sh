#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh, through the module.
PATH=/usr/bin:$PATH VEXFS_MODULE=/lib/vexfs/vexfs.ko exec /cases/xattr/run.sh /bin
