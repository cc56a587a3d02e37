// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench cache`: recorded traces, played to each policy of the cache.
//
// Threads: one thread.
#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "bench/cli/command.h"
#include "bench/machine/machine.h"
#include "bench/pool/cache_record.h"
#include "bench/pool/commands.h"
#include "bench/result/result_file.h"
#include "userlib/pool/cache/arc.h"
#include "userlib/pool/cache/cache_trace.h"
#include "userlib/pool/cache/s3_fifo.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Plays what vexfsd --cache-trace recorded, or what is recorded here while files are read, to\n"
    "each policy of the cache, with budgets of a share of all that the trace touches, and counts\n"
    "what is found. The figures of a trace are the same on every machine.";

struct CacheBenchOptions {
    std::string traces; // with commas between them
    std::string record; // a prefix of names; empty: nothing is recorded
    std::string from = ".";
    uint64_t reads = 20'000;
    uint64_t seed = 1;
    std::vector<uint64_t> percents{5, 10, 25, 50, 75};
    bool json = false;
};

void bind(Options& command, CacheBenchOptions& options) {
    command.text("--trace", "FILE,...", "recorded by vexfsd --cache-trace", &options.traces);
    command.text("--record", "PREFIX", "write traces of files being read, and play them",
                 &options.record);
    command.text("--from", "DIR", "whose text files are read to record (.)", &options.from);
    command.number("--reads", "N", "files that are read for a trace (20000)", 1, 100'000'000,
                   &options.reads);
    command.number("--seed", "N", "of their order (1)", 0, UINT64_MAX, &options.seed);
    command.numbers("--percents", "N,...", "of what a trace touches, as budget (5,10,25,50,75)", 1,
                    100, &options.percents);
    command.flag("--json", "one JSON document", &options.json);
}

struct Trace {
    std::string name;
    std::vector<CacheAccess> accesses;
    size_t bytes = 0;     // of all that it touches
    uint64_t lookups = 0; // and of these, what could be found at all
    uint64_t repeated = 0;
};

struct Played {
    double hits = 0; // share of the lookups
    double bytes = 0;
};

struct CacheFigures {
    const Trace* trace = nullptr;
    uint64_t percent = 0;
    size_t budget = 0;
    std::vector<std::pair<CachePolicy, Played>> played;
};

Result<Trace> load(const std::string& path) {
    Trace trace;
    trace.name = path.substr(path.rfind('/') + 1);
    trace.accesses = accesses_of(VEXFS_TRY(read_cache_trace(path)));
    std::unordered_map<uint64_t, uint32_t> sizes;
    for (const CacheAccess& access : trace.accesses) {
        const bool first = sizes.insert_or_assign(access.key, access.bytes).second;
        if (access.how != CacheAccess::How::kLookUp)
            continue;
        ++trace.lookups;
        trace.repeated += first ? 0 : 1;
    }
    for (const auto& [key, bytes] : sizes)
        trace.bytes += bytes;
    if (trace.lookups == 0)
        return fail(Code::kEINVAL, "cache: the trace has no lookups");
    return trace;
}

Played play(const Trace& trace, Cache<char>& cache) {
    using Past = Cache<char>::Past;
    const auto value = std::make_shared<const char>();
    uint64_t hits = 0;
    double bytes = 0;
    double all_bytes = 0;
    for (const CacheAccess& access : trace.accesses) {
        if (access.how == CacheAccess::How::kPut) {
            cache.put(access.key, value, access.bytes);
        } else if (access.how == CacheAccess::How::kAhead) {
            if (!cache.contains(access.key))
                cache.put(access.key, value, access.bytes, nullptr, Past::kAhead);
        } else {
            const bool found = cache.get(access.key) != nullptr;
            if (!found)
                cache.put(access.key, value, access.bytes);
            hits += found ? 1 : 0;
            bytes += found ? access.bytes : 0;
            all_bytes += access.bytes;
        }
    }
    return {static_cast<double>(hits) / static_cast<double>(trace.lookups), bytes / all_bytes};
}

CacheFigures measure(const Trace& trace, uint64_t percent) {
    CacheFigures figures{&trace, percent, trace.bytes / 100 * percent, {}};
    S3Fifo<char> fifo(figures.budget);
    Arc<char> arc(figures.budget);
    figures.played.emplace_back(CachePolicy::kS3Fifo, play(trace, fifo));
    figures.played.emplace_back(CachePolicy::kArc, play(trace, arc));
    return figures;
}

Result<std::vector<Trace>> load_all(const std::string& paths) {
    std::vector<Trace> traces;
    for (size_t begin = 0; begin < paths.size();) {
        const size_t end = std::min(paths.find(',', begin), paths.size());
        traces.push_back(VEXFS_TRY(load(paths.substr(begin, end - begin))));
        begin = end + 1;
    }
    return traces;
}

std::string text_of(const BenchRun& run, const std::vector<CacheFigures>& all) {
    std::string text = run.command + "\n\n";
    char line[256];
    std::snprintf(line, sizeof line, "%-20s %9s %9s %6s %7s %8s %8s %8s %8s\n", "trace", "lookups",
                  "touches", "budget", "at most", "s3fifo", "arc", "bytes", "bytes");
    text += line;
    for (const CacheFigures& one : all) {
        const Trace& trace = *one.trace;
        std::snprintf(line, sizeof line,
                      "%-20s %9llu %5.1f MiB %5llu%% %7.4f %8.4f %8.4f %8.4f %8.4f\n",
                      trace.name.c_str(), static_cast<unsigned long long>(trace.lookups),
                      static_cast<double>(trace.bytes) / (1 << 20),
                      static_cast<unsigned long long>(one.percent),
                      static_cast<double>(trace.repeated) / static_cast<double>(trace.lookups),
                      one.played[0].second.hits, one.played[1].second.hits,
                      one.played[0].second.bytes, one.played[1].second.bytes);
        text += line;
    }
    return text;
}

void add_measurements(BenchRun& run, const std::vector<CacheFigures>& all) {
    for (const CacheFigures& one : all) {
        for (const auto& [policy, played] : one.played) {
            Measurement found{"cache.trace",
                              "vexfs",
                              false,
                              "",
                              {{"trace", one.trace->name},
                               {"percent", one.percent},
                               {"policy", std::string(name_of(policy))}},
                              {},
                              {}};
            found.add("hits", "share", Better::kMore, played.hits);
            found.add("byte_hits", "share", Better::kMore, played.bytes);
            run.measurements.push_back(std::move(found));
        }
    }
}

} // namespace

int run_cache(std::span<const char* const> arguments) {
    CacheBenchOptions options;
    Command command("cache", "--trace FILE,... [options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    if (options.traces.empty() == options.record.empty())
        return command.complain("it is either --trace or --record", 2);
    if (!options.record.empty()) {
        const auto recorded =
            record_traces(options.from, options.record, options.reads, options.seed);
        if (!recorded)
            return command.complain(options.from, recorded.error());
        for (const std::string& path : *recorded)
            options.traces += (options.traces.empty() ? "" : ",") + path;
    }
    const Result<std::vector<Trace>> traces = load_all(options.traces);
    if (!traces)
        return command.complain(options.traces, traces.error());
    std::vector<CacheFigures> all;
    for (const Trace& trace : *traces)
        for (const uint64_t percent : options.percents)
            all.push_back(measure(trace, percent));
    BenchRun found;
    found.command = command_line(arguments);
    add_measurements(found, all);
    return command.print(options.json ? json_of({this_machine(), {found}}) : text_of(found, all));
}

} // namespace vexfs
