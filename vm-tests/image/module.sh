#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the kernel module for one of the kernels of kernel.sh, outside the tree, and prints where
# vexfs.ko lies.
#
#     module.sh 6.1|6.12 [MAKE ARGUMENT...]
set -euEo pipefail
trap 'echo "module.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR

[ $# -ge 1 ] || { echo "usage: module.sh 6.1|6.12 [MAKE ARGUMENT...]" >&2; exit 2; }
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
# What pahole would add is for those who debug the kernel.
make -s -C "$headers" M="$build/kmod" CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules >&2
echo "$build/kmod/vexfs.ko"
