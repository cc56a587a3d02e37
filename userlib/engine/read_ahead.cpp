// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/read_ahead.h"

#include <algorithm>

namespace vexfs {

bool ReadAhead::goes_on(const Stream& stream, uint64_t ino, uint64_t offset) {
    if (stream.ino != ino)
        return false;
    if (offset == stream.next)
        return true;
    // The requests of one reader that threads took in another order.
    return stream.window > 0 && offset <= stream.ahead + kWindowMin &&
           offset + kWindowMax >= stream.next;
}

ReadPlan ReadAhead::next(uint64_t ino, uint64_t offset, uint64_t bytes, uint64_t room) {
    const uint64_t end = offset + std::min(bytes, UINT64_MAX / 2 - offset);
    MutexLock lock(mutex_);
    Stream& stream = streams_[ino % kStreams];
    // A record that does not stay until its last piece is read had better be read in pieces.
    const bool scarce = room < kWindowMin / 2;
    if (offset == 0 || bytes >= kWindowMin || scarce || !goes_on(stream, ino, offset)) {
        stream = {ino, end, end, 0};
        return {};
    }
    ReadPlan plan{true, stream.ahead, 0};
    stream.next = std::max(stream.next, end);
    if (end > stream.ahead) {
        const uint64_t most = std::min(kWindowMax, room);
        stream.window = std::min(std::max(2 * stream.window, kWindowMin), most);
        stream.ahead = end + stream.window;
    }
    plan.end = stream.ahead;
    return plan;
}

} // namespace vexfs
