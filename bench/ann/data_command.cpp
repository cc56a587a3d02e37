// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench ann-data`: writes a generated set to files.
//
// Threads: one thread; exact answers are computed by all processors.
#include <cstdio>
#include <string>

#include "bench/ann/ann_data.h"
#include "bench/ann/commands.h"
#include "bench/cli/command.h"
#include "bench/data/formats.h"
#include "bench/data/generate.h"

namespace vexfs {
namespace {

constexpr const char* kSummary =
    "Generates clustered vectors of a stated latent dimension and writes PREFIX.base.fbin,\n"
    "PREFIX.query.fbin and PREFIX.truth.ibin (exact answers). The same seed gives the same files.";

struct DataOptions {
    std::string prefix;
    uint64_t rows = 100'000;
    uint64_t queries = 2'000;
    uint64_t dim = 128;
    uint64_t latent = 24;
    uint64_t clusters = 1'000;
    double noise = 5;
    bool raw_length = false;
    std::string metric = "l2";
    uint64_t depth = 100;
    uint64_t seed = 1;

    void bind(Options& options) {
        options.text("--out", "PREFIX", "beginning of the files' names", &prefix);
        options.number("--rows", "N", "rows (100,000)", 1, UINT32_MAX, &rows);
        options.number("--queries", "N", "queries (2,000)", 1, UINT32_MAX, &queries);
        options.number("--dim", "N", "dimensions (128)", 1, index::kMaxDim, &dim);
        options.number("--latent", "N", "dimensions of the latent space (24)", 1, index::kMaxDim,
                       &latent);
        options.number("--clusters", "N", "clusters (1,000)", 1, UINT32_MAX, &clusters);
        options.real("--noise", "PERCENT", "white noise relative to the signal (5)", 0, 1000,
                     &noise);
        options.flag("--raw-length", "do not scale rows to length 1", &raw_length);
        options.choice("--metric", "distance of the exact answers (l2)", {"l2", "cosine", "dot"},
                       &metric);
        options.number("--depth", "N", "exact answers per query (100)", 1, 1000, &depth);
        options.number("--seed", "N", "seed (1)", 0, UINT64_MAX, &seed);
    }
};

int generate(const Command& command, const DataOptions& options) {
    ClusteredShape shape;
    shape.rows = static_cast<uint32_t>(options.rows);
    shape.queries = static_cast<uint32_t>(options.queries);
    shape.dim = static_cast<uint32_t>(options.dim);
    shape.latent_dim = static_cast<uint32_t>(options.latent);
    shape.clusters = static_cast<uint32_t>(options.clusters);
    shape.noise_percent = options.noise;
    shape.normalised = !options.raw_length;
    shape.seed = options.seed;
    const VectorSet set = generate_clustered(shape);
    AnnOptions measured;
    measured.metric = options.metric;
    const ExactDistance distance(measured.metric_value(), set.base, set.queries);
    const auto depth = static_cast<uint32_t>(std::min(options.depth, options.rows));
    const Truth truth = exact_truth(distance, depth, nullptr, all_processors());
    const std::string base = options.prefix + ".base.fbin";
    const std::string query = options.prefix + ".query.fbin";
    const std::string answers = options.prefix + ".truth.ibin";
    for (const auto& [path, written] :
         {std::pair<const std::string&, Status>{base, write_vectors(base, set.base)},
          {query, write_vectors(query, set.queries)},
          {answers, write_truth(answers, truth)}}) {
        if (!written)
            return command.complain("--out " + path, written.error());
        std::printf("%s\n", path.c_str());
    }
    return 0;
}

} // namespace

int run_ann_data(std::span<const char* const> arguments) {
    DataOptions options;
    Command command("ann-data", "--out PREFIX [options]", kSummary);
    options.bind(command);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    if (options.prefix.empty())
        return command.complain("--out is missing", 2);
    return generate(command, options);
}

} // namespace vexfs
