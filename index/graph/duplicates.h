// SPDX-License-Identifier: Apache-2.0
//
// Rows of equal code share one node: the chain from the node to the others.
//
// A thousand copies of a vector would otherwise fill each other's links and cut themselves off from
// the rest. The chain is a list through one word per slot; pages of it exist only where there are
// duplicates.
//
// Threads: next() from any thread; the others with the shared row locked.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "index/kernels/page_array.h"

namespace vexfs::index {

class Duplicates {
  public:
    // If not, a graph cannot be made.
    [[nodiscard]] bool is_usable() const { return next_.is_usable(); }

    // The row that follows in the chain, or kNoLink.
    [[nodiscard]] uint32_t next(uint32_t slot) const;
    // Puts `slot` behind `shared`. ENOMEM.
    Status insert_after(uint32_t shared, uint32_t slot);
    // Takes the row that follows `previous` out of its chain. It still leads on to the rest, for
    // whoever stands on it.
    void remove_after(uint32_t previous);
    // Ends the chain at `slot`.
    void cut(uint32_t slot);

    [[nodiscard]] size_t bytes() const { return next_.bytes(); }

  private:
    void set_next(uint32_t slot, uint32_t next);

    PageArray next_{sizeof(uint32_t)}; // slot + 1 of the next row, 0: none
};

} // namespace vexfs::index
