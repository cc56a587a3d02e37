#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds an image that is not mounted against the application ABI: the engine runs in the process of
# each case. Then it is opened for reading only, and checked.
#
#     run_image.sh BIN LIB
#
# BIN is the folder of the programs, LIB that of libvexfs-local.so. Exit: 0 all passed, 1 not, 2
# usage.
set -eu

if [ ! -x "${1-}/vexfs-abi" ] || [ ! -e "${2-}/libvexfs-local.so" ]; then
    echo "usage: run_image.sh BIN LIB" >&2
    exit 2
fi
bin=$1
export LD_LIBRARY_PATH=$2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/vexfs-abi-image-XXXXXX")
trap 'rm -rf --one-file-system "$scratch"' EXIT
image=$scratch/volume.img failed=0

"$bin/mkfs.vexfs" -q --size 512M "$image"
"$bin/vexfs-abi" --image "$image" || failed=1
"$bin/vexfs-abi" --read-only --image "$image" || failed=1
"$bin/fsck.vexfs" "$image" || failed=1
exit "$failed"
