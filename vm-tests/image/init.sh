#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The first and only service of a virtual machine: runs cases, one after the other, and goes.
#
# The kernel's console is the first serial line; what the cases say and how they end goes to the
# second, framed by lines that begin with "@@". The command line says which (vexfs.cases=A,B) and
# how long each may take (vexfs.seconds=N). What the kernel says meanwhile is read for complaints.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin HOME=/root TMPDIR=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=1777 tmpfs /tmp
ip link set lo up
exec >/dev/ttyS1 2>&1 </dev/null
stty -F /dev/ttyS1 raw

parameter() { # NAME
    tr ' ' '\n' </proc/cmdline | sed -n "s/^vexfs\.$1=//p"
}

complaints='BUG[: ]|WARNING:|Oops|KASAN|UBSAN|general protection|stack-out-of|Call Trace'
complaints="$complaints|possible (recursive|circular|irq)|hung task|blocked for more than"
complaints="$complaints|unreferenced object"

dmesg -c >/dev/null
seconds=$(parameter seconds)
for name in $(parameter cases | tr ',' ' '); do
    echo "@@ begin $name"
    mkdir -p "$TMPDIR/work"
    (cd "$TMPDIR/work" && timeout -s KILL "$seconds" "/cases/${name}_case.sh")
    status=$?
    dmesg -c >"$TMPDIR/dmesg"
    if grep -qE "$complaints" "$TMPDIR/dmesg"; then
        echo "the kernel complained:"
        cat "$TMPDIR/dmesg"
        status=99
    fi
    grep ' vexfs ' /proc/mounts | cut -d ' ' -f 2 | while read -r left; do
        umount -f "$left" || umount -l "$left"
    done
    killall -9 vexfsd 2>/dev/null
    rmmod vexfs 2>/dev/null
    rm -rf "$TMPDIR/work"
    echo "@@ end $name $status"
done
echo "@@ over"
poweroff -f
