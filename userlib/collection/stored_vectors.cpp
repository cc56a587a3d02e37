// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/stored_vectors.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace vexfs {

namespace {

// Of what is read at once: a record of the store.
constexpr size_t kWindowBytes = 65536;

} // namespace

bool is_damage(const Error& error) {
    return error.code == Code::kEIO || error.code == Code::kEUCLEAN || error.code == Code::kEBADMSG;
}

Status StoredVectors::read_window(std::span<const uint32_t> slots, Page& buffer, const Visit& visit,
                                  const std::function<void(uint32_t slot)>& damaged,
                                  ReadWidth width) const {
    const uint32_t first = slots.front();
    const uint32_t count = slots.back() - first + 1;
    buffer.resize(size_t{count} * vector_bytes_);
    const Status whole = read(first, count, buffer, width);
    if (!whole && !is_damage(whole.error()))
        return whole;
    std::vector<uint32_t> sound;
    std::vector<const std::byte*> places;
    sound.reserve(slots.size());
    places.reserve(slots.size());
    for (const uint32_t slot : slots) {
        const MutableBytes place =
            MutableBytes(buffer).subspan((slot - first) * vector_bytes_, vector_bytes_);
        if (const Status one = whole ? ok() : read(slot, 1, place); !one) {
            if (!is_damage(one.error()))
                return one;
            damaged(slot);
            continue;
        }
        sound.push_back(slot);
        places.push_back(place.data());
    }
    return sound.empty() ? ok() : visit(sound, places.data());
}

Status StoredVectors::read_each(std::span<const uint32_t> slots, Page& buffer, const Visit& visit,
                                const std::function<void(uint32_t slot)>& damaged,
                                ReadWidth width) const {
    const auto slots_of_window =
        static_cast<uint32_t>(std::max<size_t>(1, kWindowBytes / vector_bytes_));
    while (!slots.empty()) {
        const auto past = std::ranges::find_if(
            slots, [&](uint32_t slot) { return slot - slots.front() >= slots_of_window; });
        const auto count = static_cast<size_t>(past - slots.begin());
        VEXFS_TRY_VOID(read_window(slots.first(count), buffer, visit, damaged, width));
        slots = slots.subspan(count);
    }
    return ok();
}

Status RankingSource::exact_distances(const index::VectorView& query,
                                      std::span<const uint32_t> slots, std::span<float> out) const {
    std::vector<uint32_t> order(slots.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](uint32_t i) { return slots[i]; });
    sorted_.clear();
    for (const uint32_t i : order)
        sorted_.push_back(slots[i]);
    size_t next = 0; // of the order
    const auto measure = [&](std::span<const uint32_t> some, const std::byte* const* vectors) {
        distances_.resize(some.size());
        distance_.to_rows(query.data, vectors, some.size(), distances_.data());
        for (size_t i = 0; i < some.size(); ++i) {
            while (sorted_[next] != some[i])
                ++next;
            out[order[next]] = distances_[i];
        }
        return ok();
    };
    std::ranges::fill(out, std::numeric_limits<float>::infinity());
    return vectors_.read_each(
        sorted_, buffer_, measure, [&](uint32_t slot) { damaged_.push_back(slot); }, width_);
}

} // namespace vexfs
