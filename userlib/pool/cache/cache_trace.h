// SPDX-License-Identifier: Apache-2.0
//
// What a cache was asked for and given, in a file: to be played to another cache later.
//
// The file begins with 16 bytes that name it; an event has 16 bytes, little-endian: the key (8),
// the bytes that the block takes in the cache (4, 0 if nothing was found), what happened (4).
//
// Threads: CacheTrace any thread, a lock inside; reading is a pure function.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace vexfs {

struct CacheEvent {
    enum Kind : uint32_t { kHit, kMiss, kPut, kAhead };

    uint64_t key = 0;
    uint32_t bytes = 0;
    Kind kind = kHit;
};

class CacheTrace {
  public:
    // Begins the file anew.
    static Result<std::unique_ptr<CacheTrace>> open(const std::string& path);
    // Writes what is not written yet.
    ~CacheTrace();
    CacheTrace(const CacheTrace&) = delete;
    CacheTrace& operator=(const CacheTrace&) = delete;

    // A write that fails ends the recording: the file has what came before.
    void add(const CacheEvent& event) noexcept;

  private:
    explicit CacheTrace(int descriptor) : descriptor_(descriptor) {}
    void write_out() VEXFS_REQUIRES(mutex_);

    Mutex mutex_;
    int descriptor_ VEXFS_GUARDED_BY(mutex_); // -1: it has ended
    std::vector<std::byte> buffer_ VEXFS_GUARDED_BY(mutex_);
};

// EUCLEAN if it is no such file; what a recording that was cut off has begun is left out.
Result<std::vector<CacheEvent>> read_cache_trace(const std::string& path);

// One thing that whoever plays a trace does.
struct CacheAccess {
    uint64_t key = 0;
    uint32_t bytes = 0;
    enum class How : uint8_t {
        kLookUp, // and put what is not there
        kPut,    // what was written, say
        kAhead,  // put what somebody may ask for
    };
    How how = How::kLookUp;
};

// A block that was missed and put soon after is one access, of the size that it was put with. What
// was missed and never put has no size, and is left out.
std::vector<CacheAccess> accesses_of(const std::vector<CacheEvent>& events);

} // namespace vexfs
