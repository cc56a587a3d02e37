// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench frontends`: what one search costs by each way in, and how much
// of that is not the index.
//
// Threads: one thread.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "bench/cli/command.h"
#include "bench/data/generate.h"
#include "bench/frontends/commands.h"
#include "bench/frontends/frontends_report.h"
#include "bench/frontends/ways.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Makes a collection twice, opens one image in this process and mounts the "
    "other through FUSE,\n"
    "and asks both for the same, one search at a time, by turns: in-process, "
    "by ioctl, by session.\n"
    "Outside the index is what the engine's own clock of the collection does "
    "not account for. It\n"
    "needs root and /dev/fuse, and takes away what it made.";

struct FrontendsOptions {
    std::string programs;
    uint64_t rows = 100'000;
    uint64_t dim = 128;
    uint64_t k = 10;
    uint64_t searches = 200;
    uint64_t rounds = 15;
    bool json = false;
};

void bind(Options& command, FrontendsOptions& options) {
    command.text("--programs", "DIR", "of mkfs.vexfs and vexfsd (beside this program)",
                 &options.programs);
    command.number("--rows", "N", "in the collection (100000)", 10, 10'000'000, &options.rows);
    command.number("--dim", "N", "of a vector (128)", 1, 2048, &options.dim);
    command.number("--k", "N", "hits of a search (10)", 1, 100, &options.k);
    command.number("--searches", "N", "of each way in a turn (200)", 1, 100'000, &options.searches);
    command.number("--rounds", "N", "turns (15)", 1, 1000, &options.rounds);
    command.flag("--json", "one JSON document", &options.json);
}

using Answers = std::vector<std::vector<uint32_t>>; // [query]: numbers of rows

double middle_of_samples(std::vector<uint64_t>& samples) {
    return static_cast<double>(percentile(samples, 50));
}

// Asks `count` queries from number `first` on, by that way, and adds a round to its figures. What a
// search spent in the collection is asked for after each: the middle of many is then that of most
// searches, whatever else the machine did in between.
Status take_turn(const WayOfSearch& way, const Matrix& queries, const Answers& truth,
                 uint64_t first, uint64_t count, WayFigures& figures) {
    uint64_t index_before = VEXFS_TRY(index_ns(way.node));
    std::vector<uint64_t> all;
    std::vector<uint64_t> outside;
    std::vector<uint32_t> rows;
    uint64_t right = 0;
    uint64_t wanted = 0;
    for (uint64_t i = 0; i < count; ++i) {
        const size_t query = (first + i) % queries.rows;
        const auto* const vector = reinterpret_cast<const float*>(queries.row(query));
        const auto began = std::chrono::steady_clock::now();
        VEXFS_TRY_VOID(way.search(vector, rows));
        const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
        const auto total_ns = static_cast<uint64_t>(took.count());
        const uint64_t index_after = VEXFS_TRY(index_ns(way.node));
        all.push_back(total_ns);
        outside.push_back(total_ns - std::min(total_ns, index_after - index_before));
        index_before = index_after;
        wanted += truth[query].size();
        for (const uint32_t row : rows)
            right += std::ranges::find(truth[query], row) != truth[query].end() ? 1 : 0;
    }
    figures.latency.push_back(latency_of(all));
    figures.outside_ns.push_back(middle_of_samples(outside));
    figures.outside_share.push_back(figures.outside_ns.back() /
                                    static_cast<double>(figures.latency.back().p50_ns));
    figures.recall.push_back(static_cast<double>(right) / static_cast<double>(wanted));
    return ok();
}

Result<Answers> exact_answers(vexfs_node* node, const Matrix& queries, uint32_t k) {
    Answers truth(queries.rows);
    for (size_t i = 0; i < queries.rows; ++i)
        VEXFS_TRY_VOID(search_exactly(node, queries.dim, k,
                                      reinterpret_cast<const float*>(queries.row(i)), truth[i]));
    return truth;
}

// The first turn of each way warms up and does not count.
Status measure(const FrontendsOptions& options, const Volumes& volumes, const Matrix& queries,
               FrontendsReport& report) {
    const auto k = static_cast<uint32_t>(options.k);
    const std::vector<WayOfSearch> ways = VEXFS_TRY(ways_of(volumes, queries.dim, k));
    const Answers truth = VEXFS_TRY(exact_answers(volumes.local(), queries, k));
    for (const WayOfSearch& way : ways)
        report.ways.push_back({way.name, {}, {}, {}, {}});
    for (uint64_t round = 0; round <= options.rounds; ++round) {
        for (size_t i = 0; i < ways.size(); ++i) {
            WayFigures warming;
            VEXFS_TRY_VOID(take_turn(ways[i], queries, truth, round * options.searches,
                                     options.searches, round == 0 ? warming : report.ways[i]));
        }
    }
    return ok();
}

Status run(const FrontendsOptions& options, FrontendsReport& report, std::string& explanation) {
    ClusteredShape shape;
    shape.rows = static_cast<uint32_t>(options.rows);
    shape.queries = static_cast<uint32_t>(std::min<uint64_t>(options.searches, 1000));
    shape.dim = static_cast<uint32_t>(options.dim);
    shape.latent_dim = std::min<uint32_t>(shape.latent_dim, shape.dim);
    shape.clusters = std::min<uint32_t>(shape.clusters, shape.rows);
    const VectorSet set = generate_clustered(shape);
    const auto volumes = VEXFS_TRY(Volumes::make(options.programs, set.base, explanation));
    return measure(options, *volumes, set.queries, report);
}

} // namespace

int run_frontends(std::span<const char* const> arguments) {
    FrontendsOptions options;
    Command command("frontends", "[options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    std::error_code unknown;
    if (options.programs.empty())
        options.programs = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
    FrontendsReport report;
    report.machine = this_machine();
    report.command = command_line(arguments);
    report.rows = options.rows;
    report.dim = options.dim;
    report.k = options.k;
    report.searches = options.searches;
    std::string explanation;
    const Status done = run(options, report, explanation);
    if (!done)
        return command.complain(explanation, done.error());
    return command.print(options.json ? json_of(results_of(report)) : text_of(report));
}

} // namespace vexfs
