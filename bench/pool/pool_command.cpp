// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench pool`: its options, and its report.
//
// Threads: one thread.
#include <algorithm>
#include <cstdio>

#include "bench/cli/command.h"
#include "bench/machine/machine.h"
#include "bench/pool/commands.h"
#include "bench/pool/object_sets.h"
#include "bench/result/result_file.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Puts the same objects into each pool driver: pieces of the text files below a folder and\n"
    "leaves of the tree that keeps them, compressed, and vectors. A density is the share of\n"
    "stored bytes in the pool's pages: freshly filled, with what is known of the objects besides\n"
    "(all), after half of them were replaced twice (churned), after half of them went (thinned),\n"
    "and then after a compaction. Times are of one operation, the middle of the rounds.";

struct PoolOptionsGiven {
    std::string from = ".";
    uint64_t copies = 8;
    uint64_t vector_mib = 8;
    uint64_t rounds = 5;
    uint64_t seed = 1;
    uint64_t processor = last_processor();
    bool json = false;
};

void bind(Options& command, PoolOptionsGiven& options) {
    command.text("--from", "DIR", "whose text files are compressed (.)", &options.from);
    command.number("--copies", "N", "of each compressed object (8)", 1, 1000, &options.copies);
    command.number("--vectors", "MIB", "of vectors of each kind (8)", 1, 4096, &options.vector_mib);
    command.number("--rounds", "N", "turns (5)", 1, 1000, &options.rounds);
    command.number("--seed", "N", "of the orders (1)", 0, UINT64_MAX, &options.seed);
    command.number("--core", "N", "processor to measure on (the last one)", 0, 1023,
                   &options.processor);
    command.flag("--json", "one JSON document", &options.json);
}

struct Compared {
    ObjectSet set;
    std::vector<PoolFigures> drivers;
};

Result<std::vector<ObjectSet>> object_sets(const PoolOptionsGiven& options) {
    const std::vector<SourceFile> files = VEXFS_TRY(read_sources(options.from));
    std::vector<ObjectSet> sets;
    for (const std::string_view codec : {"lz4", "zstd"}) {
        sets.push_back(VEXFS_TRY(node_objects(files, codec)));
        for (const size_t record_bytes : {4096, 16384, 65536})
            sets.push_back(VEXFS_TRY(record_objects(files, codec, record_bytes)));
    }
    for (ObjectSet& set : sets) {
        const std::vector<uint32_t> once = set.sizes;
        for (uint64_t i = 1; i < options.copies; ++i)
            set.sizes.insert(set.sizes.end(), once.begin(), once.end());
        set.source_bytes *= options.copies;
    }
    for (const std::string_view element : {"f32", "f16", "i8"})
        for (const uint32_t dim : {96, 128, 384, 768, 1024, 1536, 4096})
            sets.push_back(vector_objects(element, dim, options.vector_mib << 20));
    return sets;
}

Result<std::vector<Compared>> run(const PoolOptionsGiven& options) {
    const PoolPlan plan{static_cast<uint32_t>(options.rounds),
                        static_cast<uint32_t>(options.processor), options.seed};
    std::vector<Compared> all;
    for (ObjectSet& set : VEXFS_TRY(object_sets(options))) {
        std::fprintf(stderr, "measuring %s\n", set.name.c_str());
        std::vector<PoolFigures> drivers = VEXFS_TRY(run_pool_contest(set, plan));
        all.push_back({std::move(set), std::move(drivers)});
    }
    return all;
}

uint64_t stored_bytes(const ObjectSet& set) {
    uint64_t bytes = 0;
    for (const uint32_t size : set.sizes)
        bytes += size;
    return bytes;
}

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[256];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

std::string text_of(const BenchRun& run, const Machine& machine, const std::vector<Compared>& all) {
    std::string text = machine.processor + ", " + machine.kernel + ", commit " + machine.commit +
                       "\n" + run.command + "\n\n";
    text += format("%-25s %7s %7s %-9s %6s %6s %8s %8s %9s %7s %7s %7s %8s\n", "objects", "number",
                   "bytes", "driver", "fresh", "all", "churned", "thinned", "compacted", "malloc",
                   "map", "free", "ns/move");
    for (const auto& [set, drivers] : all)
        for (const PoolFigures& one : drivers)
            text += format("%-25s %7zu %7.0f %-9s %6.3f %6.3f %8.3f %8.3f %9.3f %7.0f %7.0f %7.0f "
                           "%8.0f\n",
                           set.name.c_str(), set.sizes.size(),
                           static_cast<double>(stored_bytes(set)) /
                               static_cast<double>(set.sizes.size()),
                           one.driver.data(), one.density, one.with_metadata, one.churned,
                           one.thinned, one.compacted, middle_of(one.malloc_ns),
                           middle_of(one.map_ns), middle_of(one.free_ns), one.compaction_ns);
    return text;
}

void add_measurements(BenchRun& run, const std::vector<Compared>& all) {
    for (const auto& [set, drivers] : all) {
        for (const PoolFigures& one : drivers) {
            Measurement found{"pool.objects",
                              std::string(one.driver),
                              false,
                              "",
                              {{"objects", set.name}},
                              {},
                              {}};
            found.add("objects", "count", Better::kNeither, static_cast<double>(set.sizes.size()));
            found.add("stored", "bytes", Better::kNeither, static_cast<double>(stored_bytes(set)));
            found.add("density", "share", Better::kMore, one.density);
            found.add("density_with_metadata", "share", Better::kMore, one.with_metadata);
            found.add("density_churned", "share", Better::kMore, one.churned);
            found.add("density_thinned", "share", Better::kMore, one.thinned);
            found.add("density_compacted", "share", Better::kMore, one.compacted);
            found.add("malloc", "ns", Better::kLess, one.malloc_ns);
            found.add("map", "ns", Better::kLess, one.map_ns);
            found.add("free", "ns", Better::kLess, one.free_ns);
            run.measurements.push_back(std::move(found));
        }
    }
}

} // namespace

int run_pool(std::span<const char* const> arguments) {
    PoolOptionsGiven options;
    Command command("pool", "[options]", kSummary);
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
