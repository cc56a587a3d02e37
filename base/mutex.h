// SPDX-License-Identifier: Apache-2.0
//
// Mutex, shared mutex and condition variable that clang's thread-safety analysis understands.
//
// libstdc++'s own carry no annotations, so a field could not say what guards it. Fields carry
// VEXFS_GUARDED_BY(mutex_); functions that need a lock held carry VEXFS_REQUIRES(mutex_). The clang
// preset turns a violation into an error.
//
// Threads: that is the point.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "base/assert.h"

#if defined(__clang__)
#define VEXFS_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define VEXFS_THREAD_ATTRIBUTE(x)
#endif

#define VEXFS_CAPABILITY(name) VEXFS_THREAD_ATTRIBUTE(capability(name))
#define VEXFS_SCOPED_CAPABILITY VEXFS_THREAD_ATTRIBUTE(scoped_lockable)
#define VEXFS_GUARDED_BY(mutex) VEXFS_THREAD_ATTRIBUTE(guarded_by(mutex))
#define VEXFS_PT_GUARDED_BY(mutex) VEXFS_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
#define VEXFS_REQUIRES(...) VEXFS_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define VEXFS_REQUIRES_SHARED(...) VEXFS_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define VEXFS_EXCLUDES(...) VEXFS_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define VEXFS_ACQUIRE(...) VEXFS_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define VEXFS_ACQUIRE_SHARED(...) VEXFS_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define VEXFS_TRY_ACQUIRE(...) VEXFS_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define VEXFS_RELEASE(...) VEXFS_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define VEXFS_RELEASE_SHARED(...) VEXFS_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define VEXFS_RELEASE_GENERIC(...) VEXFS_THREAD_ATTRIBUTE(release_generic_capability(__VA_ARGS__))
#define VEXFS_ASSERT_CAPABILITY(x) VEXFS_THREAD_ATTRIBUTE(assert_capability(x))
// Only for code whose locking follows a rule the analysis cannot see; a comment beside it states
// the rule.
#define VEXFS_NO_THREAD_ANALYSIS VEXFS_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace vexfs {

class VEXFS_CAPABILITY("mutex") Mutex {
  public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() VEXFS_ACQUIRE() { mutex_.lock(); }
    void unlock() VEXFS_RELEASE() { mutex_.unlock(); }
    bool try_lock() VEXFS_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

  private:
    std::mutex mutex_;
};

// Readers that come one after the other do not keep a writer out, as they do with libstdc++'s own:
// who comes after a writer waits for it. So no thread may lock it shared twice, which builds with
// sanitizers check.
class VEXFS_CAPABILITY("shared mutex") SharedMutex {
  public:
    SharedMutex() = default;
    SharedMutex(const SharedMutex&) = delete;
    SharedMutex& operator=(const SharedMutex&) = delete;

    void lock() VEXFS_ACQUIRE() {
        const std::lock_guard turn(turn_);
        writer_waits_.store(true, std::memory_order_relaxed);
        mutex_.lock();
        writer_waits_.store(false, std::memory_order_relaxed);
    }
    void unlock() VEXFS_RELEASE() { mutex_.unlock(); }
    bool try_lock() VEXFS_TRY_ACQUIRE(true) { return mutex_.try_lock(); }
    void lock_shared() VEXFS_ACQUIRE_SHARED() {
        held_.add(this);
        if (writer_waits_.load(std::memory_order_relaxed)) {
            turn_.lock();
            turn_.unlock();
        }
        mutex_.lock_shared();
    }
    void unlock_shared() VEXFS_RELEASE_SHARED() {
        mutex_.unlock_shared();
        held_.remove(this);
    }

  private:
    // What this thread has locked shared.
    struct Held {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        void add(const SharedMutex* mutex) {
            VEXFS_ASSERT(std::ranges::count(mutexes, mutex) == 0);
            mutexes.push_back(mutex);
        }
        void remove(const SharedMutex* mutex) {
            std::erase(mutexes, mutex);
        }
        std::vector<const SharedMutex*> mutexes;
#else
        void add(const SharedMutex* /*mutex*/) {}
        void remove(const SharedMutex* /*mutex*/) {}
#endif
    };

    std::mutex turn_; // of a writer that waits
    std::atomic<bool> writer_waits_ = false;
    std::shared_mutex mutex_;
    inline static thread_local Held held_;
};

class VEXFS_SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) VEXFS_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() VEXFS_RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

  private:
    Mutex& mutex_;
};

class VEXFS_SCOPED_CAPABILITY WriteLock {
  public:
    explicit WriteLock(SharedMutex& mutex) VEXFS_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~WriteLock() VEXFS_RELEASE() { mutex_.unlock(); }
    WriteLock(const WriteLock&) = delete;
    WriteLock& operator=(const WriteLock&) = delete;

  private:
    SharedMutex& mutex_;
};

class VEXFS_SCOPED_CAPABILITY ReadLock {
  public:
    explicit ReadLock(SharedMutex& mutex) VEXFS_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
        mutex_.lock_shared();
    }
    ~ReadLock() VEXFS_RELEASE_GENERIC() { mutex_.unlock_shared(); }
    ReadLock(const ReadLock&) = delete;
    ReadLock& operator=(const ReadLock&) = delete;

  private:
    SharedMutex& mutex_;
};

// Waits with a Mutex held. Wait for a condition in a loop: `while (!ready_) changed_.wait(mutex_);`
class CondVar {
  public:
    void wait(Mutex& mutex) VEXFS_REQUIRES(mutex) { waiter_.wait(mutex); }

    // False if the time passed first.
    template <typename Rep, typename Period>
    bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> time) VEXFS_REQUIRES(mutex) {
        return waiter_.wait_for(mutex, time) == std::cv_status::no_timeout;
    }

    void notify_one() { waiter_.notify_one(); }
    void notify_all() { waiter_.notify_all(); }

  private:
    std::condition_variable_any waiter_;
};

} // namespace vexfs
