// SPDX-License-Identifier: Apache-2.0
//
// The engine's half of the slot protocol of vexfs_queue.h: which request is next, and whose a slot
// is.
//
// A slot is the engine's from take() to answer(), and the module cannot hand it out twice: what
// breaks the protocol is EPROTO, and the queue is not to be trusted any further.
//
// Threads: take(), head() and more() one at a time; answer() by whoever took the slot.
#pragma once

#include <optional>

#include "userlib/frontend/kmod/shared_queue.h"

namespace vexfs {

struct Taken {
    uint32_t slot = 0;
    vexfs_request request{};
};

class RequestQueue {
  public:
    explicit RequestQueue(const SharedQueue& shared) : shared_(shared) {}

    // The next request; nothing if there is none.
    Result<std::optional<Taken>> take();
    [[nodiscard]] uint32_t head() const { return head_; }
    [[nodiscard]] bool more() const { return shared_.tail() != head_; }

    // `result` is 0 or -errno. True if the slot belongs into the mask of the next commit.
    [[nodiscard]] bool answer(const Taken& taken, int32_t result, uint32_t out_bytes);

    [[nodiscard]] const SharedQueue& shared() const { return shared_; }

  private:
    const SharedQueue shared_;
    uint32_t head_ = 0;                   // requests taken so far, as sq_tail counts them
    std::atomic<uint64_t> in_service_{0}; // a bit for each slot that is the engine's
};

} // namespace vexfs
