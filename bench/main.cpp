// SPDX-License-Identifier: Apache-2.0
//
// vexfs-bench: one program for every benchmark, a sub-command each.
//
// Threads: one thread.
#include <cstdio>
#include <span>
#include <string_view>

#include "bench/ann/commands.h"
#include "bench/batch/commands.h"
#include "bench/codec/commands.h"
#include "bench/compare/commands.h"
#include "bench/frontends/commands.h"
#include "bench/fs/commands.h"
#include "bench/grid/commands.h"
#include "bench/instructions/commands.h"
#include "bench/open/commands.h"
#include "bench/pool/commands.h"
#include "bench/report/commands.h"
#include "bench/store/commands.h"
#include "bench/vectors/commands.h"

namespace {

struct Command {
    const char* name;
    const char* summary;
    int (*run)(std::span<const char* const> arguments);
};

constexpr Command kCommands[] = {
    {"ann", "the index against hnswlib or FAISS, at equal recall", vexfs::run_ann},
    {"ann-data", "generate a set of vectors with exact answers", vexfs::run_ann_data},
    {"batch", "searches in batches against the same one by one", vexfs::run_batch},
    {"cache", "recorded traces, played to each policy of the cache", vexfs::run_cache},
    {"codec", "what block codecs make of text, vectors and links, and how fast", vexfs::run_codec},
    {"compare", "what got better or worse between two files of results", vexfs::run_compare},
    {"frontends", "searches and inserts in-process, by ioctl and by session", vexfs::run_frontends},
    {"fs", "a mounted VexFS against ext4 and a FUSE passthrough", vexfs::run_fs},
    {"grid", "the index over rows, dimensions and filters; can be interrupted", vexfs::run_grid},
    {"instructions", "what small fixed pieces of work take, beside recorded counts",
     vexfs::run_instructions},
    {"open", "a collection after a clean stop and after a kill", vexfs::run_open},
    {"pool", "the pool drivers beside each other: density, time of an operation", vexfs::run_pool},
    {"report", "one HTML page of a file of results", vexfs::run_report},
    {"store", "the store against LMDB and RocksDB: commits, bulk load, open", vexfs::run_store},
    {"tier", "reads of the store with a cold tier in its cache, and without", vexfs::run_tier},
    {"vectors", "searches of a collection whose vectors do not fit the cache", vexfs::run_vectors},
};

void print_help(std::FILE* to) {
    std::fputs("usage: vexfs-bench COMMAND [options]\n\n", to);
    for (const Command& command : kCommands)
        std::fprintf(to, "  %-12s %s\n", command.name, command.summary);
    std::fputs("\nvexfs-bench COMMAND --help tells the options of a command.\n", to);
}

} // namespace

int main(int argc, char** argv) {
    const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
    if (arguments.size() < 2) {
        print_help(stderr);
        return 2;
    }
    const std::string_view name = arguments[1];
    if (name == "--help" || name == "-h") {
        print_help(stdout);
        return 0;
    }
    for (const Command& command : kCommands) {
        if (name == command.name)
            return command.run(arguments);
    }
    std::fprintf(stderr, "vexfs-bench: '%s' is no command; --help lists them\n", arguments[1]);
    return 2;
}
