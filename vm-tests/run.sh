#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs cases in a virtual machine that boots a Debian kernel, with the module and the programs.
#
#     run.sh [--kernel 6.1|6.12|debug|debug-6.12] [--accel tcg|icount|kvm] [--smp N] [--seconds N]
#            [--kills N] [--calls N] [--poll USECS] [--bin BIN] [CASE...]
#
# A case is a script cases/NAME_case.sh, run by busybox's sh as root in an empty folder. NAME
# selects it, a folder of NAMEs all in it; without one all are run. It passes with status 0 and is
# skipped with 77. It fails too if the kernel complained while it ran, or if it takes longer than N
# seconds (180) of the machine. crash/kill_loop kills the engine N times (5), and hostile calls the
# module N times (20000), with as many answers of an engine. Engines poll for USECS (off), which
# takes two processors to matter: vexfsd(8). BIN is the folder of the programs
# (build/release/bin). Logs lie in build/vm/KERNEL.
#
# debug is a kernel that looks for bugs in itself (image/kernel.sh builds it, once): it has two
# processors and 1200 seconds for a case if nothing else is said.
# The last line is `N passed, N failed`; exit: 0 all passed, 1 not, 2 usage, 77 if the kernel cannot
# be fetched.
set -euEo pipefail
trap 'echo "run.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR

here=$(dirname "$(readlink -f "$0")")
tree=$(cd "$here/.." && pwd)
kernel=6.1 accel=tcg smp='' seconds='' kills=5 calls=20000
poll=off bin=$tree/build/release/bin

usage() {
    sed -n '5,7s/^# *//p' "$0" >&2
    exit 2
}
cases=()
while [ $# -gt 0 ]; do
    case $1 in
    --kernel | --accel | --smp | --seconds | --kills | --calls | --poll | --bin)
        [ $# -ge 2 ] || usage
        declare "${1#--}=$2"
        shift
        ;;
    -*) usage ;;
    *) cases+=("$1") ;;
    esac
    shift
done
case $kernel in # what it looks for is between processors, and takes its time
debug*) : "${smp:=2}" "${seconds:=1200}" ;;
*) : "${smp:=1}" "${seconds:=180}" ;;
esac
[ -x "$bin/vexfsd" ] || { echo "run.sh: no vexfsd in $bin: build it first" >&2; exit 2; }

all_cases() {
    local last=seeded/reports # no report of lockdep comes after its first
    (cd "$here/cases" && find . -name '*_case.sh' | sed 's|^\./||; s|_case\.sh$||' |
        LC_ALL=C sort | grep -v "^$last\$")
    echo "$last"
}
select_cases() { # NAME...
    local name found
    for name; do
        found=$(all_cases | grep -E "^${name%/}(/|\$)") || {
            echo "run.sh: no case is called $name" >&2
            return 1
        }
        echo "$found"
    done
}
if [ ${#cases[@]} -eq 0 ]; then
    mapfile -t chosen < <(all_cases)
else
    chosen_text=$(select_cases "${cases[@]}") || exit 2
    mapfile -t chosen <<<"$chosen_text"
fi

logs=$tree/build/vm/$kernel
mkdir -p "$logs"
rm -f "$logs"/*
files=$("$here/image/kernel.sh" "$kernel") || exit $?
image=$(sed -n 1p <<<"$files")
module=$("$here/image/module.sh" "$kernel")
"$here/image/initramfs.sh" "$logs/initramfs" "$module" "$bin" "$here/cases" \
    "$(dirname "$image")/../lib/modules"

boot() {
    timeout --kill-after=5 $((4 * seconds * ${#chosen[@]} + 300)) \
        "$here/image/machine.sh" "$image" "$logs" "$accel" "$smp" \
        "vexfs.seconds=$seconds vexfs.kills=$kills vexfs.calls=$calls vexfs.poll=$poll \
vexfs.cases=$(IFS=,; echo "${chosen[*]}")" </dev/null
}
ended=0
boot || ended=$?
rm -f "$logs/initramfs"

passed=0 failed=0 skipped=0
verdict() { # NAME
    local status
    status=$(tr -d '\r' <"$logs/cases.log" | sed -n "s|^@@ end $1 ||p")
    case $status in
    0) passed=$((passed + 1)) && echo ok ;;
    77) skipped=$((skipped + 1)) && echo skipped ;;
    99) failed=$((failed + 1)) && echo "FAILED: the kernel complained" ;;
    137) failed=$((failed + 1)) && echo "FAILED: longer than $seconds s" ;;
    "") failed=$((failed + 1)) && echo "FAILED: the machine ended first" ;;
    *) failed=$((failed + 1)) && echo "FAILED: status $status" ;;
    esac
}
for name in "${chosen[@]}"; do
    verdict "$name" >"$logs/verdict"
    printf '%-8s %-32s %s\n' "$kernel" "$name" "$(cat "$logs/verdict")"
    if grep -q '^ok' "$logs/verdict"; then # what it has to tell all the same
        tr -d '\r' <"$logs/cases.log" |
            sed -n "\|^@@ begin $name\$|,\|^@@ end $name |s/^= /    /p"
    else
        tr -d '\r' <"$logs/cases.log" | sed -n "\|^@@ begin $name\$|,\|^@@ end $name |p" |
            tail -n 60 | sed 's/^/    /'
    fi
done
rm -f "$logs/verdict"
if [ "$ended" != 0 ] || ! grep -q '^@@ over' "$logs/cases.log"; then
    echo "the machine did not end by itself (status $ended); the end of its console:"
    tail -n 40 "$logs/console.log" | tr -d '\r' | sed 's/^/    /'
fi
line="$passed passed, $failed failed"
[ "$skipped" = 0 ] || line+=", $skipped skipped"
echo "$line"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
