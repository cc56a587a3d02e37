#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# Files through the module, from mount to unmount.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
serve
grep " $mount vexfs rw" /proc/mounts
cd "$mount"
touch empty
[ -f empty ] && ! [ -s empty ]
mkdir -p a/b/c
echo hello >a/b/c/file
[ "$(cat a/b/c/file)" = hello ]
echo again >>a/b/c/file
[ "$(wc -c <a/b/c/file)" = 12 ]
mv a/b/c/file a/moved
refused [ -e a/b/c/file ]
ln a/moved linked
[ "$(stat -c %h linked)" = 2 ]
ln -s a/moved symbolic
[ "$(readlink symbolic)" = a/moved ]
[ "$(tail -n 1 symbolic)" = again ]
chmod 640 linked
[ "$(stat -c %a a/moved)" = 640 ]
[ "$(ls a)" = "b
moved" ]
dd if=/dev/urandom of=../random bs=65536 count=50 2>/dev/null
cp ../random large
cmp large ../random
sync
refused rmmod vexfs
rm linked symbolic a/moved empty large
rmdir a/b/c a/b a
[ -z "$(ls -A)" ]
df .
cd ..
finish
