#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds a mounted VexFS volume against the application ABI: makes one in an image file, mounts it
# through FUSE, runs vexfs-abi there, mounts it read-only, runs the cases of that, and checks it.
#
#     run.sh BIN
#
# BIN is the folder of the programs. Exit: 0 all passed, 1 not, 2 usage, 77 if this machine mounts
# no FUSE for us.
# shellcheck disable=SC2154 # of mount_lib.sh
set -eu

# shellcheck source=vm-tests/cases/mount_lib.sh
. "$(dirname "$0")/../mount_lib.sh"
begin abi "${1-}"

make_volume 512M
serve
"$bin/vexfs-abi" "$top" || failed=1
end
serve --read-only
"$bin/vexfs-abi" --read-only "$top" || failed=1
end
"$bin/fsck.vexfs" "$scratch/volume.img" || failed=1
exit "$failed"
