#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# A caller in more groups than a request has room for is refused where they count, and only there.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
serve
echo content >"$mount/file"
with_groups() { # NUMBER COMMAND...: as a user that is in so many
    groups=$(seq -s , 10001 $((10000 + $1)))
    shift
    /usr/bin/setpriv --reuid 1000 --regid 1000 --groups "$groups" "$@"
}
with_groups 17000 sh -c "exec 3<$mount/.vexfs/call"
refused with_groups 18000 sh -c "exec 3<$mount/.vexfs/call"
[ "$(with_groups 18000 cat "$mount/file")" = content ]
[ "$(with_groups 18000 stat -c %s "$mount/file")" = 8 ]
finish
