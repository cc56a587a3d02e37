#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# mem= holds: an engine in a control group that has little more memory imports rows, links and
# searches them, and refuses rows that it has no room for; it is never killed. Nor is one whose mem=
# is more than the group has: its cache gives way.
#
#     run.sh BIN [ROWS [DIM [MIB]]]
#
# BIN is the folder of the programs; ROWS of DIM elements (60000 of 32) are what MIB of mem= (64)
# have room for. Exit: 0 all passed, 1 not, 2 usage, 77 if this machine mounts no FUSE for us or has
# no memory controller.
# shellcheck disable=SC2154,SC2119,SC2317 # of mount_lib.sh; check() calls the functions
set -eu

# shellcheck source=vm-tests/cases/mount_lib.sh
. "$(dirname "$0")/../mount_lib.sh"
begin memory "${1-}"
rows=${2:-60000} dim=${3:-32} mib=${4:-64}
slack_mib=64 # programs, libraries, stacks, what the kernel counts for the engine

make_group() { # with a limit, in whichever version has the controller
    local limit=$(((mib + slack_mib) << 20)) root=/sys/fs/cgroup
    if [ -f $root/memory/memory.limit_in_bytes ]; then
        group=$root/memory/vexfs-$$
        mkdir "$group"
        echo "$limit" >"$group/memory.limit_in_bytes"
    elif grep -qsw memory $root/cgroup.controllers && echo +memory >$root/cgroup.subtree_control
    then
        group=$root/vexfs-$$
        mkdir "$group"
        echo "$limit" >"$group/memory.max"
        [ ! -f "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
    else
        echo "SKIPPED: no memory controller in $root: that mem= holds is not shown here"
        exit 77
    fi
}

leave() {
    ! mountpoint -q "$top" || end
    [ -z "${group-}" ] || rmdir "$group"
    finish
}

serve_in_group() { # MIB of mem=
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        serve --memory "${1}M"
    )
    daemon=$(cat "$scratch/pid")
}

killed() { # how many processes of the group were killed for its memory
    cat "$group/memory.oom_control" "$group/memory.events" 2>/dev/null |
        awk '$1 == "oom_kill" { print $2 }'
}

imported() { "$bin/vexctl" import --wait "$1" "$top/rows"; }

refused_for_memory() { # the import of more rows than there is room for
    ! "$bin/vexctl" import "$1" "$top/rows" 2>"$scratch/refusal" && grep ENOMEM "$scratch/refusal"
}

good_recall() { # of searches of what is there
    "$bin/vexctl" recall "$top/rows" -c 100 --json | tee "$scratch/recall" |
        awk -F'[:,]' '/"recall"/ { good = $2 >= 0.95 } END { exit !good }'
}

within_limit() { # what the engine ever had in memory
    local peak
    peak=$(awk '$1 == "VmHWM:" { print int($2 / 1024) }' "/proc/$daemon/status")
    echo "peak $peak MiB of mem= $mib MiB and $slack_mib MiB" | tee "$scratch/peak"
    [ "$peak" -le $((mib + slack_mib)) ] && [ "$(killed)" = 0 ]
}

read_twice() {
    cmp "$top/big" "$scratch/big" && cmp "$top/big" "$scratch/big"
}

trap leave EXIT
make_group
"$bin/vexfs-bench" ann-data --out "$scratch/fits" --rows "$rows" --dim "$dim" --queries 1 >/dev/null
"$bin/vexfs-bench" ann-data --out "$scratch/more" --rows $((rows * 6)) --dim "$dim" --queries 1 \
    --seed 2 >/dev/null
make_volume $((rows * 7 * dim * 8 / 1000000 + 1024))M
serve_in_group "$mib"
"$bin/vexctl" create "$top/rows" --dim "$dim" >"$scratch/output"
check "$rows rows of $dim are imported and linked" imported "$scratch/fits.base.fbin"
check "they are found" good_recall
check "memory holds: nothing is killed" within_limit
cat "$scratch/peak"
check "six times as many are refused where memory ends" refused_for_memory "$scratch/more.base.fbin"
check "what is there is found all the same" good_recall
check "memory holds still" within_limit
cat "$scratch/peak"

# A cache of all that mem= says would take far more than the group has.
head -c $((4 * mib))M /dev/urandom >"$scratch/big"
cp "$scratch/big" "$top/big"
check "the engine ends when it is unmounted" end
serve_in_group $((8 * mib))
check "with mem= above the group's limit data is read, twice" read_twice
check "memory holds: the cache gives way" within_limit
cat "$scratch/peak"
check "rows are found, too" good_recall
check "the engine ends once more" end
check "the volume is sound" "$bin/fsck.vexfs" "$scratch/volume.img"
exit "$failed"
