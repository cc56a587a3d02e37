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
# shellcheck disable=SC2317 # check() and the trap call what looks as if nobody did
set -eu

if [ $# != 1 ] || [ ! -x "$1/vexfsd" ]; then
    echo "usage: run.sh BIN" >&2
    exit 2
fi
bin=$(cd "$1" && pwd)
if [ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ]; then
    echo "skipped: not root, or no /dev/fuse"
    exit 77
fi
command -v setpriv >/dev/null || {
    echo "skipped: setpriv is missing"
    exit 77
}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/vexfs-similar-XXXXXX")
chmod 755 "$scratch"
top=$scratch/mount
finish() {
    ! mountpoint -q "$top" || umount -l "$top"
    rm -rf --one-file-system "$scratch"
}
trap finish EXIT
mkdir "$top"
failed=0

check() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    if "$@" >"$scratch/output" 2>&1; then
        echo "ok    $sentence"
    else
        echo "FAIL  $sentence"
        sed 's/^/      /' "$scratch/output"
        failed=1
    fi
}
refused() { ! "$@"; }
root() { "$@"; }
user() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
shows() { # WHO FILE LINE...: the links of the file, as that one sees them
    local who=$1 file=$2
    shift 2
    "$who" find "$top/.similar/$file" -type l -printf '%f -> %l\n' | sort >"$scratch/links"
    printf '%s\n' "$@" | diff - "$scratch/links"
}

"$bin/mkfs.vexfs" -q --size 256M "$scratch/volume.img"
"$bin/vexfsd" --fuse "$top" --pid-file "$scratch/pid" "$scratch/volume.img"
daemon=$(cat "$scratch/pid")
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

umount "$top"
tail --pid="$daemon" -f /dev/null
check "the volume is sound" "$bin/fsck.vexfs" "$scratch/volume.img"
exit "$failed"
