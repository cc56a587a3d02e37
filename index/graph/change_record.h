// SPDX-License-Identifier: Apache-2.0
//
// Changes of a graph as bytes: what a log of changes and an exported graph are made of.
//
// OFFSET  SIZE  MEANING (little-endian)
//      0     1  kind: 1 links, 2 duplicate, 3 released, 4 entry
//      1     1  level (links), else 0
//      2     2  count of links that follow; duplicate: 1, the row it is found through; else 0
//      4     4  slot; of an entry kNoLink: the graph is empty
//      8   4*n  slots
//
// Written by ChangeWriter, checked by GraphLoader when read. Integrity (checksums) is the business
// of whoever stores the bytes.
//
// Threads: ChangeWriter locks inside; the functions are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "index/graph/change_sink.h"

namespace vexfs::index {

enum class ChangeKind : uint8_t { kNeighbours = 1, kDuplicate = 2, kReleased = 3, kEntry = 4 };

constexpr size_t kChangeHeadBytes = 8;

struct ChangeHead {
    uint8_t kind;
    uint8_t level;
    uint16_t count;
    uint32_t slot;
};

// The head of the next record; EBADMSG if the bytes end inside it.
Result<ChangeHead> read_change_head(ByteReader& reader);

// A sink that keeps all changes in memory, in order.
class ChangeWriter : public ChangeSink {
  public:
    void links_changed(uint32_t slot, uint32_t level, std::span<const uint32_t> links) override;
    void duplicate_added(uint32_t slot, uint32_t shared) override;
    void row_released(uint32_t slot) override;
    void entry_changed(uint32_t slot) override;

    // What was written since the last call. ENOMEM: there was no memory for some of it, and all of
    // it is gone.
    Result<std::vector<std::byte>> take() VEXFS_EXCLUDES(mutex_);

  private:
    void append(ChangeKind kind, uint32_t level, uint32_t slot, std::span<const uint32_t> links)
        VEXFS_EXCLUDES(mutex_);

    Mutex mutex_;
    std::vector<std::byte> bytes_ VEXFS_GUARDED_BY(mutex_);
    Status whole_ VEXFS_GUARDED_BY(mutex_) = ok();
};

} // namespace vexfs::index
