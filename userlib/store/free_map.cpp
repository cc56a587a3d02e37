// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/free_map.h"

#include <algorithm>

#include "base/assert.h"
#include "userlib/store/block_buffer.h"

namespace vexfs {

namespace {

bool test_bit(const std::vector<uint64_t>& bits, uint64_t i) {
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}
void set_bits(std::vector<uint64_t>& bits, uint64_t begin, uint64_t count, bool value) {
    for (uint64_t i = begin; i < begin + count; ++i) {
        const uint64_t mask = uint64_t{1} << (i % 64);
        bits[i / 64] = value ? bits[i / 64] | mask : bits[i / 64] & ~mask;
    }
}

// The first bit at or after `from` that has this value; `end` if there is none.
uint32_t next_bit(const std::vector<uint64_t>& bits, uint32_t from, uint32_t end, bool value) {
    for (uint32_t i = from; i < end;) {
        const uint64_t word = (value ? bits[i / 64] : ~bits[i / 64]) >> (i % 64);
        if (word != 0)
            return std::min<uint32_t>(end, i + static_cast<uint32_t>(std::countr_zero(word)));
        i = (i / 64 + 1) * 64;
    }
    return end;
}

} // namespace

FreeMap::FreeMap(const Layout& layout, Policy policy) : layout_(layout), policy_(policy) {
    format();
}

void FreeMap::format() {
    MutexLock lock(mutex_);
    const uint32_t words = layout_.header().region_blocks / 64;
    regions_.assign(layout_.regions(), Region{});
    entries_.assign(layout_.regions(), SummaryEntry{});
    free_ = 0;
    for (uint64_t r = 0; r < regions_.size(); ++r) {
        Region& region = regions_[r];
        const uint32_t size = layout_.region_size(r);
        region.used.assign(words, 0);
        set_bits(region.used, 0, Layout::kBitmapSlots, true);
        set_bits(region.used, size, layout_.header().region_blocks - size, true);
        region.busy = region.used;
        region.busy_free = size - Layout::kBitmapSlots;
        region.longest = region.busy_free;
        region.dirty = true;
        free_ += region.busy_free;
    }
    summary_slot_ = 0;
    used_blocks_ = 0;
    changes_.clear();
    quarantine_.clear();
    quarantined_ = 0;
    cursors_ = {layout_.region_start(0), layout_.region_start(layout_.regions() / 2)};
}

Status FreeMap::load(Device& device, const Written& in_force, uint64_t txg) {
    format();
    Status loaded = load_summary(device, in_force, txg);
    if (loaded)
        loaded = load_bitmaps(device, in_force);
    if (!loaded)
        format();
    return loaded;
}

void FreeMap::format_beside(Device& device, const Written& in_force, uint64_t txg) {
    format();
    if (!load_summary(device, in_force, txg))
        entries_.assign(regions_.size(), SummaryEntry{});
}

Status FreeMap::load_summary(Device& device, const Written& in_force, uint64_t txg) {
    summary_slot_ = in_force.summary_slot;
    BlockBuffer summary(layout_.summary_blocks());
    const uint64_t start = layout_.summary_start(summary_slot_);
    VEXFS_TRY_VOID(device.read_one(whole_extent(start, summary.bytes())));
    if (xxh3_128(summary.bytes(), place_seed(start, txg)) != in_force.summary_checksum)
        return fail(Code::kEBADMSG, "free map: checksum of the summary");
    std::memcpy(entries_.data(), summary.bytes().data(), entries_.size() * sizeof(SummaryEntry));
    for (const SummaryEntry& entry : entries_)
        if (entry.slot >= Layout::kBitmapSlots)
            return fail(Code::kEUCLEAN, "free map: slot of a bitmap");
    return ok();
}

Status FreeMap::load_bitmaps(Device& device, const Written& in_force) {
    BlockBuffer bitmaps(regions_.size());
    std::vector<Io> batch;
    for (uint64_t r = 0; r < regions_.size(); ++r)
        batch.push_back(whole_extent(bitmap_block(r, entries_[r].slot),
                                     bitmaps.bytes().subspan(r * kBlockBytes, kBlockBytes)));
    VEXFS_TRY_VOID(device.read(batch));
    for (uint64_t r = 0; r < regions_.size(); ++r)
        VEXFS_TRY_VOID(decode_bitmap(r, bitmaps.bytes().subspan(r * kBlockBytes, kBlockBytes)));
    if (used_blocks_ != in_force.used_blocks)
        return fail(Code::kEUCLEAN, "free map: count of used blocks");
    return ok();
}

uint64_t FreeMap::bitmap_seed(uint64_t region) const {
    const SummaryEntry& entry = entries_[region];
    return place_seed(bitmap_block(region, entry.slot), entry.txg);
}

Status FreeMap::decode_bitmap(uint64_t r, Bytes block) {
    if (xxh3_64(block, bitmap_seed(r)) != entries_[r].checksum)
        return fail(Code::kEBADMSG, "free map: checksum of a bitmap");
    MutexLock lock(mutex_);
    Region& region = regions_[r];
    std::memcpy(region.used.data(), block.data(), region.used.size() * sizeof(uint64_t));
    const uint32_t size = layout_.region_size(r);
    uint32_t free = 0;
    for (uint32_t i = 0; i < layout_.header().region_blocks; ++i) {
        const bool used = test_bit(region.used, i);
        if ((i < Layout::kBitmapSlots || i >= size) && !used)
            return fail(Code::kEUCLEAN, "free map: a bitmap frees what is not its own");
        free += used ? 0 : 1;
    }
    if (free != entries_[r].free_blocks)
        return fail(Code::kEUCLEAN, "free map: count of free blocks");
    free_ = free_ - region.busy_free + free;
    used_blocks_ += size - Layout::kBitmapSlots - free;
    region.busy = region.used;
    region.busy_free = region.longest = free;
    region.dirty = false;
    return ok();
}

Segment FreeMap::find_run_in(uint64_t r, uint32_t blocks, uint32_t from) {
    Region& region = regions_[r];
    if (region.longest < blocks)
        return {};
    const uint32_t end = layout_.region_size(r);
    for (uint32_t i = from; i < end;) {
        const uint32_t begin = next_bit(region.busy, i, end, false);
        const uint32_t stop = next_bit(region.busy, begin, std::min(end, begin + blocks), true);
        if (begin < end && stop - begin == blocks)
            return Segment::of(layout_.region_start(r) + begin, blocks);
        i = stop;
    }
    if (from <= Layout::kBitmapSlots)
        region.longest = blocks - 1;
    return {};
}

Segment FreeMap::find_run(uint32_t blocks, uint64_t from_block) {
    const bool lowest = policy_ == Policy::kLowestFirst;
    const uint64_t first = lowest ? 0 : layout_.region_of(from_block);
    const uint64_t offset = lowest ? 0 : from_block - layout_.region_start(first);
    // The last step is the first region again, from its beginning.
    for (uint64_t step = 0; step <= regions_.size(); ++step) {
        const uint64_t r = (first + step) % regions_.size();
        const auto from = static_cast<uint32_t>(step == 0 ? offset : 0);
        if (const Segment run = find_run_in(r, blocks, from))
            return run;
    }
    return {};
}

void FreeMap::take(Segment segment) {
    const uint64_t r = layout_.region_of(segment.first());
    Region& region = regions_[r];
    set_bits(region.busy, segment.first() - layout_.region_start(r), segment.count(), true);
    region.busy_free -= segment.count();
    free_ -= segment.count();
}

Result<Segments> FreeMap::allocate(uint32_t blocks, uint32_t pieces_max, uint64_t txg,
                                   Place place) {
    VEXFS_ASSERT(blocks > 0 && pieces_max > 0);
    MutexLock lock(mutex_);
    if (free_ < blocks)
        return fail(Code::kENOSPC, "free map: no free blocks");
    uint64_t& cursor = cursors_[place == Place::kAny ? 0 : 1];
    Segments got;
    uint32_t left = blocks;
    uint32_t piece = blocks;
    while (left > 0) {
        piece = std::min(piece, left);
        const Segment run = find_run(piece, cursor);
        if (run) {
            take(run);
            cursor = run.first() + run.count();
            if (layout_.region_of(cursor) >= regions_.size())
                cursor = layout_.region_start(0);
            got.push_back(run);
            left -= piece;
            continue;
        }
        VEXFS_ASSERT(piece > 1);
        piece /= 2;
    }
    VEXFS_ASSERT(got.size() <= pieces_max || pieces_max < blocks);
    Changes& changes = changes_[txg];
    changes.taken.insert(changes.taken.end(), got.begin(), got.end());
    return got;
}

void FreeMap::release(Segment segment, uint64_t txg) {
    MutexLock lock(mutex_);
    changes_[txg].released.push_back(segment);
    quarantined_ += segment.count();
}

Status FreeMap::set_used(Segment segment, bool used) {
    const uint64_t r = layout_.region_of(segment.first());
    const uint64_t begin = segment.first() - layout_.region_start(r);
    for (uint64_t i = begin; i < begin + segment.count(); ++i)
        if (test_bit(regions_[r].used, i) == used)
            return fail(Code::kEUCLEAN, used ? "free map: two owners of one block"
                                             : "free map: a block is freed that is free");
    set_bits(regions_[r].used, begin, segment.count(), used);
    regions_[r].dirty = true;
    used_blocks_ += used ? segment.count() : -uint64_t{segment.count()};
    return ok();
}

Status FreeMap::apply(const Changes& changes) {
    for (const Segment segment : changes.taken)
        VEXFS_TRY_VOID(set_used(segment, true));
    for (const Segment segment : changes.released)
        VEXFS_TRY_VOID(set_used(segment, false));
    return ok();
}

void FreeMap::encode_bitmap(uint64_t r, MutableBytes block) const {
    const std::vector<uint64_t>& used = regions_[r].used;
    std::memcpy(block.data(), used.data(), used.size() * sizeof(uint64_t));
}

Result<FreeMap::Written> FreeMap::write(Device& device, uint64_t txg) {
    {
        MutexLock lock(mutex_);
        while (!changes_.empty() && changes_.begin()->first <= txg) {
            auto node = changes_.extract(changes_.begin());
            VEXFS_TRY_VOID(apply(node.mapped()));
            Segments& waiting = quarantine_[node.key()];
            const Segments& released = node.mapped().released;
            waiting.insert(waiting.end(), released.begin(), released.end());
        }
    }
    std::vector<uint64_t> dirty;
    for (uint64_t r = 0; r < regions_.size(); ++r)
        if (regions_[r].dirty)
            dirty.push_back(r);
    BlockBuffer bitmaps(std::max<size_t>(1, dirty.size()));
    std::vector<Io> batch;
    for (size_t i = 0; i < dirty.size(); ++i) {
        const uint64_t r = dirty[i];
        const MutableBytes block = bitmaps.bytes().subspan(i * kBlockBytes, kBlockBytes);
        encode_bitmap(r, block);
        SummaryEntry& entry = entries_[r];
        entry.slot ^= 1;
        entry.txg = txg;
        entry.free_blocks = 0;
        for (const uint64_t word : regions_[r].used)
            entry.free_blocks += static_cast<uint32_t>(std::popcount(~word));
        entry.checksum = xxh3_64(block, bitmap_seed(r));
        batch.push_back(whole_extent(bitmap_block(r, entry.slot), block));
        regions_[r].dirty = false;
    }
    summary_slot_ ^= 1;
    BlockBuffer summary(layout_.summary_blocks());
    std::memcpy(summary.bytes().data(), entries_.data(), entries_.size() * sizeof(SummaryEntry));
    const uint64_t start = layout_.summary_start(summary_slot_);
    batch.push_back(whole_extent(start, summary.bytes()));
    VEXFS_TRY_VOID(device.write(batch));
    return Written{summary_slot_, xxh3_128(summary.bytes(), place_seed(start, txg)), used_blocks_};
}

void FreeMap::committed(uint64_t txg) {
    MutexLock lock(mutex_);
    while (!quarantine_.empty() && quarantine_.begin()->first + kDeferTxgs <= txg) {
        for (const Segment segment : quarantine_.begin()->second) {
            const uint64_t r = layout_.region_of(segment.first());
            Region& region = regions_[r];
            set_bits(region.busy, segment.first() - layout_.region_start(r), segment.count(),
                     false);
            region.busy_free += segment.count();
            region.longest = region.busy_free;
            free_ += segment.count();
            quarantined_ -= segment.count();
        }
        quarantine_.erase(quarantine_.begin());
    }
}

Segment FreeMap::free_run(uint64_t from, uint64_t end) const {
    MutexLock lock(mutex_);
    const uint64_t r = layout_.region_of(from);
    const uint64_t start = layout_.region_start(r);
    const auto stop = static_cast<uint32_t>(end - start);
    const uint32_t begin =
        next_bit(regions_[r].busy, static_cast<uint32_t>(from - start), stop, false);
    const uint32_t past = next_bit(regions_[r].busy, begin, stop, true);
    return begin < past ? Segment::of(start + begin, past - begin) : Segment{};
}

uint64_t FreeMap::free_blocks() const {
    MutexLock lock(mutex_);
    return free_;
}

uint64_t FreeMap::quarantined_blocks() const {
    MutexLock lock(mutex_);
    return quarantined_;
}

bool FreeMap::on_disk(uint64_t block) const {
    const uint64_t r = layout_.region_of(block);
    return test_bit(regions_[r].used, block - layout_.region_start(r));
}

Status FreeMap::mark(Segment segment) {
    MutexLock lock(mutex_);
    VEXFS_TRY_VOID(set_used(segment, true));
    take(segment);
    return ok();
}

} // namespace vexfs
