#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# Random reads, writes, cuts, holes, copies, read-only mappings and syncs of files through the
# module, compared with a model in memory.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
serve
vexfs-fsx --operations 5000 --seed $$ "$mount"
finish
