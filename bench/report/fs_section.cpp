// SPDX-License-Identifier: Apache-2.0
//
// The sections about file systems beside each other, and about volumes that are opened.
//
// Threads: pure.
#include <algorithm>

#include "bench/report/html.h"
#include "bench/report/section.h"

namespace vexfs {
namespace {

std::string ratios_text(const Measurement& measurement) {
    std::string text;
    for (const PeerRatio& ratio : measurement.ratios)
        text += (text.empty() ? "" : ", ") + ratio.peer + " " + ratio_text(ratio.ratio);
    return text;
}

std::string share_text(const Measurement& measurement) {
    const Figure* share = measurement.figure("engine_share");
    return share == nullptr ? "" : quantity(share->median(), "share");
}

// "fio-read: ioengine=psync ...", of ours; the others do the same.
std::string job_text(const Measurement& measurement, const std::string& trial) {
    const std::string job = measurement.peer ? "" : measurement.text_of("job");
    return trial + (job.empty() ? "" : ": " + job);
}

std::string words_of(const std::string& figure) {
    if (figure == "mounted")
        return "volume open";
    if (figure == "linked")
        return "nothing pending";
    std::string words = figure;
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

} // namespace

std::string file_systems_of(const BenchRun& run, const Colours& colours) {
    Bars bars("operations a second of mounted file systems", "1/s");
    Table table({"where", "work", "a second", "engine's share of the time", "ours over"});
    Table latencies({"where", "work", "p50", "p90", "p99", "p99.9", "max"});
    for (const Measurement& one : run.measurements) {
        const Figure* throughput = one.figure("throughput");
        if (!one.benchmark.starts_with("fs.") || throughput == nullptr)
            continue;
        const std::string trial = one.benchmark.substr(3);
        bars.add(trial, one.subject, colours.of(one.subject), throughput->median());
        table.row({one.subject, trial + (one.peer ? "" : ": " + one.description),
                   figure_text(*throughput), share_text(one), ratios_text(one)},
                  !one.peer);
        if (one.figure("latency_p50") != nullptr)
            latencies.row({one.subject, job_text(one, trial), span_text(one, "latency_p50"),
                           median_text(one, "latency_p90"), median_text(one, "latency_p99"),
                           median_text(one, "latency_p99.9"), median_text(one, "latency_max")},
                          !one.peer);
    }
    if (table.empty())
        return "";
    return block("Operations a second", bars.html(), run) +
           block("File systems in turns", table.html(), run) +
           (latencies.empty() ? "" : block("Latencies of fio's jobs", latencies.html(), run));
}

// The figures that are times, each a group of bars.
std::string opens_of(const BenchRun& run) {
    Bars bars("a collection that is opened", "s");
    Table table({"after", "rows", "the volume is open", "first answer", "full speed",
                 "nothing pending", "recall", "rows pending"});
    std::string title;
    for (const Measurement& one : run.measurements) {
        if (one.benchmark != "open.collection")
            continue;
        const std::string stop = one.text_of("stop") == "clean" ? "a clean stop" : "SIGKILL";
        title = title_of(one);
        for (const Figure& figure : one.figures) {
            if (figure.unit == "s")
                bars.add(words_of(figure.name), "after " + stop, stop == "SIGKILL" ? 1 : 0,
                         figure.median());
        }
        table.row({stop, title, span_text(one, "mounted"), span_text(one, "first_answer"),
                   span_text(one, "full_speed"), span_text(one, "linked"), span_text(one, "recall"),
                   span_text(one, "pending")},
                  true);
    }
    if (table.empty())
        return "";
    return block(title, bars.html(), run) + block("Opened", table.html(), run);
}

} // namespace vexfs
