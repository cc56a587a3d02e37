// SPDX-License-Identifier: Apache-2.0
//
// Reads an object into the cache, in order, if most of the cache can hold it and as long as nothing
// has to leave for it: else whoever searches first fetches it piece by piece.
//
// Threads: three of its own, so that one or two read while another stores what it has read. They
// are nice and end with this.
#pragma once

#include <array>
#include <atomic>
#include <thread>

#include "userlib/store/store.h"

namespace vexfs {

class WarmUp {
  public:
    // The store outlives it.
    WarmUp(Store& store, uint64_t oid);
    ~WarmUp();
    WarmUp(const WarmUp&) = delete;
    WarmUp& operator=(const WarmUp&) = delete;

    // Until it has read what it will. One thread.
    void wait();

  private:
    Status run();

    Store& store_;
    const uint64_t oid_;
    std::atomic<size_t> next_ = 0; // of the records, that nobody has begun
    std::atomic<bool> stop_ = false;
    std::array<std::thread, 3> threads_;
};

} // namespace vexfs
