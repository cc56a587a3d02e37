// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/shared_queue.h"

#include <array>
#include <bit>
#include <cstddef>

namespace vexfs {

namespace {

constexpr uint64_t kLineBytes = 64;

bool is_area(uint32_t bytes) {
    return bytes >= VEXFS_QUEUE_MIN_AREA && bytes <= VEXFS_QUEUE_MAX_AREA &&
           bytes % VEXFS_QUEUE_MIN_AREA == 0;
}

// Whether `count` pieces of `bytes` lie in the memory from `offset` on. None of them overflows: an
// area, a stride and a count are small.
bool fits(MutableBytes memory, uint64_t offset, uint64_t count, uint64_t bytes, uint64_t unit) {
    return offset % unit == 0 && offset <= memory.size() && count * bytes <= memory.size() - offset;
}

bool is_laid_out(MutableBytes memory, const vexfs_queue_header& header) {
    return std::has_single_bit(header.slots) && header.slots <= VEXFS_QUEUE_MAX_SLOTS &&
           is_area(header.in_bytes) && is_area(header.out_bytes) &&
           header.slot_stride >= sizeof(vexfs_slot) && header.slot_stride % kLineBytes == 0 &&
           fits(memory, header.tail_offset, 1, sizeof(vexfs_queue_tail), kLineBytes) &&
           fits(memory, header.engine_offset, 1, sizeof(vexfs_queue_engine), kLineBytes) &&
           fits(memory, header.sq_offset, header.slots, sizeof(uint32_t), sizeof(uint32_t)) &&
           fits(memory, header.slot_offset, header.slots, header.slot_stride, kLineBytes) &&
           fits(memory, header.in_offset, header.slots, header.in_bytes, kLineBytes) &&
           fits(memory, header.out_offset, header.slots, header.out_bytes, kLineBytes) &&
           fits(memory, header.arena_offset, header.arena_blocks, VEXFS_QUEUE_ARENA_BLOCK,
                kLineBytes);
}

} // namespace

Result<SharedQueue> SharedQueue::over(MutableBytes memory, uint32_t queue, uint64_t epoch) {
    vexfs_queue_header header;
    if (memory.size() < sizeof header)
        return fail(Code::kEPROTO, "queue: the memory is too short for its header");
    std::memcpy(&header, memory.data(), sizeof header);
    if (header.magic != VEXFS_QUEUE_MAGIC || header.abi != VEXFS_QUEUE_ABI)
        return fail(Code::kEPROTO, "queue: the module speaks another version");
    if (header.queue != queue || header.epoch != epoch)
        return fail(Code::kEPROTO, "queue: the memory is that of another queue");
    if (!is_laid_out(memory, header))
        return fail(Code::kEPROTO, "queue: the layout is impossible");
    return SharedQueue(memory, header);
}

uint32_t SharedQueue::queued(uint32_t position) const {
    const uint32_t index = position & (header_.slots - 1);
    return word(header_.sq_offset + uint64_t{index} * sizeof(uint32_t))
        .load(std::memory_order_relaxed);
}

// Word by word, so that a module that changes its mind is read once all the same.
vexfs_request SharedQueue::request(uint32_t slot) const {
    constexpr size_t kWords = sizeof(vexfs_request) / sizeof(uint64_t);
    auto* const from =
        reinterpret_cast<uint64_t*>(memory_.data() + slot_at(slot) + offsetof(vexfs_slot, request));
    std::array<uint64_t, kWords> words{};
    for (size_t i = 0; i < kWords; ++i)
        words[i] = std::atomic_ref<uint64_t>(from[i]).load(std::memory_order_relaxed);
    return std::bit_cast<vexfs_request>(words);
}

Bytes SharedQueue::in_area(uint32_t slot) const {
    return memory_.subspan(header_.in_offset + uint64_t{slot} * header_.in_bytes, header_.in_bytes);
}

MutableBytes SharedQueue::out_area(uint32_t slot) const {
    return memory_.subspan(header_.out_offset + uint64_t{slot} * header_.out_bytes,
                           header_.out_bytes);
}

Result<MutableBytes> SharedQueue::arena(uint32_t block, size_t bytes) const {
    constexpr uint64_t kBlock = VEXFS_QUEUE_ARENA_BLOCK;
    if (block > header_.arena_blocks || bytes > (header_.arena_blocks - block) * kBlock)
        return fail(Code::kEINVAL, "queue: the arena has no such place");
    return memory_.subspan(header_.arena_offset + block * kBlock, bytes);
}

uint32_t SharedQueue::state(uint32_t slot) const {
    return word(slot_at(slot) + offsetof(vexfs_slot, reply.state)).load(std::memory_order_acquire);
}

// The lowest byte of the word: the queue is little-endian.
const uint8_t* SharedQueue::cancelled(uint32_t slot) const {
    return reinterpret_cast<const uint8_t*>(memory_.data() + slot_at(slot) +
                                            offsetof(vexfs_slot, client.cancel));
}

// The client stores `waiting` and then looks at the state; here it is the other way round. Both do
// so in the one order of sequential consistency, so one of the two sees the other.
bool SharedQueue::answer(uint32_t slot, int32_t result, uint32_t out_bytes) const {
    const uint64_t reply = slot_at(slot) + offsetof(vexfs_slot, reply);
    word(reply + offsetof(vexfs_slot_reply, result))
        .store(static_cast<uint32_t>(result), std::memory_order_relaxed);
    word(reply + offsetof(vexfs_slot_reply, out_bytes)).store(out_bytes, std::memory_order_relaxed);
    word(reply + offsetof(vexfs_slot_reply, state)).store(VEXFS_SLOT_DONE);
    return word(slot_at(slot) + offsetof(vexfs_slot, client.waiting)).load() != 0;
}

void SharedQueue::set_polling(bool polling, uint32_t cpu) const {
    const uint64_t engine = header_.engine_offset;
    word(engine + offsetof(vexfs_queue_engine, cpu)).store(cpu, std::memory_order_relaxed);
    word(engine + offsetof(vexfs_queue_engine, polling))
        .store(polling ? 1 : 0, std::memory_order_release);
}

} // namespace vexfs
