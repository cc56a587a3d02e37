// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/fuse/fuse_caller.h"

namespace vexfs {

namespace {

constexpr size_t kFirstGuess = 32; // groups

void take_signal(fuse_req_t, void* flag) {
    __atomic_store_n(static_cast<uint8_t*>(flag), uint8_t{1}, __ATOMIC_RELAXED);
}

} // namespace

FuseCaller::~FuseCaller() {
    // Waits for a signal that is being delivered.
    if (watched_)
        fuse_req_interrupt_func(req_, nullptr, nullptr);
}

Result<Caller> FuseCaller::identity() {
    const fuse_ctx* const context = fuse_req_ctx(req_);
    Caller caller{context->uid, context->gid};
    if (caller.privileged())
        return caller;
    for (size_t room = kFirstGuess;;) {
        caller.groups.resize(room);
        const int count = fuse_req_getgroups(req_, static_cast<int>(room), caller.groups.data());
        if (count < 0)
            return fail(Code::kEACCES, "the groups of the caller cannot be known");
        if (static_cast<size_t>(count) <= room) {
            caller.groups.resize(static_cast<size_t>(count));
            return caller;
        }
        room = static_cast<size_t>(count);
    }
}

const uint8_t* FuseCaller::cancelled() {
    if (!watched_)
        fuse_req_interrupt_func(req_, take_signal, &cancelled_);
    watched_ = true;
    return &cancelled_;
}

} // namespace vexfs
