// SPDX-License-Identifier: Apache-2.0
//
// Puts the sections together, with the style sheet.
//
// Threads: pure.
#include "bench/report/page.h"

#include "bench/report/html.h"
#include "bench/report/section.h"
#include "bench/report/style.h"

namespace vexfs {
namespace {

constexpr const char* kPageStyle = R"(* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 90rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .5rem;
  border-top: 1px solid var(--rule); }
p { max-width: 48rem; margin: .5rem 0; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; }
a { color: var(--c0); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr));
  gap: 1rem 2rem; align-items: start; }
figure { margin: 0; min-width: 0; }
figure:has(table) { grid-column: 1 / -1; }
figcaption { font-weight: 600; font-size: .9rem; overflow-wrap: anywhere; margin: .6rem 0 .3rem; }
details { color: var(--dim); font-size: .78rem; line-height: 1.35; margin: .4rem 0;
  overflow-wrap: anywhere; }
summary { cursor: pointer; }
summary code { display: inline-block; max-width: calc(100% - 1.5rem); overflow: hidden;
  text-overflow: ellipsis; white-space: pre; vertical-align: top; }
details[open] summary code { white-space: pre-wrap; }
code { font-family: ui-monospace, monospace; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule); }
td { min-width: 5.5rem; max-width: 22rem; }
thead th { color: var(--dim); font-weight: 600; }
.ours { background: var(--tint); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: .9rem; }
.legend .key { width: 26px; height: 12px; display: inline; }
svg { display: block; width: 100%; height: auto; }
)";

struct Section {
    const char* id;
    const char* title;
    const char* words;
    std::string content;
};

std::string facts_of(const ResultFile& file) {
    const Machine& machine = file.machine;
    std::string out = "<dl>\n";
    const auto fact = [&](const char* name, const std::string& value) {
        out += std::string("<dt>") + name + "</dt><dd>" + escaped(value) + "</dd>\n";
    };
    fact("commit", machine.commit);
    fact("processor", machine.processor + ", " + std::to_string(machine.processors) + " of them");
    fact("caches", machine.caches);
    fact("memory", quantity(static_cast<double>(machine.memory_bytes), "bytes"));
    fact("kernel", machine.kernel);
    fact("compiler", machine.compiler);
    return out + "</dl>\n";
}

std::vector<Section> sections_of(const ResultFile& file) {
    std::vector<Section> sections = {
        {"search", "Search",
         "Everyone at the same recall, interpolated between two efforts of the "
         "sweep; who reaches more with the least effort stands with that. All took turns on one "
         "processor, one query at a time; a ratio over 1 is in favour "
         "of ours, and its span is that of the rounds.",
         ""},
        {"curves", "Recall against throughput",
         "Up and to the right is better. A point is one "
         "effort of the sweep; pointed at, it tells its figures.",
         ""},
        {"clients", "Searches at once",
         "Each client is a thread that searches the same index, all with the cheapest effort that "
         "reaches the recall. More is better.",
         ""},
        {"latency", "Latency", "The middle of the rounds. Lower is better.", ""},
        {"build", "Build and memory",
         "Hot bytes are what every search walks; cold bytes are only "
         "read to rank the best few. A bar is as long as its part of the longest beside it.",
         ""},
        {"frontends", "Front ends",
         "The same message by each way in, one at a time, by turns. Shorter is better; a bar is as "
         "long as its part of the longest beside it. Outside the index is what the engine's own "
         "clock of the collection does not account for.",
         ""},
        {"fs", "File systems",
         "The same work in each, by turns; fio-... are jobs of fio(1). A bar is as long as its "
         "part of the longest beside it; longer is better.",
         ""},
        {"open", "Opened again",
         "A collection in processes of their own, after a clean stop and after a kill. Full speed "
         "is reached when searches take at most a quarter longer than in the end. Shorter is "
         "better.",
         ""},
        {"reliability", "Reliability",
         "What crash simulators, the kill loop and searches beside brute force tried, and how "
         "often the outcome was not the promised one. Churn stands beside a fresh volume of the "
         "same rows.",
         ""},
        {"more", "More figures", "The middle of the rounds, and their span.", ""}};
    const Colours colours(file);
    for (const BenchRun& run : file.runs) {
        size_t at = 0;
        for (const std::string& content :
             {headline_of(run), curves_of(run, colours), clients_of(run, colours),
              latencies_of(run, colours), builds_of(run, colours), front_ends_of(run),
              file_systems_of(run, colours), opens_of(run)})
            sections[at++].content += content;
        sections.back().content += tables_of_others(run);
    }
    sections[sections.size() - 2].content = reliability_of(file);
    std::erase_if(sections, [](const Section& section) { return section.content.empty(); });
    return sections;
}

} // namespace

std::string html_of(const ResultFile& file) {
    std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                      "<title>vexfs-bench, commit " +
                      escaped(file.machine.commit) + "</title>\n<style>\n" + kPalette + kPageStyle +
                      kPlotStyle + "</style>\n" + "</head>\n<body>\n<h1>vexfs-bench</h1>\n" +
                      facts_of(file);
    const std::vector<Section> sections = sections_of(file);
    out += "<nav>\n";
    for (const Section& section : sections)
        out += std::string("<a href=\"#") + section.id + "\">" + section.title + "</a>\n";
    out += "</nav>\n";
    for (const Section& section : sections)
        out += std::string("<section id=\"") + section.id + "\">\n<h2>" + section.title +
               "</h2>\n<p>" + section.words + "</p>\n<div class=\"plots\">\n" + section.content +
               "</div>\n</section>\n";
    return out + "</body>\n</html>\n";
}

} // namespace vexfs
