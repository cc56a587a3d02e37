// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/shared_queue.h"

#include <array>
#include <bit>
#include <cstddef>
#include <iterator>

namespace vexfs {

static_assert(sizeof(vexfs_areas::in) == VEXFS_QUEUE_AREA);
static_assert(sizeof(vexfs_areas::out) == VEXFS_QUEUE_AREA);

Result<SharedQueue> SharedQueue::over(MutableBytes memory, uint32_t slots) {
    if (slots == 0 || slots > VEXFS_QUEUE_MAX_SLOTS)
        return fail(Code::kEPROTO, "queue: that many slots cannot be");
    if (memory.size() < sizeof(vexfs_queue_memory) + slots * sizeof(vexfs_areas))
        return fail(Code::kEPROTO, "queue: the memory is too short for its slots");
    return SharedQueue(memory.data(), slots);
}

uint32_t SharedQueue::queued(uint32_t position) const {
    const uint32_t index = position % std::size(memory_->sq);
    return Word(memory_->sq[index]).load(std::memory_order_relaxed);
}

// Word by word, so that a module that changes its mind is read once all the same.
vexfs_request SharedQueue::request(uint32_t slot) const {
    constexpr size_t kWords = sizeof(vexfs_request) / sizeof(uint64_t);
    auto* const from = reinterpret_cast<uint64_t*>(&memory_->slot[slot].request);
    std::array<uint64_t, kWords> words{};
    for (size_t i = 0; i < kWords; ++i)
        words[i] = std::atomic_ref<uint64_t>(from[i]).load(std::memory_order_relaxed);
    return std::bit_cast<vexfs_request>(words);
}

Bytes SharedQueue::in_area(uint32_t slot) const {
    return std::as_bytes(std::span(areas_[slot].in));
}

MutableBytes SharedQueue::out_area(uint32_t slot) const {
    return std::as_writable_bytes(std::span(areas_[slot].out));
}

uint32_t SharedQueue::state(uint32_t slot) const {
    return Word(memory_->slot[slot].reply.state).load(std::memory_order_acquire);
}

// The lowest byte of the word: the queue is little-endian.
const uint8_t* SharedQueue::cancelled(uint32_t slot) const {
    return reinterpret_cast<const uint8_t*>(&memory_->slot[slot].client.cancel);
}

// The client stores `waiting` and then looks at the state; here it is the other way round. Both do
// so in the one order of sequential consistency, so one of the two sees the other.
bool SharedQueue::answer(uint32_t slot, int32_t result, uint32_t out_bytes) const {
    vexfs_slot& shared = memory_->slot[slot];
    std::atomic_ref<int32_t>(shared.reply.result).store(result, std::memory_order_relaxed);
    Word(shared.reply.out_bytes).store(out_bytes, std::memory_order_relaxed);
    Word(shared.reply.state).store(VEXFS_SLOT_DONE);
    return Word(shared.client.waiting).load() != 0;
}

void SharedQueue::set_polling(bool polling, uint32_t cpu) const {
    Word(memory_->engine.cpu).store(cpu, std::memory_order_relaxed);
    Word(memory_->engine.polling).store(polling ? 1 : 0, std::memory_order_release);
}

} // namespace vexfs
