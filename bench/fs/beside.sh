#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Mounts VexFS, ext4 and a FUSE passthrough of that ext4, each on an image file in the same folder,
# runs `vexfs-bench fs` on them, and takes everything away again. Root only.
#
#     beside.sh BIN_FOLDER [ARGUMENT OF vexfs-bench fs...]
#
# The passthrough is the example passthrough_ll that libfuse3-dev installs; where Debian was told to
# leave documentation out it is missing, and so is the comparison with it.
set -euo pipefail

bin=$(readlink -f "$1")
shift
[ "$(id -u)" = 0 ] || { echo "beside.sh: mounting needs root" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/vexfs-beside-XXXXXX")
cleanup() {
    local place
    for place in passthrough vexfs ext4; do
        mountpoint -q "$work/$place" && umount "$work/$place"
    done
    rm -rf "$work"
}
trap cleanup EXIT

places=vexfs=$work/vexfs,ext4=$work/ext4
mkdir "$work/vexfs" "$work/ext4" "$work/passthrough"

"$bin/mkfs.vexfs" -q --size 4G "$work/vexfs.img"
"$bin/vexfsd" --fuse "$work/vexfs" "$work/vexfs.img"

truncate -s 4G "$work/ext4.img"
mke2fs -q -t ext4 "$work/ext4.img"
mount -o loop "$work/ext4.img" "$work/ext4"

example=/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c
if [ -e "$example" ]; then
    mkdir "$work/ext4/below"
    # shellcheck disable=SC2046  # pkg-config prints several words
    cc -O2 -w -D_FILE_OFFSET_BITS=64 "$example" -o "$work/passthrough_ll" \
        $(pkg-config --cflags --libs fuse3)
    options=cache=always,timeout=3600,allow_other,default_permissions
    "$work/passthrough_ll" -o "source=$work/ext4/below,$options" "$work/passthrough"
    places+=,passthrough=$work/passthrough
else
    echo "beside.sh: $example is missing: no passthrough" >&2
fi
"$bin/vexfs-bench" fs --in "$places" --stats "$work/vexfs/.vexfs/stats.json" \
    --told "./dev bench fs${*:+ $*}" "$@"
