#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Proves that the tests of the store would see it break: applies each patch of this folder, one at a
# time, to a copy of the tree, builds the simulator and the tests, and runs them. A mutant is killed
# if one of them fails.
#
#     run.sh [--only N] [--seed S] [--name "NAME..."] [--jobs J] [--dry-run]
#
# --only N takes N mutants, chosen by the seed. --dry-run only looks whether every patch applies.
# What was found out about this very tree is kept in build/mutants/results, so that a run that was
# interrupted goes on.
# Exit: 0 all killed, 1 one survived, 2 usage, or a patch that does not apply or build.
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$root/build/mutants
parts=(base userlib/device userlib/pool userlib/store userlib/testing/sim userlib/testing/memory)
tests=(vexfs_userlib_store_test vexfs_userlib_testing_memory_test vexfs_userlib_testing_sim_test)
seed=1
only=0
name=
jobs=$(nproc)
dry=0

usage() {
    echo "usage: run.sh [--only N] [--seed S] [--name NAME] [--jobs J] [--dry-run]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    [ "$1" = --dry-run ] && { dry=1; shift; continue; }
    [ $# -gt 1 ] || usage
    case $1 in
    --seed) seed=$2 ;;
    --only) only=$2 ;;
    --name) name=$2 ;;
    --jobs) jobs=$2 ;;
    *) usage ;;
    esac
    shift 2
done

choose() { # the names of the mutants of this run
    local all
    all=$(find "$here" -name "*.patch" -printf "%f\n" | LC_ALL=C sort | sed "s/\.patch$//")
    if [ -n "$name" ]; then
        tr -s ' ' '\n' <<<"$name"
    elif [ "$only" -gt 0 ]; then
        awk -v seed="$seed" 'BEGIN { srand(seed) } { print rand(), $0 }' <<<"$all" |
            LC_ALL=C sort | head -n "$only" | cut -d ' ' -f 2
    else
        echo "$all"
    fi
}

all_apply() {
    local mutant bad=0
    for mutant in $mutants; do
        patch -s -f -p1 --dry-run -d "$root" <"$here/$mutant.patch" >/dev/null || {
            echo "$mutant: the patch does not apply" >&2
            bad=1
        }
    done
    return "$bad"
}

# Makes a copy of what the store needs. A file that is the same keeps its time, any other gets the
# time of now, so that exactly what differs from the last run is built.
prepare() { # DIRECTORY
    local file
    rm -rf "$1/fresh"
    mkdir -p "$1/fresh" "$1/src"
    (cd "$root" && tar -c CMakeLists.txt userlib/testing/tidy/arrows.txt "${parts[@]}") |
        tar -x -m -C "$1/fresh" || return 1
    sed -i -E "/^(${parts_regex}):|^#|^\$/!d" "$1/fresh/userlib/testing/tidy/arrows.txt"
    while read -r file; do
        cmp -s "$1/src/$file" "$1/fresh/$file" && cp -p "$1/src/$file" "$1/fresh/$file"
    done < <(cd "$1/fresh" && find . -type f)
    rm -rf "$1/src"
    mv "$1/fresh" "$1/src"
    [ -f "$1/build/build.ninja" ] || cmake -S "$1/src" -B "$1/build" -G Ninja \
        -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS=-w >"$1/configure.log" 2>&1
}

build() { # DIRECTORY
    ninja -C "$1/build" vexfs-sim "${tests[@]}" >"$1/build.log" 2>&1
}

# Whether the tree there passes all tests but those that pin bytes: any change fails those.
survives() { # DIRECTORY
    local binaries=$1/build/tests
    {
        timeout 120 "$binaries/${tests[0]}" -tce="golden: the same*" &&
            timeout 240 "$1/build/bin/vexfs-sim" --until-violation --states 30000 &&
            timeout 240 "$binaries/${tests[1]}" &&
            timeout 240 "$binaries/${tests[2]}" -tce="workload: the images*,lmdb*"
    } >"$1/run.log" 2>&1
}

known() { # MUTANT: what is known of it in this tree
    grep -F "$tree $1: " "$work/results" | head -n 1 | cut -d ' ' -f 2-
}

try() { # DIRECTORY MUTANT
    local verdict
    if [ "$2" = none ]; then
        build "$1" && survives "$1" && verdict="passes" || verdict="FAILS, see $1"
    else
        patch -s -p1 -d "$1/src" <"$here/$2.patch"
        if ! build "$1"; then
            verdict="DOES NOT BUILD"
        elif survives "$1"; then
            verdict="SURVIVED"
        else
            verdict="killed: $(grep -haE 'TEST CASE:|^seed .*:|assertion failed' "$1/run.log" |
                head -n 1)"
        fi
        patch -s -R -p1 -d "$1/src" <"$here/$2.patch"
    fi
    find "$1/src" -name "*.orig" -delete
    echo "$tree $2: $verdict" >>"$work/results"
    echo "$2: $verdict"
}

worker() { # NUMBER: every jobs-th of the mutants that nothing is known about
    local directory=$work/$1 number=0 mutant
    prepare "$directory" || exit 2
    for mutant in $unknown; do
        [ $((number++ % jobs)) -ne "$1" ] || try "$directory" "$mutant"
    done
}

mutants=$(choose)
all_apply || exit 2
[ "$dry" = 0 ] || exit 0
[ "$only" = 0 ] || echo "seed $seed"
command -v ccache >/dev/null &&
    export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"
parts_regex=$(IFS='|'; echo "${parts[*]}|userlib/pool/[a-z]*" | sed 's,/,\\/,g')
mkdir -p "$work"
touch "$work/results"
tree=$(cd "$root" && find CMakeLists.txt "${parts[@]}" "$here" -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | cut -c 1-16)

if [ -z "$(known none)" ]; then
    prepare "$work/0" || exit 2
    try "$work/0" none
fi
[[ "$(known none)" = *passes ]] || {
    echo "the tree fails without any mutant" >&2
    exit 2
}
unknown=
for mutant in $mutants; do
    if [ -n "$(known "$mutant")" ]; then known "$mutant"; else unknown+="$mutant "; fi
done
for ((i = 0; i < jobs; i++)); do worker "$i" & done
wait

killed=0
all=0
broken=0
for mutant in $mutants; do
    all=$((all + 1))
    case $(known "$mutant") in
    *": killed"*) killed=$((killed + 1)) ;;
    *SURVIVED) ;;
    *) broken=1 ;;
    esac
done
echo "killed $killed of $all"
[ "$broken" = 0 ] || exit 2
[ "$killed" -eq "$all" ]
