// SPDX-License-Identifier: Apache-2.0
#include "index/graph/scratch.h"

#include <algorithm>
#include <cstring>

namespace vexfs::index {
namespace {

constexpr uint32_t kTouchedMin = 4 * kMaxFresh;
// Lanes may write this many words beyond what they append.
constexpr uint32_t kTouchedSlack = 64;

} // namespace

Status Scratch::prepare_walk(uint32_t rows, uint32_t capacity) {
    const uint32_t limit = std::min(round_up<uint32_t>(rows + 1, kRowsPerPage), kMaxSlots);
    const uint32_t words = limit / 32;
    VEXFS_TRY_VOID(pool_distances_.reserve(size_t{capacity} + kPoolSlack));
    VEXFS_TRY_VOID(pool_nodes_.reserve(size_t{capacity} + kPoolSlack));
    VEXFS_TRY_VOID(visited_words_.reserve(words));
    // A list as long as an eighth of the words is as dear to clear as the words themselves.
    VEXFS_TRY_VOID(touched_.reserve(std::max(kTouchedMin, words / 8) + kTouchedSlack));
    visited_.words = visited_words_.data();
    visited_.limit = limit;
    visited_.touched = touched_.data();
    visited_.touched_capacity = static_cast<uint32_t>(touched_.size()) - kTouchedSlack;
    return ok();
}

Status Scratch::prepare_selection(CodeShape shape, uint32_t candidates) {
    const size_t query_bytes = code_query_bytes(shape);
    VEXFS_TRY_VOID(records.reserve(candidates));
    VEXFS_TRY_VOID(record_distances.reserve(candidates));
    VEXFS_TRY_VOID(record_nodes.reserve(candidates));
    VEXFS_TRY_VOID(sort_keys.reserve(candidates));
    VEXFS_TRY_VOID(origin.reserve(query_bytes));
    VEXFS_TRY_VOID(pivot.reserve(query_bytes));
    return decoded.reserve(query_bytes);
}

Status Scratch::prepare_answers(size_t slots) {
    VEXFS_TRY_VOID(answer_slots.reserve(slots));
    VEXFS_TRY_VOID(answer_distances.reserve(slots));
    return answers.reserve(slots);
}

Walk Scratch::start_walk(const GraphView& view, const int8_t* query, uint32_t ef,
                         uint32_t capacity) {
    Walk walk{};
    walk.view = &view;
    walk.query = query;
    walk.ef = ef;
    walk.capacity = capacity;
    walk.width = kMaxWidth;
    walk.distances = pool_distances_.data();
    walk.nodes = pool_nodes_.data();
    walk.visited = &visited_;
    walk.distance_budget = UINT64_MAX;
    return walk;
}

void Scratch::end_walk() {
    if (visited_.overflowed) {
        std::memset(visited_.words, 0, size_t{visited_.limit} / 8);
    } else {
        for (uint32_t i = 0; i < visited_.touched_count; ++i)
            visited_.words[visited_.touched[i] / 32] = 0;
    }
    visited_.touched_count = 0;
    visited_.overflowed = false;
}

size_t Scratch::bytes() const {
    return records.bytes() + record_distances.bytes() + record_nodes.bytes() + sort_keys.bytes() +
           origin.bytes() + pivot.bytes() + decoded.bytes() + answer_slots.bytes() +
           answer_distances.bytes() + answers.bytes() + pool_distances_.bytes() +
           pool_nodes_.bytes() + visited_words_.bytes() + touched_.bytes();
}

} // namespace vexfs::index
