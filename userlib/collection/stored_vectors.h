// SPDX-License-Identifier: Apache-2.0
//
// The vectors of a collection as an object of the store: that of slot s at s times their size.
//
// Threads: any thread, as the store.
#pragma once

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
    Status read(uint32_t first, uint32_t count, MutableBytes out,
                ReadWidth width = ReadWidth::kPiece) const {
        return store_.read(oid_, uint64_t{first} * vector_bytes_, out.first(count * vector_bytes_),
                           width);
    }

    // How single vectors are best read, of so many slots: with all around them, so that they come
    // from the cache next time, if most of the cache can hold all.
    [[nodiscard]] ReadWidth width(uint32_t slots) const {
        return uint64_t{slots} * vector_bytes_ <= store_.cache_bytes() / 4 * 3 ? ReadWidth::kRecord
                                                                               : ReadWidth::kPiece;
    }

    // Reads slots that ascend, those that lie close together at once, and hands them over as
    // (slots, a pointer to the vector of each). One that is damaged goes to `damaged` instead.
    using Visit =
        std::function<Status(std::span<const uint32_t> slots, const std::byte* const* vectors)>;
    Status read_each(std::span<const uint32_t> slots, Page& buffer, const Visit& visit,
                     const std::function<void(uint32_t slot)>& damaged,
                     ReadWidth width = ReadWidth::kPiece) const;

  private:
    Status read_window(std::span<const uint32_t> slots, Page& buffer, const Visit& visit,
                       const std::function<void(uint32_t slot)>& damaged, ReadWidth width) const;

    Store& store_;
    const uint64_t oid_;
    const size_t vector_bytes_;
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

  private:
    const StoredVectors& vectors_;
    const ReadWidth width_;
    const index::Distance& distance_;
    // exact_distances() is const for sources that many searches share; this one has one search.
    mutable std::vector<uint32_t> damaged_;
    mutable std::vector<uint32_t> sorted_;
    mutable std::vector<float> distances_;
    mutable Page buffer_;
};

} // namespace vexfs
