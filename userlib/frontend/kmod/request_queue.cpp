// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/request_queue.h"

namespace vexfs {

Result<std::optional<Taken>> RequestQueue::take() {
    const uint32_t count = shared_.tail() - head_;
    if (count == 0)
        return std::optional<Taken>();
    if (count > shared_.slots())
        return fail(Code::kEPROTO, "queue: more requests than slots");
    const uint32_t slot = shared_.queued(head_);
    if (slot >= shared_.slots())
        return fail(Code::kEPROTO, "queue: a slot that is none");
    const uint64_t bit = uint64_t{1} << slot;
    if ((in_service_.load() & bit) != 0 || shared_.state(slot) != VEXFS_SLOT_REQUEST)
        return fail(Code::kEPROTO, "queue: a slot that is not the engine's to take");
    in_service_.fetch_or(bit);
    ++head_;
    return std::optional<Taken>({slot, shared_.request(slot)});
}

// Nobody waits for what needs no reply: its slot is told of with the others, which costs nothing.
bool RequestQueue::answer(const Taken& taken, int32_t result, uint32_t out_bytes) {
    in_service_.fetch_and(~(uint64_t{1} << taken.slot)); // before the module has it again
    const bool sleeps = shared_.answer(taken.slot, result, out_bytes);
    return sleeps || (taken.request.flags & VEXFS_REQUEST_NOREPLY) != 0;
}

} // namespace vexfs
