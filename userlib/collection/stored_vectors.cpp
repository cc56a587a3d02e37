// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/stored_vectors.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "userlib/collection/stopwatch.h"

namespace vexfs {

namespace {

// Of what is read at once: a record of the store.
constexpr size_t kWindowBytes = 65536;
// Of a window so much is wanted, or its vectors are read one by one.
constexpr uint32_t kDenseShare = 4;
// So many at a time.
constexpr size_t kApartMax = 256;

} // namespace

bool is_damage(const Error& error) {
    return error.code == Code::kEIO || error.code == Code::kEUCLEAN || error.code == Code::kEBADMSG;
}

Result<BlockCounts> StoredVectors::read_pieces(std::span<PieceRead> pieces, ReadWidth width) const {
    const BlockCounts counts = VEXFS_TRY(store_.read(oid_, pieces, width));
    cached_ += counts.cached;
    read_ += counts.read;
    return counts;
}

Status StoredVectors::read_for(const Reading& reading, std::span<PieceRead> pieces) const {
    const BlockCounts counts = VEXFS_TRY(read_pieces(pieces, reading.width));
    if (reading.counts != nullptr)
        *reading.counts += counts;
    return ok();
}

Status StoredVectors::read(uint32_t first, uint32_t count, MutableBytes out) const {
    PieceRead all{uint64_t{first} * vector_bytes_, out.first(count * vector_bytes_), ok()};
    VEXFS_TRY(read_pieces({&all, 1}, ReadWidth::kPiece));
    return all.status;
}

Status StoredVectors::read_apart(std::span<const uint32_t> slots, const Reading& reading) const {
    Page& buffer = reading.buffer;
    buffer.resize(slots.size() * vector_bytes_);
    std::vector<PieceRead> pieces;
    pieces.reserve(slots.size());
    for (size_t i = 0; i < slots.size(); ++i)
        pieces.push_back({uint64_t{slots[i]} * vector_bytes_,
                          MutableBytes(buffer).subspan(i * vector_bytes_, vector_bytes_), ok()});
    VEXFS_TRY_VOID(read_for(reading, pieces));
    std::vector<uint32_t> sound;
    std::vector<const std::byte*> places;
    sound.reserve(slots.size());
    places.reserve(slots.size());
    for (size_t i = 0; i < slots.size(); ++i) {
        if (pieces[i].status) {
            sound.push_back(slots[i]);
            places.push_back(pieces[i].out.data());
        } else if (is_damage(pieces[i].status.error())) {
            reading.damaged(slots[i]);
        } else {
            return pieces[i].status;
        }
    }
    return sound.empty() ? ok() : reading.visit(sound, places.data());
}

Status StoredVectors::read_window(std::span<const uint32_t> slots, const Reading& reading) const {
    const uint32_t first = slots.front();
    reading.buffer.resize(size_t{slots.back() - first + 1} * vector_bytes_);
    PieceRead whole{uint64_t{first} * vector_bytes_, reading.buffer, ok()};
    VEXFS_TRY_VOID(read_for(reading, {&whole, 1}));
    if (!whole.status && is_damage(whole.status.error()))
        return read_apart(slots, reading);
    VEXFS_TRY_VOID(whole.status);
    std::vector<const std::byte*> places;
    places.reserve(slots.size());
    for (const uint32_t slot : slots)
        places.push_back(reading.buffer.data() + (slot - first) * vector_bytes_);
    return reading.visit(slots, places.data());
}

Status StoredVectors::read_each(std::span<const uint32_t> slots, const Reading& reading) const {
    const auto slots_of_window =
        static_cast<uint32_t>(std::max<size_t>(1, kWindowBytes / vector_bytes_));
    std::vector<uint32_t> apart;
    while (!slots.empty()) {
        const auto past = std::ranges::find_if(
            slots, [&](uint32_t slot) { return slot - slots.front() >= slots_of_window; });
        const auto window = slots.first(static_cast<size_t>(past - slots.begin()));
        slots = slots.subspan(window.size());
        if (window.size() * kDenseShare > window.back() - window.front()) {
            VEXFS_TRY_VOID(read_window(window, reading));
            continue;
        }
        apart.insert(apart.end(), window.begin(), window.end());
        if (apart.size() >= kApartMax) {
            VEXFS_TRY_VOID(read_apart(apart, reading));
            apart.clear();
        }
    }
    return apart.empty() ? ok() : read_apart(apart, reading);
}

Status RankingSource::exact_distances(const index::VectorView& query,
                                      std::span<const uint32_t> slots, std::span<float> out) const {
    const Stopwatch watch(rank_ns_);
    std::vector<uint32_t> order(slots.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](uint32_t i) { return slots[i]; });
    sorted_.clear();
    for (const uint32_t i : order)
        sorted_.push_back(slots[i]);
    const auto measure = [&](std::span<const uint32_t> some, const std::byte* const* vectors) {
        distances_.resize(some.size());
        distance_.to_rows(query.data, vectors, some.size(), distances_.data());
        size_t next = 0; // of the order
        for (size_t i = 0; i < some.size(); ++i) {
            while (sorted_[next] != some[i])
                ++next;
            out[order[next]] = distances_[i];
        }
        return ok();
    };
    const auto note_damage = [&](uint32_t slot) {
        damaged_.push_back(slot);
    };
    std::ranges::fill(out, std::numeric_limits<float>::infinity());
    return vectors_.read_each(sorted_, {buffer_, measure, note_damage, width_, &counts_});
}

} // namespace vexfs
