// SPDX-License-Identifier: Apache-2.0
//
// The memory that a queue shares with the kernel module, as vexfs_queue.h lays it out.
//
// The header is read once and every place in it checked: from then on no access leaves the memory,
// whatever the module writes. What a request says is not looked at here.
//
// Threads: any; each word has one writer, the module or whoever serves the slot.
#pragma once

#include <atomic>

#include "base/bytes.h"
#include "ioctl/vexfs_queue.h"

namespace vexfs {

class SharedQueue {
  public:
    // EPROTO if the memory is not laid out as the queue of that number and epoch. The memory
    // outlives it.
    static Result<SharedQueue> over(MutableBytes memory, uint32_t queue, uint64_t epoch);

    [[nodiscard]] uint32_t slots() const { return header_.slots; }
    // What the module has queued so far; all that it wrote before is visible after it.
    [[nodiscard]] uint32_t tail() const { return tail_word().load(std::memory_order_acquire); }
    // The number that the module queued as its `position`th: not checked.
    [[nodiscard]] uint32_t queued(uint32_t position) const;

    // Of a slot below slots().
    [[nodiscard]] vexfs_request request(uint32_t slot) const;
    [[nodiscard]] Bytes in_area(uint32_t slot) const;
    [[nodiscard]] MutableBytes out_area(uint32_t slot) const;
    // EINVAL if the arena has no such place.
    [[nodiscard]] Result<MutableBytes> arena(uint32_t block, size_t bytes) const;
    [[nodiscard]] uint32_t state(uint32_t slot) const;
    // A byte that the module sets once the client has a signal; for atomic loads.
    [[nodiscard]] const uint8_t* cancelled(uint32_t slot) const;
    // The slot is the module's from here on. True if its client sleeps and is to be woken.
    [[nodiscard]] bool answer(uint32_t slot, int32_t result, uint32_t out_bytes) const;

    // Lets a client on another CPU spin for its answer.
    void set_polling(bool polling, uint32_t cpu) const;

  private:
    using Word = std::atomic_ref<uint32_t>;

    SharedQueue(MutableBytes memory, const vexfs_queue_header& header)
        : memory_(memory), header_(header) {}
    [[nodiscard]] Word word(uint64_t offset) const {
        return Word(*reinterpret_cast<uint32_t*>(memory_.data() + offset));
    }
    [[nodiscard]] Word tail_word() const {
        return word(header_.tail_offset + offsetof(vexfs_queue_tail, sq_tail));
    }
    [[nodiscard]] uint64_t slot_at(uint32_t slot) const {
        return header_.slot_offset + uint64_t{slot} * header_.slot_stride;
    }

    MutableBytes memory_;
    vexfs_queue_header header_;
};

} // namespace vexfs
