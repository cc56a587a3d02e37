// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench vectors`: searches of a collection whose vectors do not fit the cache.
//
// Threads: one thread.
#include <array>
#include <bit>
#include <cstdio>

#include "bench/cli/command.h"
#include "bench/machine/machine.h"
#include "bench/result/result_file.h"
#include "bench/vectors/cached_search.h"
#include "bench/vectors/commands.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Makes collections in image files, which are read past the cache of the system, and searches\n"
    "them for the 10 nearest with caches of several sizes: of what the vectors take as float32, "
    "and\n"
    "2 MiB for all else. Half of the queries fill the cache, the other half are measured. The\n"
    "vectors are float32 as a model may make them, and the same rounded to bfloat16, as they were\n"
    "put and narrowed.";

constexpr std::array kPercents{100, 50, 25, 10, 0};
constexpr uint64_t kBesideBytes = uint64_t{2} << 20;

struct VectorsOptions {
    uint64_t rows = 30'000;
    uint64_t dim = 384;
    uint64_t queries = 2000;
    uint64_t rounds = 3;
    bool json = false;
};

struct Setting {
    const char* data;
    const char* compress;
    CompressKind kind;
    bool rounded;
};
constexpr std::array kSettings{Setting{"float32", "none", CompressKind::kNone, false},
                               Setting{"bfloat16", "none", CompressKind::kNone, true},
                               Setting{"bfloat16", "auto", CompressKind::kAuto, true}};

struct Cell {
    const Setting* setting = nullptr;
    int percent = 0;
    uint64_t plain_bytes = 0;
    uint64_t stored_bytes = 0;
    std::vector<CachedSearchFigures> rounds;
};

void bind(Options& command, VectorsOptions& options) {
    command.number("--rows", "N", "in each collection (30000)", 2000, 10'000'000, &options.rows);
    command.number("--dim", "N", "of a vector (384)", 8, 4096, &options.dim);
    command.number("--queries", "N", "two halves (2000)", 20, 1'000'000, &options.queries);
    command.number("--rounds", "N", "through all caches (3)", 1, 100, &options.rounds);
    command.flag("--json", "one JSON document", &options.json);
}

void round_to_bfloat16(Matrix& matrix) {
    for (size_t at = 0; at + 4 <= matrix.bytes.size(); at += 4) {
        uint32_t bits = 0;
        std::memcpy(&bits, matrix.bytes.data() + at, 4);
        bits = (bits + 0x8000U) & 0xffff0000U;
        std::memcpy(matrix.bytes.data() + at, &bits, 4);
    }
}

Result<std::vector<Cell>> run(const VectorsOptions& options) {
    ClusteredShape shape;
    shape.rows = static_cast<uint32_t>(options.rows);
    shape.queries = static_cast<uint32_t>(options.queries);
    shape.dim = static_cast<uint32_t>(options.dim);
    shape.latent_dim = std::min(shape.latent_dim, shape.dim);
    const VectorSet plain = generate_clustered(shape);
    VectorSet rounded = plain;
    round_to_bfloat16(rounded.base);
    std::vector<Cell> cells;
    for (const Setting& setting : kSettings) {
        std::fprintf(stderr, "making %s, compress=%s\n", setting.data, setting.compress);
        const auto made =
            VEXFS_TRY(CachedSearch::make(setting.rounded ? rounded : plain, setting.kind));
        const size_t first = cells.size();
        for (const int percent : kPercents)
            cells.push_back(
                {&setting, percent, made->plain_bytes(), VEXFS_TRY(made->stored_bytes()), {}});
        for (uint64_t round = 0; round < options.rounds; ++round)
            for (size_t i = first; i < cells.size(); ++i)
                cells[i].rounds.push_back(VEXFS_TRY(made->measure(
                    made->plain_bytes() / 100 * static_cast<uint64_t>(cells[i].percent) +
                    kBesideBytes)));
    }
    return cells;
}

std::vector<double> of(const Cell& cell, double CachedSearchFigures::*value) {
    std::vector<double> values;
    for (const CachedSearchFigures& round : cell.rounds)
        values.push_back(round.*value);
    return values;
}

std::string text_of(const BenchRun& run, const Machine& machine, const std::vector<Cell>& cells) {
    std::string text = machine.processor + ", " + machine.kernel + ", commit " + machine.commit +
                       "\n" + run.command + "\n\n";
    char line[256];
    std::snprintf(line, sizeof line, "%-9s %-8s %11s %6s %10s %10s %7s %7s %9s %11s\n", "vectors",
                  "compress", "stored MiB", "cache", "middle us", "a second", "recall", "cached",
                  "reads", "read bytes");
    text += line;
    for (const Cell& cell : cells) {
        const auto middle = [&](double CachedSearchFigures::*value) {
            return middle_of(of(cell, value));
        };
        std::snprintf(
            line, sizeof line, "%-9s %-8s %11.1f %5d%% %10.1f %10.0f %7.4f %7.3f %9.2f %11.0f\n",
            cell.setting->data, cell.setting->compress,
            static_cast<double>(cell.stored_bytes) / (1 << 20), cell.percent,
            middle(&CachedSearchFigures::us), middle(&CachedSearchFigures::per_second),
            middle(&CachedSearchFigures::recall), middle(&CachedSearchFigures::cached),
            middle(&CachedSearchFigures::reads), middle(&CachedSearchFigures::read_bytes));
        text += line;
    }
    return text;
}

void add_measurements(BenchRun& run, const VectorsOptions& options,
                      const std::vector<Cell>& cells) {
    for (const Cell& cell : cells) {
        Measurement found{"vectors.search",
                          "vexfs",
                          false,
                          "searches of a collection with a cache of this share of its vectors",
                          {{"rows", options.rows},
                           {"dim", options.dim},
                           {"vectors", cell.setting->data},
                           {"compress", cell.setting->compress},
                           {"percent", cell.percent}},
                          {},
                          {}};
        found.add("throughput", "1/s", Better::kMore, of(cell, &CachedSearchFigures::per_second));
        found.add("recall", "share", Better::kMore, of(cell, &CachedSearchFigures::recall));
        found.add("cached", "share", Better::kMore, of(cell, &CachedSearchFigures::cached));
        found.add("device_reads", "count", Better::kLess, of(cell, &CachedSearchFigures::reads));
        found.add("device_bytes", "bytes", Better::kLess,
                  of(cell, &CachedSearchFigures::read_bytes));
        found.add("stored", "bytes", Better::kLess, static_cast<double>(cell.stored_bytes));
        run.measurements.push_back(std::move(found));
    }
}

} // namespace

int run_vectors(std::span<const char* const> arguments) {
    VectorsOptions options;
    Command command("vectors", "[options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    const Machine machine = this_machine();
    BenchRun told{command_line(arguments), "the images lie in the folder of temporary files", {}};
    const Result<std::vector<Cell>> cells = run(options);
    if (!cells)
        return command.complain("", cells.error());
    add_measurements(told, options, *cells);
    return command.print(options.json ? json_of({machine, {told}})
                                      : text_of(told, machine, *cells));
}

} // namespace vexfs
