// SPDX-License-Identifier: Apache-2.0
//
// The style sheets that the page and a picture of its own share: colours, light and dark, and how
// plots look.
//
// Threads: constants.
#pragma once

namespace vexfs {

inline constexpr const char* kPalette = R"(
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --dim: #59636e; --rule: #d5dbe1; --tint: #eef4fb;
  --c0: #0b62c4; --c1: #c2410c; --c2: #15803d; --c3: #9333a8; --c4: #a16207; --c5: #0e7490;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --ink: #e6eaee; --dim: #9aa5b1; --rule: #333c46; --tint: #1a2735;
    --c0: #6cb2ff; --c1: #ff9559; --c2: #5fd38a; --c3: #d99bea; --c4: #e3c04f; --c5: #4fd0e6;
  }
}
)";

inline constexpr const char* kPlotStyle = R"(
svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
svg .small { font-size: 10px; }
svg .name { fill: var(--dim); }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
.grid { stroke: var(--rule); stroke-width: .7; }
polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
polyline.c0 { stroke: var(--c0); }
polyline.c1 { stroke: var(--c1); stroke-dasharray: 6 3; }
polyline.c2 { stroke: var(--c2); stroke-dasharray: 2 2.5; }
polyline.c3 { stroke: var(--c3); stroke-dasharray: 8 3 2 3; }
polyline.c4 { stroke: var(--c4); stroke-dasharray: 10 4; }
polyline.c5 { stroke: var(--c5); stroke-dasharray: 4 4; }
.mark.c0, .bar.c0 { fill: var(--c0); }
.mark.c1, .bar.c1 { fill: var(--c1); }
.mark.c2, .bar.c2 { fill: var(--c2); }
.mark.c3, .bar.c3 { fill: var(--c3); }
.mark.c4, .bar.c4 { fill: var(--c4); }
.mark.c5, .bar.c5 { fill: var(--c5); }
)";

} // namespace vexfs
