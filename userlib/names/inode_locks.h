// SPDX-License-Identifier: Apache-2.0
//
// Locks by inode number: a fixed number of locks that all inodes share.
//
// Whoever needs several inodes asks for all of them at once, and gets their locks in one order, so
// that nobody waits in a circle.
//
// Threads: that is the point. A Held belongs to the thread that got it.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include "base/assert.h"
#include "base/mutex.h"

namespace vexfs {

class InodeLocks {
  public:
    static constexpr size_t kInodesMax = 4; // of one Held: what a rename needs

    // Holds the locks of a few inodes until it ends.
    class Held {
      public:
        Held() = default;
        Held(Held&& other) noexcept
            : locks_(std::exchange(other.locks_, nullptr)), shared_(other.shared_),
              count_(other.count_), numbers_(other.numbers_) {}
        Held& operator=(Held&&) = delete;
        // Which locks are held is known at run time only: the order is that of Held's maker.
        ~Held() VEXFS_NO_THREAD_ANALYSIS {
            for (size_t i = count_; locks_ != nullptr && i-- > 0;) {
                if (shared_)
                    locks_->locks_[numbers_[i]].unlock_shared();
                else
                    locks_->locks_[numbers_[i]].unlock();
            }
        }

      private:
        friend class InodeLocks;

        // In order, each once.
        void add(size_t number) {
            size_t at = count_;
            while (at > 0 && numbers_[at - 1] > number)
                --at;
            if (at > 0 && numbers_[at - 1] == number)
                return;
            VEXFS_ASSERT(count_ < kInodesMax);
            for (size_t i = count_++; i > at; --i)
                numbers_[i] = numbers_[i - 1];
            numbers_[at] = number;
        }

        InodeLocks* locks_ = nullptr;
        bool shared_ = false;
        size_t count_ = 0;
        std::array<size_t, kInodesMax> numbers_{};
    };

    // Alone, for changing them. An inode may be named twice.
    Held lock(std::initializer_list<uint64_t> inodes) { return lock_all(inodes, false); }
    // Beside others that only read.
    Held lock_shared(uint64_t ino) { return lock_all({ino}, true); }

  private:
    static constexpr size_t kLocks = 1024;

    Held lock_all(std::initializer_list<uint64_t> inodes, bool shared) VEXFS_NO_THREAD_ANALYSIS {
        Held held;
        held.shared_ = shared;
        for (const uint64_t ino : inodes)
            held.add(ino % kLocks);
        for (size_t i = 0; i < held.count_; ++i) {
            if (shared)
                locks_[held.numbers_[i]].lock_shared();
            else
                locks_[held.numbers_[i]].lock();
        }
        held.locks_ = this;
        return held;
    }

    std::array<SharedMutex, kLocks> locks_;
};

} // namespace vexfs
