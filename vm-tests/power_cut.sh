#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Cuts the power of a machine that writes to a volume on its disk, again and again: kills QEMU,
# checks the image, and looks whether what was synced is there, and nothing half of it.
#
#     power_cut.sh [--kernel 6.1|6.12] [--cuts N] [--bin BIN]
#
# N is 50. Each time the machine boots anew, with the same volume: what former cuts left is there as
# it was. Root and /dev/fuse, to look into the image. Logs lie in build/vm/power-KERNEL. The last
# line is `N cuts, N violations`; exit: 0 none, 1 some, 2 usage, 77 if it cannot be done here.
set -euEo pipefail
trap 'echo "power_cut.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR

here=$(dirname "$(readlink -f "$0")")
tree=$(cd "$here/.." && pwd)
kernel=6.1 cuts=50 bin=$tree/build/release/bin

while [ $# -gt 0 ]; do
    case $1 in
    --kernel | --cuts | --bin)
        [ $# -ge 2 ] || { sed -n '7s/^# *//p' "$0" >&2; exit 2; }
        declare "${1#--}=$2"
        shift 2
        ;;
    *) sed -n '7s/^# *//p' "$0" >&2; exit 2 ;;
    esac
done
if [ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ]; then
    echo "skipped: not root, or no /dev/fuse"
    exit 77
fi
logs=$tree/build/vm/power-$kernel
mkdir -p "$logs/mount"
files=$("$here/image/kernel.sh" "$kernel") || exit $?
image=$(sed -n 1p <<<"$files")
module=$("$here/image/module.sh" "$kernel")
"$here/image/initramfs.sh" "$logs/initramfs" "$module" "$bin" "$here/cases" \
    "$(dirname "$image")/../lib/modules"
volume=$logs/volume.img mount=$logs/mount machine='' violations=0 synced=0
rm -f "$volume" "$logs/sums"
"$bin/mkfs.vexfs" -q --size 1G "$volume"
finish() {
    [ -z "$machine" ] || kill -9 "$machine" 2>/dev/null || true
    ! mountpoint -q "$mount" || umount -l "$mount"
}
trap finish EXIT

violation() { # WHAT
    echo "cut $cut: $*"
    violations=$((violations + 1))
}
acknowledged() { # WRITER: the last number that it said was durable, in a whole line
    tr -d '\r' <"$logs/cases.log" | sed '$d' | sed -n "s/^+ $1 //p" | tail -n 1 | grep . || echo 0
}

# A writer's files are those of one of its numbers, none before the last that it said.
check_files() { # WRITER
    local folder=$mount/cut$cut/$1 said last=0 first slot wanted
    said=$(acknowledged "$1")
    synced=$((synced + said / 3))
    [ "$said" != 0 ] || return 0
    for slot in $(seq 0 15); do
        [ ! -e "$folder/$slot" ] || {
            first=$(head -n 1 "$folder/$slot")
            [ "${first:-0}" -le "$last" ] || last=$first
        }
    done
    [ "$last" -ge "$said" ] || violation "$1 has come as far as $last, and had synced $said"
    for slot in $(seq 0 15); do
        wanted=$((last - (last - slot + 16) % 16))
        if [ "$wanted" -lt 1 ]; then
            [ ! -e "$folder/$slot" ] || violation "$1/$slot is there too early"
        else
            seq "$wanted" $((wanted + 999)) | cmp -s - "$folder/$slot" ||
                violation "$1/$slot is not that of $wanted, at $last"
        fi
    done
}

check_rows() {
    local folder=$mount/cut$cut/rows said number hits
    said=$(acknowledged rows)
    synced=$((synced + said))
    for number in $(seq 1 "$said"); do
        [ "$(cat "$folder/$number")" = "$number" ] || violation "rows/$number is lost"
        hits=$("$bin/vexctl" search "$folder" --vector "$number,1" -k 1 --exact -0 | tr '\0' '\n')
        grep -q "/$number\$" <<<"$hits" || violation "the row of rows/$number is not found: $hits"
    done
}

one_cut() {
    local acks
    rm -f "$logs"/*.log
    "$here/image/machine.sh" "$image" "$logs" tcg 1 \
        "vexfs.seconds=3600 vexfs.cut=$cut vexfs.cases=crash/power_writer" \
        -drive "file=$volume,format=raw,if=virtio" </dev/null &
    machine=$!
    acks=$((1 + RANDOM % 40))
    touch "$logs/cases.log"
    until [ "$(grep -c '^+ ' "$logs/cases.log" || true)" -ge "$acks" ]; do
        if ! kill -0 "$machine" || grep -q '^@@ end' "$logs/cases.log"; then
            tail -n 20 "$logs"/*.log
            return 1
        fi
        sleep 0.1
    done
    sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
    kill -9 "$machine"
    wait "$machine" 2>/dev/null || true
    machine=
    "$bin/fsck.vexfs" -n "$volume" >"$logs/fsck" 2>&1 || violation "$(cat "$logs/fsck")"
    "$bin/vexfsd" --fuse "$mount" --pid-file "$logs/pid" "$volume"
    check_files a
    check_files b
    check_rows
    [ ! -e "$logs/sums" ] || (cd "$mount" && md5sum --quiet -c "$logs/sums") ||
        violation "files of former cuts have changed"
    (cd "$mount" && find . -path '*/rows/*' -type f -o -path './cut*/[ab]/*' -type f |
        LC_ALL=C sort | tail -n 400 | xargs md5sum) >"$logs/sums"
    local daemon
    daemon=$(cat "$logs/pid")
    umount "$mount"
    tail --pid="$daemon" -s 0.02 -f /dev/null
}
for cut in $(seq 1 "$cuts"); do one_cut; done
"$bin/fsck.vexfs" -n "$volume"
echo "$synced syncs were acknowledged"
echo "$cuts cuts, $violations violations"
rm -f "$logs/initramfs" "$volume"
[ "$violations" = 0 ]
