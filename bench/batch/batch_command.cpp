// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench batch`: its options, and its report.
//
// Threads: one thread.
#include <algorithm>
#include <cstdio>

#include "bench/batch/batch_contest.h"
#include "bench/batch/commands.h"
#include "bench/cli/command.h"
#include "bench/machine/machine.h"
#include "bench/result/result_file.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Searches one index in memory for the same queries, one by one and in batches, by turns: by\n"
    "scanning codes, and as the planner thinks best. A walk is asked for each query twice in a\n"
    "row: what it gains by that is more than walks of a batch could share.";

struct BatchOptions {
    std::vector<uint64_t> rows{1'000, 10'000, 100'000};
    uint64_t dim = 128;
    uint64_t latent = 24;
    uint64_t queries = 512;
    uint64_t k = 10;
    uint64_t ef = 64;
    uint64_t size = 16;
    uint64_t rounds = 9;
    uint64_t processor = last_processor();
    bool json = false;
};

void bind(Options& command, BatchOptions& options) {
    command.numbers("--rows", "N,N,...", "in the index (1000,10000,100000)", 100, 100'000'000,
                    &options.rows);
    command.number("--dim", "N", "of a vector (128)", 1, index::kMaxDim, &options.dim);
    command.number("--latent", "N", "dimensions of the latent space (24)", 1, index::kMaxDim,
                   &options.latent);
    command.number("--queries", "N", "of a round (512)", 1, 1'000'000, &options.queries);
    command.number("--k", "N", "neighbours of a query (10)", 1, 1000, &options.k);
    command.number("--ef", "N", "effort of a walk (64)", 1, 100'000, &options.ef);
    command.number("--size", "N", "queries of a batch (16)", 1, 4096, &options.size);
    command.number("--rounds", "N", "turns (9)", 1, 1000, &options.rounds);
    command.number("--core", "N", "processor to measure on (the last one)", 0, 1023,
                   &options.processor);
    command.flag("--json", "one JSON document", &options.json);
}

Result<std::vector<BatchFigures>> run(const BatchOptions& options) {
    std::vector<BatchFigures> all;
    for (const uint64_t rows : options.rows) {
        ClusteredShape shape;
        shape.rows = static_cast<uint32_t>(rows);
        shape.queries = static_cast<uint32_t>(options.queries);
        shape.dim = static_cast<uint32_t>(options.dim);
        shape.latent_dim = static_cast<uint32_t>(std::min(options.latent, options.dim));
        shape.clusters = std::min(shape.clusters, shape.rows);
        const BatchPlan plan{static_cast<uint32_t>(options.k), static_cast<uint32_t>(options.ef),
                             static_cast<uint32_t>(options.size),
                             static_cast<uint32_t>(options.rounds),
                             static_cast<uint32_t>(options.processor)};
        std::fprintf(stderr, "measuring %u rows\n", shape.rows);
        for (BatchFigures& way : VEXFS_TRY(run_batch_contest(generate_clustered(shape), plan)))
            all.push_back(std::move(way));
    }
    return all;
}

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[256];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

std::string text_of(const BenchRun& run, const Machine& machine,
                    const std::vector<BatchFigures>& ways) {
    std::string text = machine.processor + ", " + machine.kernel + ", commit " + machine.commit +
                       "\n" + run.command + "\n\n";
    text += format("%10s %-11s %8s %9s %12s %9s %9s   %s\n", "rows", "way", "alone us", "recall",
                   "", "us", "recall", "alone over it");
    for (const BatchFigures& way : ways) {
        const Ratio ratio = ratio_of(way.alone_ns, way.together_ns);
        text += format("%10llu %-11s %8.2f %9.4f %12s %9.2f %9.4f   %.2fx (%.2f..%.2f)\n",
                       static_cast<unsigned long long>(way.rows), way.way.c_str(),
                       middle_of(way.alone_ns) / 1000, way.recall_alone, way.together.c_str(),
                       middle_of(way.together_ns) / 1000, way.recall_together, ratio.middle,
                       ratio.low, ratio.high);
    }
    return text;
}

void add_measurements(BenchRun& run, const BatchOptions& options,
                      const std::vector<BatchFigures>& ways) {
    for (const BatchFigures& way : ways) {
        const std::vector<Parameter> parameters{{"way", way.way},       {"rows", way.rows},
                                                {"dim", options.dim},   {"k", options.k},
                                                {"size", options.size}, {"ef", options.ef}};
        Measurement alone{"batch.search", "one by one", true, "", parameters, {}, {}};
        alone.add("time", "ns", Better::kLess, way.alone_ns);
        alone.add("recall", "share", Better::kMore, way.recall_alone);
        Measurement together{"batch.search", way.together, false, "", parameters, {}, {}};
        together.add("time", "ns", Better::kLess, way.together_ns);
        together.add("recall", "share", Better::kMore, way.recall_together);
        together.ratios.push_back({"time", "one by one", ratio_of(way.alone_ns, way.together_ns)});
        run.measurements.push_back(std::move(alone));
        run.measurements.push_back(std::move(together));
    }
}

} // namespace

int run_batch(std::span<const char* const> arguments) {
    BatchOptions options;
    Command command("batch", "[options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    const Result<std::vector<BatchFigures>> ways = run(options);
    if (!ways)
        return command.complain("", ways.error());
    const Machine machine = this_machine();
    BenchRun found;
    found.command = command_line(arguments);
    add_measurements(found, options, *ways);
    return command.print(options.json ? json_of({machine, {found}})
                                      : text_of(found, machine, *ways));
}

} // namespace vexfs
