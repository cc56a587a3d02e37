// SPDX-License-Identifier: Apache-2.0
#include "index/graph/reader_epochs.h"

#include <thread>

namespace vexfs::index {

std::atomic<uint64_t>& ReaderEpochs::enter(uint32_t& hint) {
    for (uint32_t tries = 0;; ++tries) {
        std::atomic<uint64_t>& cell = cells_[(hint + tries) % kCells].epoch;
        uint64_t expected = 0;
        // Either all_past() reads this guard, or this swap reads what all_past() left in the cell
        // and with it sees every link removed before. An epoch loaded too early only delays reuse.
        if (cell.compare_exchange_strong(expected, current_.load(std::memory_order_acquire),
                                         std::memory_order_acq_rel, std::memory_order_relaxed)) {
            hint = (hint + tries) % kCells;
            return cell;
        }
        if (tries % kCells == kCells - 1)
            std::this_thread::yield();
    }
}

uint64_t ReaderEpochs::advance() {
    return current_.fetch_add(1, std::memory_order_acq_rel) + 1;
}

bool ReaderEpochs::all_past(uint64_t epoch) {
    for (Cell& cell : cells_) {
        // A read that is also a write stands in one order with the swaps of the readers.
        const uint64_t held = cell.epoch.fetch_add(0, std::memory_order_acq_rel);
        if (held != 0 && held < epoch)
            return false;
    }
    return true;
}

} // namespace vexfs::index
