// SPDX-License-Identifier: Apache-2.0
#include "bench/store/store_report.h"

#include <cstdio>

#include "bench/ratio/ratio.h"

namespace vexfs {

namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[512];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double microseconds(uint64_t ns) {
    return static_cast<double>(ns) / 1e3;
}

std::string text_of_ratio(const Ratio& ratio) {
    return format("%.2fx (%.2f..%.2f)", ratio.middle, ratio.low, ratio.high);
}

// "lmdb 2.11x (2.05..2.30), rocksdb ..." for the figures that `pick` takes from a store.
template <typename Pick>
std::string ratios(const StoreReport& report, Pick pick) {
    std::string text;
    for (size_t i = 1; i < report.stores.size(); ++i)
        text += (i == 1 ? "" : ", ") + report.stores[i].name + " " +
                text_of_ratio(ratio_of(pick(report.stores[i]), pick(report.stores[0])));
    return text.empty() ? text : "  their time over ours: " + text + "\n";
}

std::string text_of_loads(const StoreReport& report) {
    std::string text =
        format("\nbulk load of %llu puts, order: ", static_cast<unsigned long long>(report.keys)) +
        report.order + "\n  store         seconds   puts/s  disk bytes/put  disk flushes\n";
    for (const StoreFigures& store : report.stores) {
        const double seconds = middle_of(store.load.seconds);
        text += format("  %-12s %8.2f %8.0f %15.0f %13llu\n", store.name.c_str(), seconds,
                       static_cast<double>(report.keys) / seconds,
                       share(store.load.disk.write_bytes, report.keys),
                       static_cast<unsigned long long>(store.load.disk.flushes));
    }
    return text + ratios(report, [](const StoreFigures& store) { return store.load.seconds; });
}

std::string text_of_opens(const StoreReport& report, const char* title,
                          OpenFigures StoreFigures::*which) {
    std::string text = std::string("\nopen and first answer, ") + title +
                       "\n  store              ms  puts in the log  own reads   own KiB read\n";
    for (const StoreFigures& store : report.stores) {
        const OpenFigures& open = store.*which;
        text += format("  %-12s %8.2f %16llu", store.name.c_str(), middle_of(open.milliseconds),
                       static_cast<unsigned long long>(open.synced_puts));
        text += open.counts.reads == 0
                    ? "          -              -\n"
                    : format(" %10llu %14llu\n", static_cast<unsigned long long>(open.counts.reads),
                             static_cast<unsigned long long>(open.counts.read_bytes / 1024));
    }
    return text +
           ratios(report, [&](const StoreFigures& store) { return (store.*which).milliseconds; });
}

std::string text_of_commits(const StoreReport& report) {
    std::string text =
        "\nsynced commits; writes, bytes and flushes are those of the whole disk, per commit\n"
        "  pattern  puts  store           p50 us    p99 us    puts/s  writes    bytes flushes\n";
    const size_t cells = report.stores[0].commits.size();
    for (size_t cell = 0; cell < cells; ++cell) {
        for (const StoreFigures& store : report.stores) {
            const CommitFigures& commit = store.commits[cell];
            text += format("  %-7s %5llu  %-12s %9.0f %9.0f %9.0f %7.2f %8.0f %7.2f\n",
                           commit.pattern.c_str(), static_cast<unsigned long long>(commit.size),
                           store.name.c_str(), microseconds(commit.all.p50_ns),
                           microseconds(commit.all.p99_ns), commit.puts_per_second,
                           share(commit.disk.writes, commit.commits),
                           share(commit.disk.write_bytes, commit.commits),
                           share(commit.disk.flushes, commit.commits));
        }
        const CommitFigures& ours = report.stores[0].commits[cell];
        text += format("  ours by its own count: %.3f writes, %.0f bytes, %.3f flushes a commit\n",
                       share(ours.counts.writes, ours.commits),
                       share(ours.counts.write_bytes, ours.commits),
                       share(ours.counts.flushes, ours.commits));
        text += ratios(report, [cell](const StoreFigures& store) {
            return medians_of(store.commits[cell].rounds);
        });
    }
    return text;
}

std::string text_of_stalls(const StoreReport& report) {
    std::string text = format("\nthe longest that a writer waits while %llu MiB of data commit\n"
                              "  data placed     longest ms  commit ms\n",
                              static_cast<unsigned long long>(StoreReport::kStallBytes >> 20));
    for (const StallFigures& stall : report.stalls)
        text += format("  %-14s %11.2f %10.1f\n", stall.placed.c_str(), middle_of(stall.longest_ms),
                       middle_of(stall.commit_ms));
    return text + "  the first over the second: " +
           text_of_ratio(ratio_of(report.stalls[0].longest_ms, report.stalls[1].longest_ms)) + "\n";
}

} // namespace

std::vector<double> medians_of(const std::vector<Latency>& rounds) {
    std::vector<double> medians;
    for (const Latency& round : rounds)
        medians.push_back(static_cast<double>(round.p50_ns));
    return medians;
}

std::string text_of(const StoreReport& report) {
    std::string text = "vexfs-bench store, commit " + report.machine.commit + "\n";
    text += "command: " + report.command + "\n";
    text += "machine: " + report.machine.processor +
            format(", %u processors, ", report.machine.processors) + report.machine.kernel + "\n";
    text += "disk: " + report.disk + "; each store has " +
            format("%.2f GiB\n", static_cast<double>(report.size_bytes) / (1 << 30));
    for (const StoreFigures& store : report.stores)
        text += "  " + store.description + "\n";
    text += format("a bare 4 KiB write with fdatasync: p50 %.0f us, p99 %.0f us; no synced commit "
                   "can be faster\n",
                   microseconds(report.bare.p50_ns), microseconds(report.bare.p99_ns));
    text += text_of_loads(report);
    text += text_of_opens(report, "after a clean stop", &StoreFigures::clean);
    text += text_of_opens(report, "after SIGKILL with a full log", &StoreFigures::killed);
    return text + text_of_commits(report) + text_of_stalls(report);
}

} // namespace vexfs
