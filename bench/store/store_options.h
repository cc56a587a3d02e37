// SPDX-License-Identifier: Apache-2.0
//
// What `vexfs-bench store` is asked to measure.
//
// Threads: a value.
#pragma once

#include <string>
#include <vector>

#include "bench/cli/options.h"
#include "bench/store/key_value_store.h"

namespace vexfs {

struct StoreBenchOptions {
    std::string folder = ".";
    uint64_t keys = 3'000'000;
    double seconds = 2;
    uint64_t rounds = 5;
    uint64_t loads = 1;
    uint64_t kills = 3;
    std::vector<uint64_t> sizes = {1, 16, 64, 256};
    std::string peer = "all";
    std::string order = "files";
    uint64_t seed = 1;
    bool json = false;

    void bind(Options& options);
    // Ours first.
    [[nodiscard]] std::vector<const StoreKind*> kinds() const;
    // What each store may grow to.
    [[nodiscard]] uint64_t size_bytes() const;
};

} // namespace vexfs
