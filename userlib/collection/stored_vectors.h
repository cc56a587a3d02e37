// SPDX-License-Identifier: Apache-2.0
//
// The vectors of a collection as an object of the store: that of slot s at s times their size.
//
// Threads: any thread, as the store.
#pragma once

#include <atomic>
#include <functional>

#include "index/kernels/distance.h"
#include "index/kernels/vector_source.h"
#include "userlib/collection/slot_set.h"
#include "userlib/store/store.h"

namespace vexfs {

// Whether the error says that what was read is damaged, and nothing about anything else.
bool is_damage(const Error& error);

class StoredVectors {
  public:
    StoredVectors(Store& store, uint64_t oid, size_t vector_bytes)
        : store_(store), oid_(oid), vector_bytes_(vector_bytes) {}

    [[nodiscard]] size_t vector_bytes() const { return vector_bytes_; }
    [[nodiscard]] uint64_t oid() const { return oid_; }

    // The vectors of `count` slots from `first` on.
    Status read(uint32_t first, uint32_t count, MutableBytes out) const;

    // How single vectors are best read, of so many slots: with all around them, so that they come
    // from the cache next time, if most of the cache can hold all.
    [[nodiscard]] ReadWidth width(uint32_t slots) const {
        return uint64_t{slots} * vector_bytes_ <= store_.room_for_records() ? ReadWidth::kRecord
                                                                            : ReadWidth::kPiece;
    }

    using Visit =
        std::function<Status(std::span<const uint32_t> slots, const std::byte* const* vectors)>;
    // What becomes of the vectors of many slots.
    struct Reading {
        Page& buffer; // for them, while they are visited
        Visit visit;
        std::function<void(uint32_t slot)> damaged; // instead, if it cannot be read
        ReadWidth width = ReadWidth::kPiece;
        BlockCounts* counts = nullptr; // added to
    };
    // Hands over the vectors of slots that ascend, some at a time and in no order. Those that lie
    // close together are read as one piece, the others in one batch.
    Status read_each(std::span<const uint32_t> slots, const Reading& reading) const;

    // Of all that was read.
    [[nodiscard]] BlockCounts counts() const { return {cached_.load(), read_.load()}; }

  private:
    Result<BlockCounts> read_pieces(std::span<PieceRead> pieces, ReadWidth width) const;
    Status read_for(const Reading& reading, std::span<PieceRead> pieces) const;
    Status read_window(std::span<const uint32_t> slots, const Reading& reading) const;
    Status read_apart(std::span<const uint32_t> slots, const Reading& reading) const;

    Store& store_;
    const uint64_t oid_;
    const size_t vector_bytes_;
    mutable std::atomic<uint64_t> cached_ = 0;
    mutable std::atomic<uint64_t> read_ = 0;
};

// What one search re-ranks by. A row whose vector is damaged is infinitely far and noted.
// Threads: one thread.
class RankingSource final : public index::VectorSource {
  public:
    RankingSource(const StoredVectors& vectors, ReadWidth width, const index::Distance& distance)
        : vectors_(vectors), width_(width), distance_(distance) {}

    Status exact_distances(const index::VectorView& query, std::span<const uint32_t> slots,
                           std::span<float> out) const override;

    [[nodiscard]] const std::vector<uint32_t>& damaged() const { return damaged_; }
    [[nodiscard]] const BlockCounts& counts() const { return counts_; }
    [[nodiscard]] uint64_t rank_ns() const { return rank_ns_; }

  private:
    const StoredVectors& vectors_;
    const ReadWidth width_;
    const index::Distance& distance_;
    // exact_distances() is const for sources that many searches share; this one has one search.
    mutable std::vector<uint32_t> damaged_;
    mutable std::vector<uint32_t> sorted_;
    mutable std::vector<float> distances_;
    mutable Page buffer_;
    mutable BlockCounts counts_;
    mutable uint64_t rank_ns_ = 0;
};

} // namespace vexfs
