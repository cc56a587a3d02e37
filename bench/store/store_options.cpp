// SPDX-License-Identifier: Apache-2.0
#include "bench/store/store_options.h"

#include <algorithm>

namespace vexfs {

namespace {

// Two copies of a put in nodes that are two thirds full, twice as much again for what waits to be
// reused, and room for what the commits add.
constexpr uint64_t kBytesPerKey = 1200;
constexpr uint64_t kLeastBytes = uint64_t{256} << 20;
constexpr uint64_t kImageUnitBytes = uint64_t{1} << 20;

} // namespace

void StoreBenchOptions::bind(Options& options) {
    options.text("--dir", "D", "where the stores are made, and removed again (.)", &folder);
    options.number("--keys", "N", "puts of the bulk load (3,000,000)", 100, 100'000'000, &keys);
    options.real("--seconds", "S", "per store, size and pattern of commits (2)", 0.01, 3600,
                 &seconds);
    options.number("--rounds", "N", "into which the seconds are cut (5)", 1, 1000, &rounds);
    options.number("--loads", "N", "bulk loads of each store (1)", 1, 100, &loads);
    options.number("--kills", "N", "clean stops and kills of each store (3)", 1, 100, &kills);
    options.numbers("--sizes", "N,N,...", "puts per commit (1,16,64,256)", 1, 10'000, &sizes);
    options.choice("--peer", "measured side by side (all)", {"lmdb", "rocksdb", "all", "none"},
                   &peer);
    options.choice("--order", "of the bulk load: file by file, or scattered (files)",
                   {"files", "random"}, &order);
    options.number("--seed", "N", "seed of everything that is drawn (1)", 0, UINT64_MAX, &seed);
    options.flag("--json", "report as JSON", &json);
}

std::vector<const StoreKind*> StoreBenchOptions::kinds() const {
    std::vector<const StoreKind*> kinds = {&kVexfsStore};
    if (peer == "lmdb" || peer == "all")
        kinds.push_back(&kLmdbStore);
    if (peer == "rocksdb" || peer == "all")
        kinds.push_back(&kRocksdbStore);
    return kinds;
}

uint64_t StoreBenchOptions::size_bytes() const {
    return round_up(std::max(kLeastBytes, keys * kBytesPerKey), kImageUnitBytes);
}

} // namespace vexfs
