// SPDX-License-Identifier: Apache-2.0
//
// The memory that a queue shares with the kernel module, as vexfs_queue.h lays it out.
//
// No access leaves the memory, whatever the module writes. What a request says is not looked at
// here.
//
// Threads: any; each word has one writer, the module or whoever serves the slot.
#pragma once

#include <atomic>

#include "base/bytes.h"
#include "ioctl/vexfs_queue.h"

namespace vexfs {

// What a loop that looks out for a change of the memory does in each turn: the CPU saves power, and
// lets what shares it run.
inline void pause_in_spin() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

class SharedQueue {
  public:
    // EPROTO if the memory has no room for a queue of so many slots. The memory outlives it.
    static Result<SharedQueue> over(MutableBytes memory, uint32_t slots);

    [[nodiscard]] uint32_t slots() const { return slots_; }
    // What the module has queued so far; all that it wrote before is visible after it.
    [[nodiscard]] uint32_t tail() const { return tail_word().load(std::memory_order_acquire); }
    // The number that the module queued as its `position`th: not checked.
    [[nodiscard]] uint32_t queued(uint32_t position) const;

    // Of a slot below slots().
    [[nodiscard]] vexfs_request request(uint32_t slot) const;
    [[nodiscard]] Bytes in_area(uint32_t slot) const;
    [[nodiscard]] MutableBytes out_area(uint32_t slot) const;
    [[nodiscard]] uint32_t state(uint32_t slot) const;
    // A byte that the module sets once the client has a signal; for atomic loads.
    [[nodiscard]] const uint8_t* cancelled(uint32_t slot) const;
    // The slot is the module's from here on. True if its client sleeps and is to be woken.
    [[nodiscard]] bool answer(uint32_t slot, int32_t result, uint32_t out_bytes) const;

    // Lets clients on other CPUs spin for their answers.
    void set_polling(bool polling, uint32_t cpu) const;

  private:
    using Word = std::atomic_ref<uint32_t>;

    SharedQueue(std::byte* memory, uint32_t slots)
        : memory_(reinterpret_cast<vexfs_queue_memory*>(memory)),
          areas_(reinterpret_cast<vexfs_areas*>(memory_ + 1)), slots_(slots) {}
    [[nodiscard]] Word tail_word() const { return Word(memory_->tail.sq_tail); }

    vexfs_queue_memory* memory_;
    vexfs_areas* areas_; // one for each slot
    uint32_t slots_;
};

} // namespace vexfs
