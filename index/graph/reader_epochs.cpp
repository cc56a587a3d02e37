// SPDX-License-Identifier: Apache-2.0
#include "index/graph/reader_epochs.h"

namespace vexfs::index {

// Either all_past() reads a guard, or the swap that takes it reads what all_past() left in the cell
// and with it sees every link removed before. An epoch loaded too early only delays reuse.
std::atomic<uint64_t>& ReaderEpochs::enter(uint32_t& hint) {
    for (uint32_t tries = 0; tries < kCells; ++tries) {
        const uint32_t place = (hint + tries) % kCells;
        std::atomic<uint64_t>& held = cells_[place].held;
        uint64_t before = held.load(std::memory_order_relaxed);
        const uint64_t own = current_.load(std::memory_order_acquire) << kCountBits | 1;
        if (count_of(before) == 0 &&
            held.compare_exchange_strong(before, own, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
            hint = place;
            return held;
        }
    }
    return share(hint);
}

// A cell of this epoch, or else always the same one, so that the others are given back.
std::atomic<uint64_t>& ReaderEpochs::share(uint32_t hint) {
    for (uint32_t tries = 0;; ++tries) {
        const bool any_epoch = tries >= kCells;
        std::atomic<uint64_t>& held = cells_[any_epoch ? 0 : (hint + tries) % kCells].held;
        const uint64_t current = current_.load(std::memory_order_acquire);
        uint64_t before = held.load(std::memory_order_relaxed);
        if (count_of(before) != 0 && epoch_of(before) != current && !any_epoch)
            continue;
        const uint64_t after = count_of(before) == 0 ? current << kCountBits | 1 : before + 1;
        if (held.compare_exchange_strong(before, after, std::memory_order_acq_rel,
                                         std::memory_order_relaxed))
            return held;
    }
}

uint64_t ReaderEpochs::advance() {
    return current_.fetch_add(1, std::memory_order_acq_rel) + 1;
}

bool ReaderEpochs::all_past(uint64_t epoch) {
    for (Cell& cell : cells_) {
        // A read that is also a write stands in one order with the swaps of the readers.
        const uint64_t held = cell.held.fetch_add(0, std::memory_order_acq_rel);
        if (count_of(held) != 0 && epoch_of(held) < epoch)
            return false;
    }
    return true;
}

} // namespace vexfs::index
