#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Proves that the tests of the store, of the names and of rows would see them break: applies each
# patch of this folder, one at a time, to a copy of the tree, builds the simulators and the tests,
# and runs them. A mutant is killed if one of them fails, and the verdict says which test, and how.
# There are two kinds, each with parts of the tree and tests of its own: `store`, with the names,
# and `rows`, whose patches change the collections or the engine.
#
# A test that runs into its time limit proves something only where the tree itself is far from it:
# such a mutant is killed if the tree without any took less than a quarter of that limit in this
# run. If it took longer there is no verdict, which is not a kill.
#
#     run.sh [--only N] [--seed S] [--name "NAME..."] [--jobs J] [--dry-run]
#
# --only N takes N mutants, chosen by the seed. --dry-run only looks whether every patch applies.
# What was found out about this very tree is kept in build/mutants/results, so that a run that was
# interrupted goes on.
# Exit: 0 all killed, 1 one survived or has no verdict, 2 usage, or a patch that does not apply or
# build.
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$root/build/mutants
declare -A limit_s=([store]=120 [trees]=240 [names]=240 [sweep]=240 [memory]=240 [sim]=240
    [rows]=240)
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

# What is copied, what is built, and the steps in the order in which they run: most mutants fall to
# the first one or two.
take_kind() { # store | rows
    kind=$1
    # What the sweeps count is written as the benchmarks write theirs.
    parts=(base bench/counts bench/machine bench/ratio bench/result userlib/device userlib/pool
        userlib/store userlib/names userlib/testing/volume userlib/testing/tree userlib/testing/sim)
    if [ "$kind" = store ]; then
        parts+=(userlib/testing/memory)
        targets=(vexfs-sim vexfs_userlib_store_test vexfs_userlib_names_test
            vexfs_userlib_testing_memory_test vexfs_userlib_testing_sim_test)
        steps=(store trees names sweep memory sim)
    else
        parts+=(ioctl index userlib/collection userlib/engine userlib/testing/row_sim)
        targets=(vexfs-row-sim)
        steps=(rows)
    fi
    parts_regex=$(IFS='|'
        echo "${parts[*]}|(userlib/pool|index|userlib/engine)/[a-z]*" | sed 's,/,\\/,g')
}

kind_of() { # MUTANT
    if grep -qE '^\+\+\+ b/userlib/(collection|engine)/' "$here/$1.patch"; then
        echo rows
    else
        echo store
    fi
}

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
    ninja -C "$1/build" "${targets[@]}" >"$1/build.log" 2>&1
}

# All tests of a step but those that pin bytes: any change fails those.
run_step() { # DIRECTORY STEP
    local binaries=$1/build/tests limit=${limit_s[$2]}
    case $2 in
    store) set -- "$binaries/vexfs_userlib_store_test" -tce="golden: the same*" ;;
    sweep) set -- "$1/build/bin/vexfs-sim" --until-violation --states 30000 ;;
    trees) set -- "$1/build/bin/vexfs-sim" --names --percent 5 --threads 1 ;;
    names) set -- "$binaries/vexfs_userlib_names_test" ;;
    memory) set -- "$binaries/vexfs_userlib_testing_memory_test" ;;
    sim) set -- "$binaries/vexfs_userlib_testing_sim_test" -tce="workload: the images*,lmdb*" ;;
    rows) set -- "$1/build/bin/vexfs-row-sim" --until-violation --threads 1 --states 4000 ;;
    esac
    timeout --kill-after=5 "$limit" "$@"
}

# Runs the steps until one fails, which it names with its exit status, or `passes`; and keeps for
# each step the seconds that it took.
examine() { # DIRECTORY
    local step status start
    : >"$1/seconds"
    for step in "${steps[@]}"; do
        start=$SECONDS
        run_step "$1" "$step" >"$1/run.log" 2>&1
        status=$?
        echo "$step $((SECONDS - start))" >>"$1/seconds"
        [ "$status" = 0 ] || { echo "$step $status"; return; }
    done
    echo passes
}

known() { # MUTANT: what is known of it in this tree
    grep -F "$tree $1: " "$work/results" | grep -v ": no verdict" | head -n 1 | cut -d ' ' -f 2-
}

