// SPDX-License-Identifier: Apache-2.0
//
// What was put below a mount, and what a search should find of it: by brute force over the files
// that somebody else names.
//
// Threads: values; a process reads what it forked from another one's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"

namespace vexfs {

struct KnownRow {
    std::vector<float> vector;
    uint64_t tag = 0;
    bool stale = false;
};

struct KnownFile {
    uint64_t collection = 0; // inode of its directory; 0 until rows were put
    std::map<std::string, std::string> xattrs;
    std::vector<KnownRow> rows;
};

enum class KnownMetric : uint8_t { kL2, kCosine, kDot };

// What find(1) says of a file, as the user that it ran as.
struct SeenFile {
    uint64_t size = 0;
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::vector<std::string> paths; // from the directory that was asked
};
using SeenFiles = std::map<uint64_t, SeenFile>; // by inode

// A filter as text, and as what it means.
struct KnownFilter {
    using Passes = std::function<bool(const SeenFile& seen, const KnownFile& file, uint32_t row)>;

    std::string text; // "": none
    Passes passes;
};
KnownFilter any_filter(Random& random, int depth);

struct KnownHit {
    float distance = 0;
    uint64_t ino = 0;
    uint32_t row = 0;

    // NOLINTNEXTLINE(modernize-use-nullptr): it sees the 0 that the comparison is made with
    friend auto operator<=>(const KnownHit&, const KnownHit&) = default;
};

class Oracle {
  public:
    Oracle(uint32_t dim, KnownMetric metric) : dim_(dim), metric_(metric) {}

    [[nodiscard]] uint32_t dim() const { return dim_; }
    [[nodiscard]] KnownMetric metric() const { return metric_; }
    [[nodiscard]] size_t rows_of(uint64_t collection) const;
    [[nodiscard]] float distance(const float* a, const std::vector<float>& b) const;
    // Every row of the collection whose file is seen and that passes, nearest first; of each file
    // its nearest alone, if so wished.
    [[nodiscard]] std::vector<KnownHit> matching(const SeenFiles& seen, uint64_t collection,
                                                 const KnownFilter& filter, const float* query,
                                                 bool per_file) const;

    std::map<uint64_t, KnownFile> files; // by inode; one that has gone may stay

  private:
    const uint32_t dim_;
    const KnownMetric metric_;
};

} // namespace vexfs
