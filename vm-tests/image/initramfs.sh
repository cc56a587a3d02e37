#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the whole system of a virtual machine: busybox, the programs of VexFS, tools of Debian that
# cases are written for, their libraries, the module and the cases, as one archive that the kernel
# unpacks into memory.
#
#     initramfs.sh OUT MODULE BIN CASE_FOLDER KERNEL_MODULES
#
# MODULE is vexfs.ko, beside which others may lie, BIN the folder of the programs, KERNEL_MODULES
# where the kernel's own modules lie: those that cases load come along. /init is init.sh beside this
# script.
set -euEo pipefail
trap 'echo "initramfs.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR

[ $# = 5 ] || { echo "usage: initramfs.sh OUT MODULE BIN CASE_FOLDER KERNEL_MODULES" >&2; exit 2; }
out=$1 module=$2 bin=$3 cases=$4 kernel_modules=$5
here=$(dirname "$(readlink -f "$0")")
root=$(mktemp -d "${TMPDIR:-/tmp}/vexfs-image-XXXXXX")
trap 'rm -rf "$root"' EXIT

programs=(vexfsd vexctl mkfs.vexfs fsck.vexfs vexfs-abi vexfs-posix vexfs-fsx vexfs-hostile
    vexfs-faults vexfs-stress vexfs-kill-loop vexfs-perf vexfs-search-static vexfs-search-i386
    vexfs-search-image)
# Of the kernel's modules, those that it does not have built in.
drivers=(fuse virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk)
# What busybox has no equal of. They come first in PATH, in cases that are written for bash.
tools=(bash cat cmp cp diff find getfattr head id ls mktemp mountpoint mv od paste rm rsync setfattr
    setpriv seq sort tail tar tr yes)

chmod 755 "$root" # users of the cases pass through it
mkdir -p "$root"/{bin,usr/bin,sbin,dev,proc,sys,tmp,run,root,mnt,etc,lib/{kernel,vexfs},cases}
cp /bin/busybox "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"

for program in "${programs[@]}"; do
    if [ -e "$bin/$program" ]; then strip -o "$root/bin/$program" "$bin/$program"; fi
done
for tool in "${tools[@]}"; do cp -L "$(type -P "$tool")" "$root/usr/bin/"; done
ln -s /usr/bin/bash "$root/bin/bash"
cp -P "$bin"/../lib/*.so.* "$root/lib/"
# A library keeps its path: the loader looks for it there.
{ ldd "$root"/bin/* "$root"/usr/bin/* 2>/dev/null || true; } | grep -o '/[^ )]*' | grep -v ':$' |
    LC_ALL=C sort -u | while read -r library; do
        case $library in "$root"*) continue ;; esac
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
cp "$(dirname "$module")"/*.ko "$root/lib/vexfs/"
for driver in "${drivers[@]}"; do
    file=$(find "$kernel_modules" -name "$driver.ko" -o -name "$driver.ko.xz")
    case $file in
    '') ;;
    *.xz) xz -dc "$file" >"$root/lib/kernel/$driver.ko" ;;
    *) cp "$file" "$root/lib/kernel/" ;;
    esac
done
(cd "$cases" && find . -name '*_case.sh' -o -name '*_lib.sh' -o -name run.sh -o \
    -name power_writer.sh -o -name '*.json') |
    sed 's|^\./||' |
    while read -r case; do install -D "$cases/$case" "$root/cases/$case"; done
install "$here/init.sh" "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$out"
