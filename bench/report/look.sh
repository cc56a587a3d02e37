#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows a file of results in headless Chromium, as wide as a phone and as a desk, light and dark,
# and fails if the page writes to the console, which a request of the network would do: no name
# resolves here. The pictures are for eyes: do labels overlap, can everything be read?
#
#     look.sh BIN_FOLDER RESULTS.json OUT_FOLDER
set -euo pipefail

bin=$1 results=$2 out=$3
mkdir -p "$out"
out=$(readlink -f "$out")
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
"$bin/vexfs-bench" report --from "$results" --out "$out/report.html"

shoot() { # WIDTH SCHEME_NUMBER NAME
    # Chromium's own windows are at least 500 wide; a frame of the page's is as narrow as it wants.
    local frame=$profile/$3.html log=$profile/$3.log height=9000
    echo "<!DOCTYPE html><body style=margin:0><iframe src='file://$out/report.html'" \
        "style='width:$1px;height:${height}px;border:0'></iframe>" >"$frame"
    timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$profile/chromium" --host-resolver-rules="MAP * ~NOTFOUND" \
        --blink-settings="preferredColorScheme=$2" --enable-logging=stderr \
        --window-size="$(($1 < 500 ? 500 : $1)),$height" --screenshot="$out/$3.png" \
        "file://$frame" 2>"$log" || { cat "$log" >&2; echo "look.sh: $3: no picture" >&2; exit 1; }
    if grep -F ':CONSOLE' "$log" >&2; then
        echo "look.sh: $3: the page wrote to the console" >&2
        exit 1
    fi
    echo "$out/$3.png"
}

for width in 400 1400; do
    shoot "$width" 1 "light-$width"
    shoot "$width" 0 "dark-$width"
done
