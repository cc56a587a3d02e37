#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Copies files with rows between two collections of a mounted volume as people do, with cp, tar,
# rsync and mv, and looks whether their vectors, tags and ranges came along and are found there.
#
#     run.sh BIN
#
# BIN is the folder of the programs. Exit: 0 all passed, 1 not, 2 usage, 77 if this machine mounts
# no FUSE for us or lacks one of the tools.
# shellcheck disable=SC2317,SC2154,SC2119 # check() calls functions; the rest is of mount_lib.sh
set -eu

# shellcheck source=vm-tests/cases/mount_lib.sh
. "$(dirname "$0")/../mount_lib.sh"
begin xattr "${1-}" tar rsync getfattr setfattr

rows() { # FILE: its rows as attributes, as far as it has them
    getfattr --absolute-names --only-values -n user.vexfs.vector "$1" 2>/dev/null | od -An -v -tx1
    getfattr --absolute-names --only-values -n user.vexfs.rows "$1" 2>/dev/null | od -An -v -tx1
}
same() { # FILE FILE: data and rows
    cmp "$1" "$2" && [ "$(rows "$1")" = "$(rows "$2")" ]
}
# What is asked for is the second row of `carrying`, as it was put.
found() { # DIRECTORY
    "$bin/vexctl" search "$1" --vector '0,3,0,0' --exact --radius 0.5 \
        --filter 'name carrying and tag = 8 and row = 1 and not stale' | tee /dev/stderr |
        grep -q carrying
}
named() { # FILE ATTRIBUTE: it is listed
    getfattr --absolute-names -d -m '^user\.vexfs\.' "$1" 2>/dev/null | grep -q "^$2=" ||
        getfattr --absolute-names -d -m '^user\.vexfs\.' "$1" 2>&1 | grep -q "$2: Argument list too"
}

make_volume 256M
serve
for collection in from cp tar rsync via mv; do
    mkdir "$top/$collection"
    "$bin/vexctl" create "$top/$collection" --dim 4 >"$scratch/output"
done
mkdir "$top/plain" "$top/wide"
"$bin/vexctl" create "$top/wide" --dim 8192 >"$scratch/output"

seq 1000 >"$top/from/carrying"
"$bin/vexctl" put "$top/from/carrying" --vector '1,2,0,0' --tag 7 >"$scratch/output"
"$bin/vexctl" put "$top/from/carrying" --vector '0,3,0,0' --tag 8 --range 10+90 >"$scratch/output"
echo plain >"$top/from/tagless"
setfattr -n user.vexfs.vector -v 0x000080bf000000000000000000000000 "$top/from/tagless"
setfattr -n user.lang -v en "$top/from/tagless"
echo bare >"$top/from/bare"

check "cp -a carries rows" cp -a "$top/from/." "$top/cp"
tar -C "$top/from" --xattrs --xattrs-include='user.*' -cf "$scratch/from.tar" .
check "tar --xattrs carries rows" \
    tar -C "$top/tar" --xattrs --xattrs-include='user.*' -xf "$scratch/from.tar"
check "rsync -X carries rows" rsync -aX "$top/from/" "$top/rsync"
check "cp -a carries rows to where there is no collection" cp -a "$top/from/." "$top/plain"
check "and from there into one" cp -a "$top/plain/." "$top/via"
check "mv carries rows from one collection into another" \
    mv "$top/via/carrying" "$top/via/tagless" "$top/via/bare" "$top/mv"
check "and leaves none behind" rmdir "$top/via"

end
serve
for collection in cp tar rsync mv; do
    for file in carrying tagless bare; do
        check "$collection: $file is the same" same "$top/from/$file" "$top/$collection/$file"
    done
    check "$collection: the rows are found, and are not stale" found "$top/$collection"
    check "$collection: rows without tags stay so" \
        refused getfattr -n user.vexfs.rows "$top/$collection/tagless"
    check "$collection: other attributes come along" \
        getfattr -n user.lang "$top/$collection/tagless"
    check "$collection: a file without rows has none" \
        refused getfattr -n user.vexfs.vector "$top/$collection/bare"
done
check "rsync -X changes nothing the second time" \
    [ -z "$(rsync -aXi "$top/from/" "$top/rsync")" ]

# A row of 32 KiB: two fit, three do not.
ones=$(yes 1 | head -n 8192 | paste -s -d,)
echo large >"$top/wide/large"
check "a vector of 32 KiB can be set" \
    setfattr -n user.vexfs.vector -v "0x$(yes 0000803f | head -n 8192 | tr -d '\n')" \
    "$top/wide/large"
check "a second row goes with it" "$bin/vexctl" put "$top/wide/large" --vector "$ones"
check "rows of 64 KiB are copied" cp --preserve=xattr "$top/wide/large" "$top/wide/copy"
check "and are the same" same "$top/wide/large" "$top/wide/copy"
check "a third row is taken" "$bin/vexctl" put "$top/wide/large" --vector "$ones"
check "rows beyond 64 KiB are named but cannot be read" named "$top/wide/large" user.vexfs.vector
check "a copy that shall have attributes fails" \
    refused cp --preserve=xattr "$top/wide/large" "$top/plain/large"
check "removing the attribute drops the rows" \
    setfattr -x user.vexfs.vector "$top/wide/large"
check "and then it is there no more" refused getfattr -n user.vexfs.vector "$top/wide/large"

end
check "the volume is sound" "$bin/fsck.vexfs" "$scratch/volume.img"
exit "$failed"
