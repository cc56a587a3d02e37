// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/sessions.h"

namespace vexfs {

namespace {

// A front end has a use for some bits of a handle, so the number leaves the upper ones alone.
constexpr uint64_t kEpochMask = (uint64_t{1} << 24) - 1;
constexpr unsigned kCountBits = 32;

} // namespace

Sessions::Sessions(Messages& messages, Volume& volume)
    : messages_(messages), memory_(volume.staged()),
      last_((volume.epoch() & kEpochMask) << kCountBits) {}

Result<uint64_t> Sessions::open(uint64_t directory, uint32_t mode, Caller opener) {
    const uint32_t uid = opener.uid;
    auto session =
        std::make_shared<Session>(messages_, memory_, directory, mode, std::move(opener));
    MutexLock lock(mutex_);
    size_t& of_user = open_of_user_[uid];
    if (open_.size() >= kOpenMax || of_user >= kOpenOfUserMax)
        return fail(Code::kEMFILE, "session: too many are open");
    open_.emplace(++last_, Open{std::move(session), uid});
    ++of_user;
    return last_;
}

void Sessions::close(uint64_t number) {
    std::shared_ptr<Session> session; // ends without the lock
    MutexLock lock(mutex_);
    const auto found = open_.find(number);
    if (found == open_.end())
        return;
    session = std::move(found->second.session);
    if (--open_of_user_[found->second.uid] == 0)
        open_of_user_.erase(found->second.uid);
    open_.erase(found);
}

Result<std::shared_ptr<Session>> Sessions::get(uint64_t number) {
    MutexLock lock(mutex_);
    const auto found = open_.find(number);
    if (found == open_.end())
        return fail(Code::kESTALE, "session: it is from before a restart, or closed");
    return found->second.session;
}

} // namespace vexfs
