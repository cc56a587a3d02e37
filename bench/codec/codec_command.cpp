// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench codec`: its options, and its report.
//
// Threads: one thread.
#include <algorithm>
#include <cstdio>

#include "bench/cli/command.h"
#include "bench/codec/codec_contest.h"
#include "bench/codec/commands.h"
#include "bench/data/formats.h"
#include "bench/data/generate.h"
#include "bench/machine/machine.h"
#include "bench/result/result_file.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Compresses blocks of 64 KiB as the store does: the text files below a folder, generated\n"
    "vectors in several precisions, those of a file, and the links of a graph. `auto` is what a\n"
    "collection does unasked: float32 are narrowed where that is exact, and stay readable one by\n"
    "one. `numbers` narrows and lays bytes of equal significance side by side before the codec.";

struct CodecOptions {
    std::string from = ".";
    std::string vectors;
    uint64_t rows = 20'000;
    uint64_t dim = 128;
    uint64_t rounds = 5;
    uint64_t processor = last_processor();
    bool json = false;
};

void bind(Options& command, CodecOptions& options) {
    command.text("--from", "DIR", "whose text files are compressed (.)", &options.from);
    command.text("--vectors", "FILE", "fbin, u8bin, fvecs, npy: more vectors", &options.vectors);
    command.number("--rows", "N", "generated, or read of the file (20000)", 100, 10'000'000,
                   &options.rows);
    command.number("--dim", "N", "of generated vectors (128)", 1, index::kMaxDim, &options.dim);
    command.number("--rounds", "N", "turns (5)", 1, 1000, &options.rounds);
    command.number("--core", "N", "processor to measure on (the last one)", 0, 1023,
                   &options.processor);
    command.flag("--json", "one JSON document", &options.json);
}

Result<std::vector<BlockSet>> block_sets(const CodecOptions& options) {
    ClusteredShape shape;
    shape.rows = static_cast<uint32_t>(options.rows);
    shape.queries = 1;
    shape.dim = static_cast<uint32_t>(options.dim);
    shape.latent_dim = std::min(shape.latent_dim, shape.dim);
    shape.clusters = std::min(shape.clusters, shape.rows);
    const Matrix generated = generate_clustered(shape).base;
    std::vector<BlockSet> sets;
    sets.push_back(VEXFS_TRY(text_blocks(options.from)));
    for (BlockSet& set : vector_blocks("vectors", generated))
        sets.push_back(std::move(set));
    if (!options.vectors.empty())
        for (BlockSet& set :
             vector_blocks("file", VEXFS_TRY(read_vectors(options.vectors, options.rows))))
            sets.push_back(std::move(set));
    sets.push_back(VEXFS_TRY(link_blocks(generated)));
    std::erase_if(sets, [](const BlockSet& set) { return set.blocks() == 0; });
    return sets;
}

struct Compared {
    std::string name;
    size_t blocks = 0;
    std::vector<CodecFigures> ways;
};

Result<std::vector<Compared>> run(const CodecOptions& options) {
    const CodecPlan plan{static_cast<uint32_t>(options.rounds),
                         static_cast<uint32_t>(options.processor)};
    std::vector<Compared> all;
    for (const BlockSet& set : VEXFS_TRY(block_sets(options))) {
        std::fprintf(stderr, "measuring %s\n", set.name.c_str());
        all.push_back({set.name, set.blocks(), VEXFS_TRY(run_codec_contest(set, plan))});
    }
    return all;
}

std::string speed_text(const std::vector<double>& bytes_a_second) {
    char text[32] = "-";
    if (!bytes_a_second.empty())
        std::snprintf(text, sizeof text, "%.2f", middle_of(bytes_a_second) / 1e9);
    return text;
}

std::string text_of(const BenchRun& run, const Machine& machine, const std::vector<Compared>& all) {
    std::string text = machine.processor + ", " + machine.kernel + ", commit " + machine.commit +
                       "\n" + run.command + "\n\n";
    char line[256];
    std::snprintf(line, sizeof line, "%-20s %7s  %-14s %7s %7s %9s %9s\n", "blocks", "number",
                  "way", "share", "on disk", "in GB/s", "out GB/s");
    text += line;
    for (const auto& [name, blocks, ways] : all)
        for (const CodecFigures& one : ways) {
            std::snprintf(line, sizeof line, "%-20s %7zu  %-14s %7.3f %7.3f %9s %9s\n",
                          name.c_str(), blocks, one.way.c_str(), one.share, one.disk_share,
                          speed_text(one.encode).c_str(), speed_text(one.decode).c_str());
            text += line;
        }
    return text;
}

void add_measurements(BenchRun& run, const std::vector<Compared>& all) {
    for (const auto& [name, blocks, ways] : all)
        for (const CodecFigures& one : ways) {
            Measurement made{
                "codec.block", one.way, false, "", {{"blocks", name}, {"number", blocks}}, {}, {}};
            made.add("share", "share", Better::kLess, one.share);
            made.add("disk_share", "share", Better::kLess, one.disk_share);
            made.add("encode", "bytes/s", Better::kMore, one.encode);
            if (!one.decode.empty())
                made.add("decode", "bytes/s", Better::kMore, one.decode);
            run.measurements.push_back(std::move(made));
        }
}

} // namespace

int run_codec(std::span<const char* const> arguments) {
    CodecOptions options;
    Command command("codec", "[options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    const Result<std::vector<Compared>> all = run(options);
    if (!all)
        return command.complain("", all.error());
    const Machine machine = this_machine();
    BenchRun found;
    found.command = command_line(arguments);
    add_measurements(found, *all);
    return command.print(options.json ? json_of({machine, {found}})
                                      : text_of(found, machine, *all));
}

} // namespace vexfs
