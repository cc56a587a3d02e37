#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Proves that the tests of the store would see it break: applies each patch of this folder, one at a
# time, to a copy of the tree, builds the simulator and the tests, and runs them. A mutant is killed
# if one of them fails.
#
#     run.sh [--seed S] [--only N] [--name "NAME..."]
#
# --only N takes N mutants, chosen by the seed.
# Exit: 0 all killed, 1 one survived, 2 usage or a broken patch.
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$root/build/mutants
command -v ccache >/dev/null && export CMAKE_CXX_COMPILER_LAUNCHER=ccache
seed=1
only=0
name=
while [ $# -gt 1 ]; do
    case $1 in
    --seed) seed=$2 ;;
    --only) only=$2 ;;
    --name) name=$2 ;;
    *) break ;;
    esac
    shift 2
done
if [ $# -ne 0 ]; then
    echo "usage: run.sh [--seed S] [--only N] [--name NAME]" >&2
    exit 2
fi

build() {
    ninja -C "$work/build" vexfs-sim vexfs_userlib_testing_sim_test vexfs_userlib_store_test \
        >"$work/build.log" 2>&1
}

# Whether the mutant in the tree passes all but the tests that pin bytes: any change fails those.
survives() {
    timeout 240 "$work/build/bin/vexfs-sim" --until-violation --seed "$seed" --states 30000 \
        >"$work/run.log" 2>&1 &&
        timeout 120 "$work/build/tests/vexfs_userlib_store_test" -tce="golden: the same*" \
            >"$work/run.log" 2>&1 &&
        timeout 240 "$work/build/tests/vexfs_userlib_testing_sim_test" \
            -tce="workload: the images*,lmdb*" >"$work/run.log" 2>&1
}

rm -rf "$work/src"
mkdir -p "$work/src"
(cd "$root" && git ls-files -z base userlib CMakeLists.txt | tar -c --null -T -) |
    tar -x -m -C "$work/src" || exit 2
# Only what the store needs is configured: the table's other lines go.
sed -i -E '/^(base|userlib\/(device|pool\/codec|pool\/cache|pool|store|testing\/sim)):|^#|^$/!d' \
    "$work/src/userlib/testing/tidy/arrows.txt"
cmake -S "$work/src" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    >"$work/configure.log" 2>&1 ||
    { cat "$work/configure.log"; exit 2; }
if ! build || ! survives; then
    echo "the tree fails without any mutant: see $work" >&2
    exit 2
fi

mutants=$(find "$here" -name "*.patch" -printf "%f\n" | LC_ALL=C sort | sed "s/\.patch$//")
[ "$only" -gt 0 ] &&
    mutants=$(echo "$mutants" |
        shuf --random-source=<(yes "$seed") | head -n "$only")
[ -n "$name" ] && mutants=$name

killed=0
all=0
for mutant in $mutants; do
    all=$((all + 1))
    patch -s -p1 -d "$work/src" <"$here/$mutant.patch" || exit 2
    if ! build; then
        echo "$mutant: does not build" >&2
        tail -20 "$work/build.log" >&2
        exit 2
    fi
    if survives; then
        echo "$mutant: SURVIVED"
    else
        killed=$((killed + 1))
        echo "$mutant: killed: $(grep -hE 'TEST CASE|^seed|assertion' "$work/run.log" | head -n 1)"
    fi
    patch -s -R -p1 -d "$work/src" <"$here/$mutant.patch" || exit 2
done
echo "killed $killed of $all"
[ "$killed" -eq "$all" ]
