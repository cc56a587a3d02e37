#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What an administrator gets from `cmake --install`: programs that run from where they are put, a
# manual page for each of them, and headers that an application compiles against.
#
#     install_test.sh BUILD_FOLDER C_COMPILER [SANITIZERS]
set -eu

build=$1
compiler=$2
sanitize=${3:+-fsanitize=$3} # what is linked to such a library needs it too
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

die() { echo "install: $*" >&2; exit 1; }

output=$(cmake --install "$build" --prefix "$prefix" 2>&1) || die "$output"

for program in sbin/mkfs.vexfs sbin/fsck.vexfs sbin/vexfsd sbin/mount.vexfs bin/vexctl; do
    [ -x "$prefix/$program" ] || die "$program is not there"
done
for program in "$prefix"/bin/* "$prefix"/sbin/*; do
    [ -e "$program" ] || continue
    name=$(basename "$program")
    page=$(find "$prefix/share/man" -path "*/man[1-8]/$name.[1-8]")
    [ -n "$page" ] || die "$name has no manual page"
    grep -qi "^\.TH \"\?${name//./\\.}" "$page" || die "$page is the page of something else"
done

cd "$prefix"
env -i PATH="$prefix/sbin" mkfs.vexfs --size 64M -L trial volume.img
env -i PATH="$prefix/sbin" fsck.vexfs -n volume.img
mkdir mnt
env -i PATH="$prefix/sbin" mount.vexfs -fv -o ro volume.img mnt | grep -q "^$prefix/sbin/vexfsd " ||
    die "mount.vexfs does not find the vexfsd beside it"
env -i "$prefix/bin/vexctl" version | grep -q '^libvexfs ' || die "vexctl does not find libvexfs"
for script in bash-completion/completions/vexctl zsh/site-functions/_vexctl \
    fish/vendor_completions.d/vexctl.fish; do
    grep -q status "share/$script" || die "$script does not complete vexctl"
done

cat >application.c <<'END'
#include <vexfs/vexfs_ioctl.h>
#include <vexfs/vexfs_queue.h>
#include <vexfs/vexfs.h>

#include <stdio.h>

int main(int count, char** arguments) {
    struct vexfs_volume* volume;
    struct vexfs_reason reason;
    int result = vexfs_open(arguments[count - 1], &volume, &reason);
    puts(result == 0 ? "a volume" : reason.text);
    if (result == 0)
        vexfs_close(volume);
    return 0;
}
END
library=$(dirname "$(find "$prefix" -name libvexfs.so)")
flags=$(PKG_CONFIG_PATH=$library/pkgconfig pkg-config --cflags --libs libvexfs)
# shellcheck disable=SC2086  # each is several arguments, or none
"$compiler" $sanitize -std=c11 -Wall -Werror application.c $flags -o application
said=$(LD_LIBRARY_PATH=$library ./application "$prefix")
[ "$said" = "this is not on a VexFS volume" ] || die "libvexfs says: $said"
shown=$(nm -D --defined-only "$library/libvexfs.so" |
    grep -v ' T vexfs_.*@@VEXFS_0\.1$\| A VEXFS_') &&
    die "libvexfs shows what is not its interface: $shown"
[ "$(nm -D --defined-only "$library/libvexfs-local.so.0" | grep -v ' A VEXFS_' | cut -d' ' -f3)" = \
    "vexfs_local_table@@VEXFS_LOCAL_0.1" ] || die "libvexfs-local shows what is not its interface"
asked=$(LD_LIBRARY_PATH=$library ./application "$prefix/volume.img:/")
[ "$asked" = "a volume" ] || die "libvexfs does not open an image: $asked"

found=$(find bin sbin share include lib lib64 -type f 2>/dev/null | LC_ALL=C sort)
stray=$(grep -vE -e '^(bin|sbin)/' -e '^lib[^/]*/([^/]+/)?libvexfs(-local)?\.so' \
    -e '^lib[^/]*/([^/]+/)?pkgconfig/libvexfs\.pc$' -e '^share/man/man[1-8]/' \
    -e '^share/(bash-completion|zsh|fish)/[a-z_.-]+/_?vexctl(\.fish)?$' \
    -e '^include/vexfs/vexfs(_[a-z]+)?\.h$' -e '^include/vexfs/vexfs\.hpp$' <<<"$found") &&
    die "nobody asked for $stray"
echo "$found"
