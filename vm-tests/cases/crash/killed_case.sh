#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# A client is killed while the engine has its request, and the engine does it all the same: all
# others see what was done, though the kernel was sure of how it was before.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
serve
cd "$mount"
echo content >from
echo content >gone
echo less >file
exec 3>>file
all() { # what the kernel is sure of
    for name in made from to gone; do
        if [ -e $name ]; then echo $name; fi
    done
    stat -c %s file
    cat file
}

killed() { # COMMAND...: killed while the stopped engine has its request
    all >/dev/null
    kill -STOP "$engine"
    "$@" &
    client=$!
    until [ "$(cat /sys/fs/vexfs/*/in_flight)" -gt 0 ]; do usleep 1000; done
    kill -9 $client
    wait $client || true
    kill -CONT "$engine"
    until [ "$(cat /sys/fs/vexfs/*/in_flight)" = 0 ]; do stat -f . >/dev/null; done
}
more() { echo more >&3; }
killed mkdir made
killed mv from to
killed rm gone
killed more
[ "$(all | tr '\n' ' ')" = "made to 10 less more " ]
exec 3>&-
cd ..
finish
