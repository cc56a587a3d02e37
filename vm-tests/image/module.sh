#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the kernel module for one of the kernels of kernel.sh, outside the tree, and prints where
# vexfs.ko lies. What gcc with W=1 or sparse would warn of is an error, and so is a register of
# floating point or vectors in the code. For a debug kernel it watches what C does not define, and
# seeded.ko comes to lie beside it.
#
#     module.sh KERNEL [MAKE ARGUMENT...]
set -euEo pipefail
trap 'echo "module.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR

[ $# -ge 1 ] || { echo "usage: module.sh KERNEL [MAKE ARGUMENT...]" >&2; exit 2; }
version=$1
shift
here=$(dirname "$(readlink -f "$0")")
tree=$(cd "$here/../.." && pwd)
headers=$("$here/kernel.sh" "$version" | sed -n 2p)
build=$tree/build/kmod/$version
mkdir -p "$build"
for folder in kmod ioctl; do
    mkdir -p "$build/$folder"
    cp -u "$tree/$folder"/* "$build/$folder/"
done
watched=''
case $version in debug*) watched=-fsanitize=shift,bounds,bool,enum ;; esac
# What pahole would add is for those who debug the kernel.
make -s -C "$headers" M="$build/kmod" CONFIG_DEBUG_INFO_BTF_MODULES= W=1 \
    KCFLAGS="-Werror $watched" \
    C=1 CHECK=sparse CF=-Wsparse-error "$@" modules >&2
case $version in
debug*)
    mkdir -p "$build/seeded"
    cp -u "$tree/vm-tests/cases/seeded/module"/* "$build/seeded/"
    make -s -C "$headers" M="$build/seeded" KCFLAGS="$watched" "$@" modules >&2
    cp "$build/seeded/seeded.ko" "$build/kmod/"
    ;;
esac
if objdump -d "$build/kmod/vexfs.ko" | grep -E '%[xyz]mm|%st\b' >&2; then
    echo "module.sh: the module touches the registers of user space" >&2
    exit 1
fi
echo "$build/kmod/vexfs.ko"
