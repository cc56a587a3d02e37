// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/queue_server.h"

#include <algorithm>
#include <bit>

#include <sched.h>

#include "base/guard.h"

namespace vexfs {

namespace {

// Clients that wait for the thread to serve the next short request too, rather than for a switch of
// context each.
constexpr int kBatch = 8;
// A look-out that was in vain is half as long the next time, down to this part of it.
constexpr int kShortestLookOut = 16;

// What a request in memory answers in microseconds. Any other may wait for the disk or compute.
bool is_short(uint32_t op) {
    switch (op) {
    case VEXFS_REQ_LOOKUP:
    case VEXFS_REQ_FORGET:
    case VEXFS_REQ_GETATTR:
    case VEXFS_REQ_READLINK:
    case VEXFS_REQ_OPEN:
    case VEXFS_REQ_RELEASE:
    case VEXFS_REQ_FLUSH:
    case VEXFS_REQ_OPENDIR:
    case VEXFS_REQ_RELEASEDIR:
    case VEXFS_REQ_STATFS:
    case VEXFS_REQ_GETXATTR:
    case VEXFS_REQ_LISTXATTR:
        return true;
    default:
        return false;
    }
}

} // namespace

QueueServer::QueueServer(const SharedQueue& shared, std::unique_ptr<Doorbell> doorbell,
                         Dispatch& dispatch, TimesChanged changed, const QueueOptions& options,
                         Ended ended)
    : doorbell_(std::move(doorbell)), dispatch_(dispatch), changed_(std::move(changed)),
      options_(options), ended_(std::move(ended)), requests_(shared), look_out_(options.poll) {}

QueueServer::~QueueServer() {
    join();
}

Status QueueServer::start() {
    VEXFS_ASSERT(threads_.empty() && options_.threads > 0);
    return guard(fail(Code::kEAGAIN, "queue: starting a thread"), [this]() -> Status {
        threads_.reserve(options_.threads);
        while (threads_.size() < options_.threads)
            threads_.emplace_back([this] { work(); });
        return ok();
    });
}

void QueueServer::drain() {
    MutexLock lock(mutex_);
    draining_ = true;
    came_.notify_all();
    while (active_ > 0)
        rests_.wait(mutex_);
}

void QueueServer::join() {
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

void QueueServer::work() {
    Exchange exchange(requests_.shared(), dispatch_, changed_);
    uint64_t mask = 0; // slots that are answered and whose clients are to be woken
    mutex_.lock();
    ++active_; // until next() finds that there is nothing to do
    mutex_.unlock();
    while (const std::optional<Taken> taken = next(mask)) {
        const uint32_t op = taken->request.op;
        if (!is_short(op))
            commit(mask);
        const WireReply reply = exchange.run(*taken);
        if (requests_.answer(*taken, reply.result, static_cast<uint32_t>(reply.bytes)))
            mask |= uint64_t{1} << taken->slot;
        if (std::popcount(mask) >= kBatch || op == VEXFS_REQ_UNMOUNT)
            commit(mask);
        if (op == VEXFS_REQ_UNMOUNT && reply.result == 0) {
            MutexLock lock(mutex_);
            end(ok());
        }
    }
}

std::optional<Taken> QueueServer::next(uint64_t& mask) {
    MutexLock lock(mutex_);
    while (!over_ && !draining_) {
        if (const std::optional<Taken> taken = take())
            return taken;
        if (!over_)
            wait_for_more(mask);
    }
    if (polls() && !at_doorbell_)
        say_polling(false);
    mutex_.unlock();
    commit(mask);
    mutex_.lock();
    rest();
    return std::nullopt;
}

std::optional<Taken> QueueServer::take() {
    const Result<std::optional<Taken>> taken = requests_.take();
    if (!taken) {
        end(taken.error());
        return std::nullopt;
    }
    if (!*taken)
        return std::nullopt;
    const bool leaves_doorbell = !is_short((*taken)->request.op) && !at_doorbell_;
    if (leaves_doorbell || requests_.more())
        came_.notify_one();
    if (leaves_doorbell && polls() && active_ == options_.threads) // nobody is left to go there
        say_polling(false);
    return *taken;
}

void QueueServer::wait_for_more(uint64_t& mask) {
    if (!at_doorbell_) {
        wait_at_doorbell(mask);
    } else if (mask != 0) {
        mutex_.unlock();
        commit(mask);
        mutex_.lock();
    } else {
        rest();
        came_.wait(mutex_);
        ++active_;
    }
}

void QueueServer::wait_at_doorbell(uint64_t& mask) {
    at_doorbell_ = true;
    rest();
    const uint32_t head = requests_.head();
    mutex_.unlock();
    const bool came = polls() && commit(mask) && poll(head);
    const Status waited = came ? ok() : doorbell_->wait(std::exchange(mask, 0), head);
    mutex_.lock();
    ++active_;
    at_doorbell_ = false;
    if (!waited)
        end(waited);
}

void QueueServer::say_polling(bool polling) {
    const int cpu = polling ? ::sched_getcpu() : -1;
    if (std::exchange(polling_cpu_, cpu) != cpu) // clients that spin read it all the time
        requests_.shared().set_polling(cpu >= 0, static_cast<uint32_t>(std::max(cpu, 0)));
}

bool QueueServer::poll(uint32_t head) {
    const SharedQueue& shared = requests_.shared();
    say_polling(true);
    const auto until = std::chrono::steady_clock::now() + look_out_;
    bool came = shared.tail() != head;
    while (!came && std::chrono::steady_clock::now() < until) {
        pause_in_spin();
        came = shared.tail() != head;
    }
    if (!came) // and the module looks at the tail once more before this thread sleeps
        say_polling(false);
    look_out_ = came ? options_.poll : std::max(look_out_ / 2, options_.poll / kShortestLookOut);
    return came;
}

bool QueueServer::commit(uint64_t& mask) {
    if (mask == 0)
        return true;
    const Status rung = doorbell_->ring(std::exchange(mask, 0));
    if (rung)
        return true;
    MutexLock lock(mutex_);
    end(rung);
    return false;
}

void QueueServer::rest() {
    if (--active_ == 0)
        rests_.notify_all();
}

void QueueServer::end(const Status& why) {
    if (std::exchange(over_, true))
        return;
    came_.notify_all();
    ended_(why);
}

} // namespace vexfs
