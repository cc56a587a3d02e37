#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A Debian kernel and what builds modules for it, unpacked into a cache outside the tree.
#
#     kernel.sh 6.1|6.12|debug|debug-6.12
#
# prints three lines: the kernel image, the folder that Kbuild wants, the release. The packages come
# from the mirror that apt knows for bookworm, through lists of our own: 6.12 is a backport, and
# nothing of this machine's apt is changed. What is in the cache is used as it is; remove the folder
# to get newer packages. Exit: 77 if they cannot be fetched.
#
# debug is built from Debian's source of 6.1, debug-6.12 from that of 6.12, with debug.config beside
# this script: in some 15 minutes of a processor, and anew when that file changes.
set -euEo pipefail
trap 'echo "kernel.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR

usage() {
    echo "usage: kernel.sh 6.1|6.12|debug|debug-6.12" >&2
    exit 2
}
[ $# = 1 ] || usage
case $1 in
6.1 | debug) suite=bookworm ;;
6.12 | debug-6.12) suite=bookworm-backports ;;
*) usage ;;
esac
version=$1
here=$(dirname "$(readlink -f "$0")")
cache=${VEXFS_CACHE:-$HOME/.cache/vexfs}/kernel
folder=$cache/$version

private_apt() { # PROGRAM ARGUMENT...: apt-get or apt-cache, on our lists alone
    local program=$1
    shift
    "$program" -qq -o Dir::Etc::SourceList="$cache/apt/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State="$cache/apt/state" -o Dir::Cache="$cache/apt/cache" \
        -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::http::Timeout=60 "$@"
}

read_lists() {
    local mirror keys=/usr/share/keyrings/debian-archive-keyring.gpg
    # shellcheck disable=SC2016  # apt-get expands it
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
    [ -n "$mirror" ] || unfetched "apt knows no mirror of bookworm"
    mkdir -p "$cache/apt/state/lists/partial" "$cache/apt/cache/archives/partial"
    printf "deb [signed-by=$keys] $mirror %s main\n" bookworm bookworm-backports \
        >"$cache/apt/sources.list"
    private_apt apt-get update
}

newest() { # PATTERN: the package of that name with the highest version
    private_apt apt-cache pkgnames | { grep -xE "$1" || true; } | sort -V | tail -n 1
}

unfetched() { # WHY
    echo "kernel.sh: $1: no kernel $version" >&2
    exit 77
}

fetch() { # FOLDER PACKAGE...: unpacks them there
    local package part=$1
    shift
    rm -rf "$part"
    mkdir -p "$part/deb"
    (cd "$part/deb" && private_apt apt-get download "${@/%//$suite}") ||
        unfetched "a package cannot be fetched"
    for package in "$part"/deb/*.deb; do dpkg-deb -x "$package" "$part"; done
    rm -r "$part/deb"
}

unpack() {
    local release part package packages=()
    read_lists || unfetched "the mirror does not answer"
    case $version in
    6.1) release=$(newest 'linux-image-6\.1\.0-[0-9]+-cloud-amd64') ;;
    6.12) release=$(newest 'linux-image-6\.12\.[0-9]+\+deb12-cloud-amd64') ;;
    esac
    release=${release#linux-image-}
    [ -n "$release" ] || unfetched "the mirror has none in $suite"
    packages=("linux-image-$release" "linux-headers-$release"
        "linux-headers-${release%-cloud-amd64}-common")
    package=$(private_apt apt-cache depends "linux-headers-$release" |
        sed -n 's/ *Depends: \(linux-kbuild-.*\)/\1/p')
    packages+=("$package")
    part=$folder.part
    fetch "$part" "${packages[@]}"
    # Their Makefiles name each other by absolute paths.
    sed -i "s|/usr/src/|$folder/usr/src/|" "$part/usr/src/linux-headers-$release/Makefile"
    echo "$release" >"$part/release"
    mv -T "$part" "$folder"
}

unpack_source() { # of the debug kernel, built where it stays
    local number=6.1
    [ "$version" = debug ] || number=${version#debug-}
    exec 8>"$cache/lock"
    flock 8
    read_lists || unfetched "the mirror does not answer"
    fetch "$folder.part" "linux-source-$number"
    exec 8>&-
    tar -C "$folder.part" -xf "$folder.part/usr/src/linux-source-$number.tar.xz"
    rm -rf "$folder" "$folder.part/usr"
    mv "$folder.part/linux-source-$number" "$folder.part/source"
    mv -T "$folder.part" "$folder"
}

build() {
    local source=$folder/source release setting
    rm -f "$folder/release"
    [ -e "$source/Makefile" ] || unpack_source
    make -s -C "$source" KCONFIG_ALLCONFIG="$here/debug.config" allnoconfig
    while read -r setting; do # what depends on something else may have been dropped
        grep -qxF "$setting" "$source/.config" ||
            echo "kernel.sh: the configuration has no $setting" >&2
    done < <(grep '=y$' "$here/debug.config")
    echo "kernel.sh: building a debug kernel in $source" >&2
    make -s -C "$source" -j "$(nproc)" bzImage modules
    release=$(make -s -C "$source" kernelrelease)
    mkdir -p "$folder/boot" "$folder/lib/modules"
    cp "$source/arch/x86/boot/bzImage" "$folder/boot/vmlinuz-$release"
    mkdir -p "$folder/usr/src"
    ln -sfn ../../source "$folder/usr/src/linux-headers-$release"
    cp "$here/debug.config" "$folder/debug.config"
    echo "$release" >"$folder/release"
}

mkdir -p "$cache"
case $version in
debug*) # nobody who wants a kernel of Debian waits for a build
    exec 9>"$cache/$version.lock"
    flock 9
    if ! cmp -s "$here/debug.config" "$folder/debug.config" || [ ! -e "$folder/release" ]; then
        build >&2
    fi
    ;;
*)
    exec 9>"$cache/lock"
    flock 9
    [ -e "$folder/release" ] || unpack >&2
    ;;
esac
release=$(cat "$folder/release")
echo "$folder/boot/vmlinuz-$release"
echo "$folder/usr/src/linux-headers-$release"
echo "$release"
