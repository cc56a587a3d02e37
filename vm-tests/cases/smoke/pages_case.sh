#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# What was read is kept in pages: it is not asked for again, writes change it, and what an engine
# lost is not believed.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
trace
serve --commit 3600 --state-file "$PWD/state"
fs=$(module_fs)
read=21
dd if=/dev/urandom of=random bs=10000 count=31 2>/dev/null
cp random "$mount/file"
sync "$mount/file"

reads() { # COMMAND...: how many requests to read it makes
    echo >/mnt/trace
    "$@" >/dev/null
    grep -c "vexfs_queued: .* op=$read " /mnt/trace || true
}
is_random() { cmp "$mount/file" random; }

[ "$(reads is_random)" -gt 1 ]
[ "$(reads is_random)" = 0 ]
[ "$(reads dd if="$mount/file" of=out bs=65536 iflag=direct)" -gt 1 ]
cmp out random

# A write in the middle of pages, and one behind the end.
for place in 12345 309990; do
    for file in random "$mount/file"; do
        dd if=/cases/module_lib.sh of="$file" bs=1 seek=$place count=100 conv=notrunc 2>/dev/null
    done
done
[ "$(reads is_random)" -le 1 ] # the last page is new
[ "$(reads is_random)" = 0 ]
dd if="$mount/file" of=out bs=65536 iflag=direct 2>/dev/null
cmp out random
truncate -s 5000 "$mount/file"
truncate -s 9000 "$mount/file"
truncate -s 5000 random
truncate -s 9000 random
is_random

# What was not synced when the engine died was never there.
sync "$mount/file"
echo unsynced | dd of="$mount/file" conv=notrunc 2>/dev/null
[ "$(head -n 1 "$mount/file")" = unsynced ]
kill -9 "$engine"
engine_gone
serve --commit 3600 --state-file "$PWD/state" --recover "$fs"
is_random
echo 0 >/mnt/events/enable
finish
