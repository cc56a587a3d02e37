#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# abi_test.sh CASE CC: what can be tested of the two headers only from outside a compiler. Exit
# status 77: skipped, for the reason printed. Each case works in a temporary folder and leaves
# nothing behind.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
headers="$here/vexfs_ioctl.h $here/vexfs_queue.h"
cd "$work"

skip() {
    echo "SKIPPED: $1"
    exit 77
}

fail() {
    echo "FAILED: $1"
    exit 1
}

# The table as a program compiled with the given flags prints it, against the one in the tree.
layout() {
    # shellcheck disable=SC2086
    awk -f "$here/layout.awk" $headers >layout.c
    "$cc" -std=c11 -Wall -Wextra -Werror -I"$here" "$@" layout.c -o layout
    ./layout >printed.txt
    diff -u "$here/layout.txt" printed.txt || fail "the headers are not what layout.txt says"
}

# The 32-bit compiler finds asm/ where the 64-bit one has it: the package that links it into
# /usr/include conflicts with cross compilers.
layout_m32() {
    asm=/usr/include/$("$cc" -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
    printf '#include <stdio.h>\nint main(void) { return puts("32") < 0; }\n' >probe.c
    if ! "$cc" -m32 probe.c -o probe 2>probe.log || ! ./probe >/dev/null; then
        skip "$cc -m32 makes no program that runs: install gcc-12-multilib ($(head -1 probe.log))"
    fi
    layout -m32 -idirafter "$asm"
}

only_kernel_includes() {
    for header in $headers; do
        grep '^ *# *include' "$header" >included || true
        printf '#include <linux/ioctl.h>\n#include <linux/types.h>\n' | diff - included ||
            fail "$header includes more than linux/ioctl.h and linux/types.h"
    done
}

# The message of a failed compilation must be the one expected, so that no other error passes.
refused() {
    expected=$1
    shift
    if "$cc" -fsyntax-only "$@" 2>errors; then
        fail "compiled, but should be refused: $expected"
    fi
    grep -q "$expected" errors || { cat errors; fail "refused for another reason"; }
}

big_endian() {
    for header in $headers; do
        refused "little-endian only" -Wno-builtin-macro-redefined \
            -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__ -include "$header" -x c /dev/null
    done
}

# The asserts of abi_asserts.h see an implicit hole, a moved field and a changed number.
change_is_seen() {
    mkdir ioctl
    cp "$here"/*.h "$here"/layout.txt "$here"/abi_test.c ioctl
    sed -i 's/^    __u16 zero;    .*$/    __u8 zero;/' ioctl/vexfs_ioctl.h
    refused "padding struct" -std=c11 -I. ioctl/abi_test.c
    cp "$here/vexfs_ioctl.h" ioctl
    sed -i 's/^    __u32 room; .*$//; s/^    __u16 op; .*$/    __u32 room; __u16 op;/' \
        ioctl/vexfs_ioctl.h
    "$cc" -fsyntax-only -std=c11 -I. ioctl/abi_test.c || fail "an equal layout was refused"
    sed -i 's/__u32 room; __u16 op;/__u16 op; __u16 hole; __u32 room;/' ioctl/vexfs_ioctl.h
    refused "vexfs_msg.room" -std=c11 -I. ioctl/abi_test.c
    cp "$here/vexfs_ioctl.h" ioctl
    sed -i 's/VEXFS_OP_PUT 0x81/VEXFS_OP_PUT 0x82/' ioctl/vexfs_ioctl.h
    refused "VEXFS_OP_PUT" -std=c11 -I. ioctl/abi_test.c
}

# A struct line that the program's maker cannot read must stop it: a skipped field is unguarded.
unread_line_is_seen() {
    printf 'struct vexfs_x {\n    __u32 a, b;\n};\n' >bad.h
    if awk -f "$here/layout.awk" bad.h >layout.c 2>errors; then
        fail "two fields on a line were accepted"
    fi
    grep -q 'bad.h:2: not a field' errors || fail "the message does not name the line"
}

# README.md explains exactly the codes of base/error.h, and both headers name no other.
error_table() {
    grep -oE '^\| E[A-Z0-9]+ \|' "$here/README.md" | tr -d '| ' | sort >readme
    grep -oE 'X\(E[A-Z0-9]+' "$here/../base/error.h" | sed 's/X(//' | sort >base
    [ -s readme ] || fail "README.md has no table of errors"
    diff readme base || fail "README.md (<) and base/error.h (>) have different codes"
    printf '#include <errno.h>\n' | "$cc" -E -dM - | sed -n 's/^#define \(E[A-Z0-9]*\) .*/\1/p' |
        sort >errnos
    # shellcheck disable=SC2086
    grep -ohwE 'E[A-Z0-9]+' $headers | sort -u | comm -12 - errnos | comm -23 - readme >unknown
    [ ! -s unknown ] || fail "the headers name codes that README.md lacks: $(cat unknown)"
}

# The example in the header's head comment, as it stands there.
example() {
    sed -n '/^ \* begin example/,/^ \* end example/p' "$here/vexfs_ioctl.h" |
        sed '1d;$d;s/^ \* \{0,1\}//' >example.c
    grep -q print_nearest example.c || fail "the head comment has no example"
    "$cc" -std=c11 -Wall -Wextra -Werror -I"$here" -c example.c
}

# A module that does nothing but include both headers, against every kernel whose headers are here.
kernel() {
    found=""
    mkdir ioctl
    cp "$here"/*.h "$here"/layout.txt ioctl
    printf 'obj-m := abi.o\nccflags-y := -I%s -Werror\n' "$work" >Kbuild
    cat >abi.c <<END
#include <linux/module.h>
#include "ioctl/abi_asserts.h"
MODULE_LICENSE("GPL");
END
    for build in /lib/modules/*/build /usr/src/linux-headers-*[0-9]-amd64; do
        [ -f "$build/Makefile" ] || continue
        real=$(readlink -f "$build")
        case " $found " in *" $real "*) continue ;; esac
        found="$found $real"
        make -s -C "$real" M="$work" abi.o >kernel.log 2>&1 || { cat kernel.log; fail "in $real"; }
        rm -f abi.o
        echo "compiled against $real"
    done
    [ -n "$found" ] || skip "no kernel headers: install linux-headers-amd64"
}

case $1 in
layout | layout_m32 | only_kernel_includes | big_endian | change_is_seen | unread_line_is_seen | \
    error_table | example | kernel) "$1" ;;
*) fail "no such case: $1" ;;
esac
