#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Everything at once on a mounted volume; README.md says what must hold.
#
#     run.sh BIN [SECONDS [THREADS]]
#
# BIN is the folder of the programs. Exit: 0 all passed, 1 not, 2 usage, 77 if this machine mounts
# no FUSE for us. A sanitizer in the engine writes its reports into a file, which must stay empty.
# shellcheck disable=SC2154,SC2119,SC2317 # of mount_lib.sh; check() calls the function
set -eu

# shellcheck source=vm-tests/cases/mount_lib.sh
. "$(dirname "$0")/../mount_lib.sh"
begin stress "${1-}"
seconds=${2:-20} threads=${3:-8} seed=${VEXFS_SEED:-$$}
export TSAN_OPTIONS="log_path=$scratch/report ${TSAN_OPTIONS-}"
export ASAN_OPTIONS="log_path=$scratch/report ${ASAN_OPTIONS-}"

no_report() {
    local report
    for report in "$scratch"/report*; do
        [ ! -e "$report" ] || { cat "$report"; return 1; }
    done
}

make_volume 2G
serve
mkdir "$top/files" "$top/rows"
"$bin/vexctl" create "$top/rows" --dim 16 >"$scratch/output"
check "nothing goes wrong in $seconds s of $threads threads, seed $seed" \
    timeout -k 10 $((seconds + 120)) \
    "$bin/vexfs-stress" "$top/files" "$top/rows" "$seconds" "$threads" "$seed"
cat "$scratch/output"
check "the engine ends when it is unmounted" timeout -k 10 120 bash -c \
    "umount '$top' && tail --pid=$daemon -f /dev/null"
check "no sanitizer reports anything" no_report
check "the volume is sound" "$bin/fsck.vexfs" "$scratch/volume.img"
exit "$failed"
