#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The first and only service of a virtual machine: runs cases, one after the other, and goes.
#
# The kernel's console is the first serial line; what the cases say and how they end goes to the
# second, framed by lines that begin with "@@". The command line says which (vexfs.cases=A,B), how
# long each may take (vexfs.seconds=N), how much some do (vexfs.kills=N, vexfs.calls=N), and whether
# engines poll (vexfs.poll=USECS). What the kernel says meanwhile is read for complaints, of which
# one is what it has lost track of.
# shellcheck disable=SC1091,SC2154  # it lies there in the virtual machine
/bin/busybox --install -s /bin
export PATH=/bin:/sbin HOME=/root TMPDIR=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=1777 tmpfs /tmp
ip link set lo up
exec >/dev/ttyS1 2>&1 </dev/null
stty -F /dev/ttyS1 raw

parameter() { # NAME
    tr ' ' '\n' </proc/cmdline | sed -n "s/^vexfs\.$1=//p"
}

. /cases/kernel_lib.sh
leaks >/dev/null # those of the kernel itself
dmesg -c >/dev/null
seconds=$(parameter seconds)
VEXFS_KILLS=$(parameter kills) VEXFS_CALLS=$(parameter calls) VEXFS_CUT=$(parameter cut)
export VEXFS_KILLS VEXFS_CALLS VEXFS_CUT
poll=$(parameter poll)
if [ "${poll:-off}" != off ]; then
    mv /bin/vexfsd /lib/vexfs/vexfsd
    printf '#!/bin/sh\nexec /lib/vexfs/vexfsd --poll %s "$@"\n' "$poll" >/bin/vexfsd
    chmod 755 /bin/vexfsd
fi
for name in $(parameter cases | tr ',' ' '); do
    echo "@@ begin $name"
    mkdir -p "$TMPDIR/work"
    script=/cases/${name}_case.sh
    [ -e "$script" ] || script=/cases/$name.sh # for one that is no case by itself
    (cd "$TMPDIR/work" && timeout -s KILL "$seconds" "$script")
    status=$?
    grep ' vexfs ' /proc/mounts | cut -d ' ' -f 2 | while read -r left; do
        umount -f "$left" || umount -l "$left"
    done
    killall -9 vexfsd 2>/dev/null
    rmmod vexfs 2>/dev/null
    {
        leaks
        dmesg -c
    } >"$TMPDIR/dmesg"
    if grep -qE "$complaints" "$TMPDIR/dmesg"; then
        echo "the kernel complained:"
        cat "$TMPDIR/dmesg"
        status=99
    fi
    rm -rf "$TMPDIR/work"
    echo "@@ end $name $status"
done
echo "@@ over"
reboot -f # which ends QEMU: not every kernel can switch off
