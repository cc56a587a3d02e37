// SPDX-License-Identifier: Apache-2.0
#include "index/graph/reader_epochs.h"

#include <thread>

namespace vexfs::index {

std::atomic<uint64_t>& ReaderEpochs::enter(uint32_t& hint) {
    for (uint32_t tries = 0;; ++tries) {
        std::atomic<uint64_t>& cell = cells_[(hint + tries) % kCells].epoch;
        uint64_t expected = 0;
        // The swap is sequentially consistent: either advance() and all_past() see this guard, or
        // this reader sees every link removed before them.
        if (cell.compare_exchange_strong(expected, current_.load())) {
            hint = (hint + tries) % kCells;
            return cell;
        }
        if (tries % kCells == kCells - 1)
            std::this_thread::yield();
    }
}

uint64_t ReaderEpochs::advance() {
    return current_.fetch_add(1) + 1;
}

bool ReaderEpochs::all_past(uint64_t epoch) const {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (const Cell& cell : cells_) {
        const uint64_t held = cell.epoch.load();
        if (held != 0 && held < epoch)
            return false;
    }
    return true;
}

} // namespace vexfs::index
