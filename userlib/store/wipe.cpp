// SPDX-License-Identifier: Apache-2.0
//
// Making zero what the store does not need: nothing of what was deleted stays on the device.
//
// All blocks are handed out by whoever holds the commit mutex, so what is free stays free while a
// piece of the wipe holds it.
#include "userlib/store/store.h"

#include <algorithm>

#include "userlib/store/block_buffer.h"

namespace vexfs {

namespace {

constexpr uint64_t kPieceBlocks = 256;

// Makes blocks zero that are not. Holes of an image stay holes: nothing is written over zeros.
Status make_zero(Device& device, uint64_t first, uint64_t count, uint64_t& wiped) {
    BlockBuffer buffer(count);
    const auto block = [&](uint64_t i) {
        return buffer.bytes().subspan(i * kBlockBytes, kBlockBytes);
    };
    VEXFS_TRY_VOID(device.read_one(whole_extent(first, buffer.bytes())));
    uint64_t begin = 0;
    uint64_t end = count;
    while (begin < end && all_zero(block(begin)))
        ++begin;
    while (begin < end && all_zero(block(end - 1)))
        --end;
    if (begin == end)
        return ok();
    for (uint64_t i = begin; i < end; ++i)
        wiped += all_zero(block(i)) ? 0 : 1;
    const MutableBytes stale =
        buffer.bytes().subspan(begin * kBlockBytes, (end - begin) * kBlockBytes);
    std::ranges::fill(stale, std::byte{0});
    VEXFS_TRY_VOID(device.write_one(whole_extent(first + begin, stale)));
    VEXFS_TRY_VOID(device.flush());
    VEXFS_TRY_VOID(device.read_one(whole_extent(first + begin, stale)));
    if (!all_zero(stale))
        return fail(Code::kEIO, "wipe: the device still tells what was overwritten");
    return ok();
}

} // namespace

Result<bool> Store::step_wipe(Wipe& wipe) {
    return guarded([&]() -> Result<bool> {
        MutexLock lock(commit_mutex_);
        VEXFS_TRY_VOID(check_writable());
        const uint64_t ring = layout_.header().log_blocks;
        const uint64_t last = layout_.regions() - 1;
        const uint64_t first = layout_.region_start(0);
        wipe.total = ring + layout_.region_start(last) + layout_.region_size(last) - first;
        if (wipe.position >= wipe.total)
            return false;
        if (wipe.position < ring) {
            const uint64_t count = std::min(kPieceBlocks, ring - wipe.position);
            VEXFS_TRY_VOID(
                log_.with_unused(wipe.position, count, [&](uint64_t from, uint64_t blocks) {
                    return make_zero(device_, from, blocks, wipe.wiped);
                }));
            wipe.position += count;
            return true;
        }
        const uint64_t from = first + wipe.position - ring;
        const uint64_t region = layout_.region_of(from);
        const uint64_t end = std::min(from + kPieceBlocks,
                                      layout_.region_start(region) + layout_.region_size(region));
        VEXFS_TRY_VOID(wipe_free(from, end, wipe));
        wipe.position += end - from;
        return wipe.position < wipe.total;
    });
}

Status Store::wipe_free(uint64_t from, uint64_t end, Wipe& wipe) {
    while (from < end) {
        const Segment run = free_map_.free_run(from, end);
        if (!run)
            return ok();
        VEXFS_TRY_VOID(make_zero(device_, run.first(), run.count(), wipe.wiped));
        from = run.first() + run.count();
    }
    return ok();
}

} // namespace vexfs
