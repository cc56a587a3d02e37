// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/warm_up.h"

#include <algorithm>

#include "base/guard.h"
#include "base/nice.h"

namespace vexfs {

namespace {

constexpr size_t kRecordsAtOnce = 8;
// Of each record: what is asked for is copied, and the cache gets the whole record in any case.
constexpr size_t kAskedBytes = 16;

Error no_memory() {
    return fail(Code::kENOMEM, "warm-up: no memory");
}

} // namespace

// What it fails with is told by whoever needs what cannot be read.
WarmUp::WarmUp(Store& store, uint64_t oid) : store_(store), oid_(oid) {
    static_cast<void>(guard(no_memory(), [this] {
        for (std::thread& thread : threads_)
            thread = std::thread([this] {
                be_nice();
                static_cast<void>(guard(no_memory(), [this] { return run(); }));
            });
        return ok();
    }));
}

WarmUp::~WarmUp() {
    stop_ = true;
    wait();
}

void WarmUp::wait() {
    for (std::thread& thread : threads_)
        if (thread.joinable())
            thread.join();
}

Status WarmUp::run() {
    const size_t unit = store_.layout().header().record_bytes;
    const size_t most = store_.room_for_records() / unit;
    const std::vector<uint64_t> offsets = VEXFS_TRY(store_.records(oid_, 0, UINT64_MAX, most + 1));
    if (offsets.size() > most)
        return ok();
    std::array<std::byte, kAskedBytes> buffer;
    // Twice, with what is noted of each block, for each of the threads.
    const size_t room = 2 * threads_.size() * kRecordsAtOnce * unit;
    while (!stop_ && store_.cache_has_room(room)) {
        const size_t first = next_.fetch_add(kRecordsAtOnce);
        if (first >= offsets.size())
            return ok();
        std::vector<PieceRead> pieces;
        for (size_t i = 0; i < std::min(kRecordsAtOnce, offsets.size() - first); ++i)
            pieces.push_back({offsets[first + i], buffer, ok()});
        VEXFS_TRY(store_.read(oid_, pieces, ReadWidth::kRecord));
    }
    return ok();
}

} // namespace vexfs
