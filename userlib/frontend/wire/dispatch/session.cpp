// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/session.h"

#include <algorithm>

namespace vexfs {

namespace {

constexpr std::chrono::milliseconds kSignalLatency{20}; // of one who waits for another reader

bool is_cancelled(WireCaller* reader) {
    return reader != nullptr && __atomic_load_n(reader->cancelled(), __ATOMIC_RELAXED) != 0;
}

// The rights of who opened the session, the signals of who reads.
class SessionCaller : public WireCaller {
  public:
    SessionCaller(const Caller& opener, WireCaller* reader) : opener_(opener), reader_(reader) {}
    Result<Caller> identity() override { return opener_; }
    const uint8_t* cancelled() override {
        return reader_ != nullptr ? reader_->cancelled() : &never_;
    }
    void times_changed(uint64_t ino) override {
        if (reader_ != nullptr)
            reader_->times_changed(ino);
    }

  private:
    const Caller& opener_;
    WireCaller* const reader_;
    const uint8_t never_ = 0;
};

} // namespace

Session::Session(Messages& messages, StagedMemory& memory, uint64_t directory, uint32_t mode,
                 Caller opener)
    : messages_(messages), directory_(directory), mode_(mode), opener_(std::move(opener)),
      staging_(memory, opener_.uid), reply_(memory, opener_.uid) {}

Status Session::write(uint64_t offset, Bytes piece) {
    MutexLock lock(mutex_);
    if (state_ == State::kRunning)
        return fail(Code::kEBUSY, "session: its message is being carried out");
    if (state_ == State::kDone)
        reply_.clear();
    state_ = State::kStaging;
    return staging_.put(offset, piece);
}

Status Session::truncate() {
    MutexLock lock(mutex_);
    if (state_ == State::kRunning)
        return fail(Code::kEBUSY, "session: its message is being carried out");
    reply_.clear();
    staging_.clear();
    state_ = State::kStaging;
    return ok();
}

Result<size_t> Session::read(uint64_t offset, MutableBytes out, WireCaller* reader) {
    MutexLock lock(mutex_);
    VEXFS_TRY_VOID(finish(reader));
    const Bytes reply = reply_.bytes();
    if (offset >= reply.size())
        return size_t{0};
    const size_t bytes = std::min<uint64_t>(out.size(), reply.size() - offset);
    if (bytes > 0)
        std::memcpy(out.data(), reply.data() + offset, bytes);
    return bytes;
}

Result<size_t> Session::execute(WireCaller* reader) {
    MutexLock lock(mutex_);
    VEXFS_TRY_VOID(finish(reader));
    return reply_.bytes().size();
}

vexfs_part_put_reply Session::progress() {
    MutexLock lock(mutex_);
    return {static_cast<uint32_t>(staging_.staged_bytes()), staging_.message_bytes()};
}

// Sees that there is a reply: carries the message out, or waits for who does.
Status Session::finish(WireCaller* reader) {
    while (state_ == State::kRunning) {
        changed_.wait_for(mutex_, kSignalLatency);
        if (state_ == State::kRunning && is_cancelled(reader))
            return fail(Code::kEINTR, "session: a signal ended the wait for the reply");
    }
    if (state_ == State::kDone)
        return ok();
    const Bytes message = VEXFS_TRY(staging_.message());
    state_ = State::kRunning;
    mutex_.unlock();
    const Result<MessageDone> done = carry_out(message, reader);
    mutex_.lock();
    state_ = done ? State::kDone : State::kStaging;
    if (done) {
        reply_.finish(done->bytes);
        staging_.clear();
    } else {
        reply_.clear();
    }
    changed_.notify_all();
    return done ? ok() : Status(done.error());
}

// Fails where there is no reply to keep.
Result<MessageDone> Session::carry_out(Bytes bytes, WireCaller* reader) {
    SessionCaller caller(opener_, reader);
    Message message(bytes, VEXFS_MAX_MESSAGE, {directory_, mode_, &caller, nullptr, true}, reply_);
    const MessageDone done = messages_.run(message, {});
    if (done.status == -EINTR)
        return fail(Code::kEINTR, "session: a signal cancelled the message");
    if (done.bytes == 0)
        return fail(Code::kENOMEM, "session: no memory for the reply");
    return done;
}

} // namespace vexfs
