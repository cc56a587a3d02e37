// SPDX-License-Identifier: Apache-2.0
//
// Who may still hold a slot: the grace period before a slot is used again.
//
// A search or insert holds a Guard while it follows links. Whoever has removed every link to some
// slots calls advance() and reuses them when all_past() says that every guard taken before has been
// given back. A guard is one compare-and-swap on a cell; nobody waits for anybody. Each of the
// first 64 guards that are held at once has a cell of its own; more of them share cells, and keep
// the older epoch of the cell up.
//
// Threads: any thread, no locks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace vexfs::index {

class ReaderEpochs {
  public:
    class Guard {
      public:
        // `hint` is where the search for a free cell begins; it is left at the cell that was found.
        Guard(ReaderEpochs& epochs, uint32_t& hint) : cell_(epochs.enter(hint)) {}
        ~Guard() { cell_.fetch_sub(1, std::memory_order_release); }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

      private:
        std::atomic<uint64_t>& cell_;
    };

    // Starts an epoch and returns it.
    uint64_t advance();

    // True if no guard from before this epoch is held.
    [[nodiscard]] bool all_past(uint64_t epoch);

  private:
    static constexpr uint32_t kCells = 64;
    static constexpr uint32_t kCountBits = 20;
    // The epoch of the oldest guard, above the number of guards that are held; free if that is 0.
    struct alignas(64) Cell {
        std::atomic<uint64_t> held = 0;
    };

    static constexpr uint64_t count_of(uint64_t held) { return held & ((1U << kCountBits) - 1); }
    static constexpr uint64_t epoch_of(uint64_t held) { return held >> kCountBits; }

    std::atomic<uint64_t>& enter(uint32_t& hint);
    std::atomic<uint64_t>& share(uint32_t hint);

    alignas(64) std::atomic<uint64_t> current_ = 1;
    std::array<Cell, kCells> cells_;
};

} // namespace vexfs::index
