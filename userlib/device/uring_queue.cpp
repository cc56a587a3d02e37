// SPDX-License-Identifier: Apache-2.0
//
// The io_uring queue of a file: a few rings that threads borrow for one batch.
//
// Rings are made on demand, at most kRingsMax; further threads wait for one to come back.
//
// Threads: any; the pool of rings is behind a mutex, I/O is not.
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "userlib/device/io_queue.h"
#include "userlib/device/uring.h"

namespace vexfs {

namespace {

constexpr size_t kRingsMax = 8;

// A ring, and which register_memory() it has followed.
struct Slot {
    std::unique_ptr<Uring> ring;
    uint64_t arenas_seen = 0;
};

class UringQueue final : public IoQueue {
  public:
    UringQueue(int descriptor, std::unique_ptr<Uring> first) : descriptor_(descriptor), rings_(1) {
        idle_.reserve(kRingsMax);
        idle_.push_back({std::move(first), 0});
    }

    void run(Op op, std::span<Io> batch) override {
        Loan loan(*this);
        if (const Status status = register_arenas(loan.slot); !status)
            log(LogLevel::kWarning, "file", "memory is mapped for each I/O anew",
                {{"error", status.error()}});
        loan.slot.ring->run(op, batch);
    }

    Status register_memory(std::span<const MutableBytes> arenas) override {
        {
            MutexLock lock(mutex_);
            arenas_.assign(arenas.begin(), arenas.end());
            ++arenas_version_;
        }
        Loan loan(*this);
        return register_arenas(loan.slot);
    }

    [[nodiscard]] const char* name() const override { return "io_uring"; }

  private:
    // A ring comes back whatever happens, lack of memory included.
    struct Loan {
        explicit Loan(UringQueue& from) : queue(from), slot(from.borrow()) {}
        ~Loan() { queue.give_back(std::move(slot)); }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;

        UringQueue& queue;
        Slot slot;
    };

    Slot borrow() {
        MutexLock lock(mutex_);
        while (true) {
            if (!idle_.empty()) {
                Slot slot = std::move(idle_.back());
                idle_.pop_back();
                return slot;
            }
            if (auto made = make_ring())
                return {std::move(made), 0};
            came_back_.wait(mutex_);
        }
    }

    // Brings a borrowed ring up to date with the last register_memory(); a failure is not tried
    // again.
    Status register_arenas(Slot& slot) {
        std::vector<MutableBytes> arenas;
        {
            MutexLock lock(mutex_);
            if (slot.arenas_seen == arenas_version_)
                return ok();
            slot.arenas_seen = arenas_version_;
            arenas = arenas_;
        }
        return slot.ring->register_memory(arenas);
    }

    void give_back(Slot slot) {
        MutexLock lock(mutex_);
        idle_.push_back(std::move(slot)); // room for every ring was made at the start
        came_back_.notify_one();
    }

    // Nothing if there are enough, or if the system gives no more: the ones there are do the work
    // then.
    std::unique_ptr<Uring> make_ring() VEXFS_REQUIRES(mutex_) {
        if (rings_ == kRingsMax)
            return nullptr;
        auto made = Uring::create(descriptor_);
        if (!made)
            return nullptr;
        ++rings_;
        return std::move(made).value();
    }

    const int descriptor_;
    Mutex mutex_;
    CondVar came_back_;
    std::vector<Slot> idle_ VEXFS_GUARDED_BY(mutex_);
    size_t rings_ VEXFS_GUARDED_BY(mutex_);
    std::vector<MutableBytes> arenas_ VEXFS_GUARDED_BY(mutex_);
    uint64_t arenas_version_ VEXFS_GUARDED_BY(mutex_) = 0;
};

} // namespace

Result<std::unique_ptr<IoQueue>> make_uring_queue(int descriptor) {
    std::unique_ptr<Uring> first = VEXFS_TRY(Uring::create(descriptor));
    return std::unique_ptr<IoQueue>(new UringQueue(descriptor, std::move(first)));
}

} // namespace vexfs
