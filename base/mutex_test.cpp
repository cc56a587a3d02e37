// SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

struct Counter {
    Mutex mutex;
    CondVar changed;
    int count VEXFS_GUARDED_BY(mutex) = 0;
};

} // namespace

TEST_CASE("mutex: increments of four threads are all counted, and a waiter sees the last") {
    Counter counter;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&counter] {
            for (int i = 0; i < 10000; ++i) {
                MutexLock lock(counter.mutex);
                if (++counter.count == 40000)
                    counter.changed.notify_all();
            }
        });
    {
        MutexLock lock(counter.mutex);
        while (counter.count < 40000)
            counter.changed.wait(counter.mutex);
        CHECK(counter.count == 40000);
    }
    for (std::thread& thread : threads)
        thread.join();
}

TEST_CASE("mutex: a wait with a limit returns false when nobody notifies") {
    Counter counter;
    MutexLock lock(counter.mutex);
    CHECK_FALSE(counter.changed.wait_for(counter.mutex, std::chrono::milliseconds(1)));
}

TEST_CASE("mutex: readers share, a writer does not") {
    SharedMutex mutex;
    mutex.lock_shared();
    std::thread([&mutex] {
        mutex.lock_shared();
        mutex.unlock_shared();
        if (mutex.try_lock()) {
            mutex.unlock();
            FAIL_CHECK("a writer got in beside a reader");
        }
    }).join();
    mutex.unlock_shared();
    WriteLock lock(mutex);
}

// Each of two readers gives it back only after the other one has taken it.
TEST_CASE("mutex: readers that never leave it alone let a writer in") {
    constexpr uint64_t kRounds = 5000;
    SharedMutex mutex;
    std::array<std::atomic<uint64_t>, 2> taken{};
    std::atomic<bool> written = false;
    const auto read = [&](size_t me) {
        for (uint64_t round = 1; round <= kRounds && !written; ++round) {
            ReadLock lock(mutex);
            const uint64_t theirs = taken[1 - me];
            taken[me] = round;
            // Where a writer that waits keeps the other one out, this one leaves in the end.
            for (int i = 0; i < 10000 && taken[1 - me] == theirs; ++i)
                std::this_thread::yield();
        }
    };
    std::thread first(read, 0);
    std::thread second(read, 1);
    while (taken[0] < 2 || taken[1] < 2)
        std::this_thread::yield();
    uint64_t rounds_before = 0;
    {
        WriteLock lock(mutex);
        written = true;
        rounds_before = std::max(taken[0].load(), taken[1].load());
    }
    first.join();
    second.join();
    CHECK(rounds_before < kRounds);
}
