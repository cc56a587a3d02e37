// SPDX-License-Identifier: Apache-2.0
#include "base/mutex.h"

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
