#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows a file of results in headless Chromium, as wide as a phone and as a desk, light and dark,
# section by section, and fails if the page writes to the console, which a request of the network
# would do: no name resolves here; or if plots lack lines or bars, labels lie on each other, or
# something is outside of its picture. The pictures are for eyes: can everything be read?
#
#     look.sh BIN_FOLDER RESULTS.json OUT_FOLDER
set -euo pipefail

bin=$1 results=$2 out=$3
mkdir -p "$out"
out=$(readlink -f "$out")
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
"$bin/vexfs-bench" report --from "$results" --out "$out/report.html"

browse() { # LOG ARGUMENT...
    local log=$1
    shift
    timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$profile/chromium" --host-resolver-rules="MAP * ~NOTFOUND" \
        --allow-file-access-from-files --enable-logging=stderr "$@" 2>"$log" ||
        { cat "$log" >&2; echo "look.sh: Chromium failed" >&2; exit 1; }
    if grep -F ':CONSOLE' "$log" >&2; then
        echo "look.sh: the page wrote to the console" >&2
        exit 1
    fi
}

# What Chromium made of the plots: how many lines and bars it drew, how many letters or marks lie
# outside of their picture, how many labels of a picture lie on each other.
probe() { # WIDTH
    local page=$profile/probe.html found drawn
    cat >"$page" <<END
<!DOCTYPE html><body style=margin:0><p id=found></p>
<iframe id=frame src='file://$out/report.html' style='width:$1px;height:2000px;border:0'></iframe>
<script>
frame.onload = () => {
  const box = e => e.getBoundingClientRect(), all = (e, what) => [...e.querySelectorAll(what)];
  const apart = (a, b) => a.right - 1 < b.left || b.right - 1 < a.left ||
                          a.bottom - 2 < b.top || b.bottom - 2 < a.top;
  const page = frame.contentDocument, wide = page.documentElement.scrollWidth > $1;
  let series = 0, bars = 0, outside = 0, overlaps = 0;
  for (const svg of all(page, 'svg:not(.key)')) {
    const edge = box(svg), texts = all(svg, 'text').map(box);
    series += all(svg, 'g.series').filter(g => all(g, '.mark').some(m => box(m).width > 1)).length;
    bars += all(svg, '.bar').filter(bar => box(bar).width > 0).length;
    for (const e of all(svg, 'text, .mark, .bar')) {
      const b = box(e);
      outside += b.left < edge.left - 1 || b.right > edge.right + 1 ||
                 b.top < edge.top - 1 || b.bottom > edge.bottom + 1;
    }
    texts.forEach((a, i) => texts.slice(i + 1).forEach(b => { overlaps += !apart(a, b); }));
  }
  found.textContent = \`lines \${series} bars \${bars} outside \${outside}\` +
                      \` overlaps \${overlaps} wide \${wide}.\`;
};
</script>
END
    browse "$profile/log" --virtual-time-budget=20000 --dump-dom "file://$page" >"$profile/dom"
    found=$(sed -n 's/.*id="found">\([^<]*\).*/\1/p' "$profile/dom")
    drawn="lines $(grep -c 'class="series"' "$out/report.html" || true)"
    drawn+=" bars $(grep -o 'class="bar ' "$out/report.html" | wc -l)"
    echo "at $1: $found"
    if [ "$found" != "$drawn outside 0 overlaps 0 wide false." ]; then
        echo "look.sh: wanted: $drawn outside 0 overlaps 0 wide false." >&2
        exit 1
    fi
}

shoot() { # WIDTH SCHEME_NUMBER SCHEME SECTION
    # Chromium's own windows are at least 500 wide; a frame of the page's is as narrow as it wants.
    local name=$3-$1-$4 frame=$profile/frame.html height=$(($1 < 500 ? 2000 : 1500))
    echo "<!DOCTYPE html><body style=margin:0><iframe src='file://$out/report.html#$4'" \
        "style='width:$1px;height:${height}px;border:0'></iframe>" >"$frame"
    browse "$profile/log" --blink-settings="preferredColorScheme=$2" \
        --window-size="$(($1 < 500 ? 500 : $1)),$height" --screenshot="$out/$name.png" \
        "file://$frame"
    echo "$out/$name.png"
}

mapfile -t sections < <(grep -o '<section id="[a-z]*' "$out/report.html" | cut -d'"' -f2)
for width in 400 1400; do
    probe "$width"
    for section in "${sections[@]}"; do
        shoot "$width" 1 light "$section"
        shoot "$width" 0 dark "$section"
    done
done
