#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Follows the links below `.similar` of a mounted volume, as two users one after the other: each
# sees the nearest of the files that he may read, whatever the kernel has seen of the other.
#
#     run.sh BIN
#
# BIN is the folder of the programs. Exit: 0 all passed, 1 not, 2 usage, 77 if this machine mounts
# no FUSE for us or lacks a tool.
# shellcheck disable=SC2317,SC2154,SC2119 # check() calls functions; the rest is of mount_lib.sh
set -eu

# shellcheck source=vm-tests/cases/mount_lib.sh
. "$(dirname "$0")/../mount_lib.sh"
begin similar "${1-}" setpriv

root() { "$@"; }
user() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
shows() { # WHO FILE LINE...: the links of the file, as that one sees them
    local who=$1 file=$2
    shift 2
    "$who" find "$top/.similar/$file" -type l -printf '%f -> %l\n' | sort >"$scratch/links"
    printf '%s\n' "$@" | diff - "$scratch/links"
}

make_volume 256M
serve
chmod 755 "$top"
"$bin/vexctl" create "$top" --dim 2 >"$scratch/output"
mkdir "$top/below"
for file in 1 2 3 4; do
    echo "file $file" >"$top/$file"
    "$bin/vexctl" put "$top/$file" --vector "$file,0" >"$scratch/output"
done
echo "file 5" >"$top/below/5"
"$bin/vexctl" put "$top/below/5" --vector "5,0" >"$scratch/output"
chmod 600 "$top/2"

for again in once twice; do
    check "root sees all files, $again" shows root 1 \
        "0001 2 -> ../../2" "0002 3 -> ../../3" "0003 4 -> ../../4" "0004 5 -> ../../below/5"
    check "a user sees those that he may read, $again" shows user 1 \
        "0001 3 -> ../../3" "0002 4 -> ../../4" "0003 5 -> ../../below/5"
done
check "a link is followed" grep -q "file 5" "$top/.similar/1/0004 5"
check "who may not read a file sees nothing that is similar" refused user ls "$top/.similar/2"
check "root does" root ls "$top/.similar/2"
check "it is in no listing" refused grep -q similar <(ls -a "$top")
check "a link cannot be removed" refused rm "$top/.similar/1/0001 2"
chmod 644 "$top/2"
check "what was shut is found when it is open" shows user 1 \
    "0001 2 -> ../../2" "0002 3 -> ../../3" "0003 4 -> ../../4" "0004 5 -> ../../below/5"
rm "$top/3"
check "what was removed is not found" shows user 1 \
    "0001 2 -> ../../2" "0002 4 -> ../../4" "0003 5 -> ../../below/5"

end
check "the volume is sound" "$bin/fsck.vexfs" "$scratch/volume.img"
exit "$failed"
