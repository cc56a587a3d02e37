// SPDX-License-Identifier: Apache-2.0
//
// Finds out who reads a file from one end to the other, and what he will want next.
//
// A read that begins where the last one of its file ended goes on with it. From the second one on
// there is a window ahead of the reader, which is read when he comes to the end of what was read
// before, and is twice as large each time, up to a bound. A read elsewhere begins anew. Several
// readers of one file are told apart as little as requests come in order: a read that is close to
// where the last one ended counts as going on. Who asks for as much at once as the least window has
// read ahead himself, as the kernel does for FUSE: he gets what he asks for.
//
// It remembers some files; one that many others came after begins anew.
//
// Threads: any thread, a lock inside.
#pragma once

#include <array>

#include "base/mutex.h"
#include "userlib/names/names.h"

namespace vexfs {

class ReadAhead {
  public:
    static constexpr uint64_t kWindowMin = uint64_t{128} << 10;
    static constexpr uint64_t kWindowMax = uint64_t{1} << 20;

    // For a read of `bytes` at `offset`. What the plan has of it is to be read together with what
    // follows. `room`: what may be read ahead.
    ReadPlan next(uint64_t ino, uint64_t offset, uint64_t bytes, uint64_t room);

  private:
    static constexpr size_t kStreams = 256;

    struct Stream {
        uint64_t ino = 0;
        uint64_t next = 0;   // where the last read ended
        uint64_t ahead = 0;  // up to where it was read
        uint64_t window = 0; // how far ahead that was; 0: not yet
    };

    static bool goes_on(const Stream& stream, uint64_t ino, uint64_t offset);

    Mutex mutex_;
    std::array<Stream, kStreams> streams_ VEXFS_GUARDED_BY(mutex_); // by inode number
};

} // namespace vexfs
