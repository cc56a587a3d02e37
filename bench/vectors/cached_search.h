// SPDX-License-Identifier: Apache-2.0
//
// A collection in an image file, searched with caches that hold more or less of its vectors.
//
// Threads: one thread; the collection links with more.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/data/generate.h"
#include "bench/data/truth.h"
#include "userlib/collection/collection.h"
#include "userlib/device/file_device.h"
#include "userlib/device/scratch_file.h"
#include "userlib/device/stats_device.h"

namespace vexfs {

// What searches came to with one cache.
struct CachedSearchFigures {
    double us = 0;         // the middle one
    double per_second = 0; // of all
    double recall = 0;     // at 10
    double cached = 0;     // share of the blocks of vectors that were found in memory
    double reads = 0;      // Ios of the device for each search
    double read_bytes = 0;
};

class CachedSearch {
  public:
    // Puts all rows of the set, which outlives it, and links them.
    static Result<std::unique_ptr<CachedSearch>> make(const VectorSet& set, CompressKind compress);

    // What vectors take as they were put, and as they are stored.
    [[nodiscard]] uint64_t plain_bytes() const { return set_.base.bytes.size(); }
    [[nodiscard]] Result<uint64_t> stored_bytes();

    // Searches with the first half of the queries, and measures the second. The cache begins empty.
    Result<CachedSearchFigures> measure(uint64_t cache_bytes);

  private:
    explicit CachedSearch(const VectorSet& set);
    Status fill(CompressKind compress);
    Result<RowSearchReport> search(size_t number, std::vector<RowHit>& hits);

    const VectorSet& set_;
    const ExactDistance distance_;
    const Truth truth_;
    ScratchDirectory scratch_;
    std::unique_ptr<FileDevice> file_;
    std::unique_ptr<StatsDevice> device_;
    std::unique_ptr<Store> store_;
    CollectionEntry entry_;
    std::unique_ptr<Collection> rows_;
};

} // namespace vexfs