# How a failure of a step showed: by the test that it was in, or what the program said last, and by
# its exit status.
reason() { # DIRECTORY STEP STATUS
    local line
    line=$(grep -ham1 'TEST CASE:' "$1/run.log" ||
        grep -ham1 -E '^(seed|workload) .*:|assertion failed' "$1/run.log")
    line=$(tr -s ' ' <<<"$line")
    if [ "$3" -gt 128 ]; then
        echo "$2 ended by SIG$(kill -l "$(($3 - 128))")${line:+, $line}"
    else
        echo "$2 failed with exit status $3${line:+, $line}"
    fi
}

verdict_of() { # DIRECTORY, and what examine said
    local limit took
    [ "$2" != passes ] || { echo SURVIVED; return; }
    if [ "$3" != 124 ] && [ "$3" != 137 ]; then
        echo "killed: $(reason "$1" "$2" "$3")"
        return
    fi
    limit=${limit_s[$2]}
    took=$(awk -v step="$2" '$1 == step { print $2 }' "$work/none.$kind.seconds")
    if [ $((took * 4)) -lt "$limit" ]; then
        echo "killed: $2 did not end within $limit s, for which the tree itself takes $took s"
    else
        echo "no verdict: $2 ran into its limit of $limit s, and the tree itself took $took s"
    fi
}

try() { # DIRECTORY MUTANT
    local verdict
    patch -s -p1 -d "$1/src" <"$here/$2.patch"
    if build "$1"; then
        # shellcheck disable=SC2046 # a step and its status are two words
        verdict=$(verdict_of "$1" $(examine "$1"))
    else
        verdict="DOES NOT BUILD, see $1/build.log"
    fi
    patch -s -R -p1 -d "$1/src" <"$here/$2.patch"
    find "$1/src" -name "*.orig" -delete
    echo "$tree $2: $verdict" >>"$work/results"
    echo "$2: $verdict"
}

# The tree without any mutant has to pass, and its times are what a hanging mutant is judged by.
try_none() {
    local outcome="DOES NOT BUILD, see $work/${kind}0/build.log"
    prepare "$work/${kind}0" || exit 2
    ! build "$work/${kind}0" || outcome=$(examine "$work/${kind}0")
    [ "$outcome" = passes ] || {
        echo "the tree fails without any mutant: $outcome" >&2
        exit 2
    }
    cp "$work/${kind}0/seconds" "$work/none.$kind.seconds"
    echo "none: passes; seconds of its steps: $(paste -sd ' ' "$work/none.$kind.seconds")"
}

worker() { # NUMBER MUTANT...: every jobs-th of them
    local number=0 mutant me=$1 directory=$work/$kind$1
    shift
    prepare "$directory" || exit 2
    for mutant; do
        [ $((number++ % jobs)) -ne "$me" ] || try "$directory" "$mutant"
    done
}

mutants=$(choose)
all_apply || exit 2
[ "$dry" = 0 ] || exit 0
[ "$only" = 0 ] || echo "seed $seed"
command -v ccache >/dev/null &&
    export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"
mkdir -p "$work"
touch "$work/results"
tree=$(cd "$root" && find CMakeLists.txt base ioctl index userlib -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-16)

for of in store rows; do
    unknown=()
    for mutant in $mutants; do
        [ "$(kind_of "$mutant")" = "$of" ] || continue
        if [ -n "$(known "$mutant")" ]; then known "$mutant"; else unknown+=("$mutant"); fi
    done
    [ ${#unknown[@]} -gt 0 ] || continue
    take_kind "$of"
    try_none
    for ((i = 0; i < jobs; i++)); do worker "$i" "${unknown[@]}" & done
    wait
done

killed=0
all=0
broken=0
for mutant in $mutants; do
    all=$((all + 1))
    case $(known "$mutant") in
    *": killed: "?*) killed=$((killed + 1)) ;;
    *SURVIVED | "") ;;
    *) broken=1 ;;
    esac
done
echo "killed $killed of $all"
[ "$broken" = 0 ] || exit 2
[ "$killed" -eq "$all" ]
