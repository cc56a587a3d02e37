// SPDX-License-Identifier: Apache-2.0
//
// Records that are likely to be read next, many with one batch of the device.
#include "userlib/store/objects.h"

namespace vexfs {

namespace {

// Of one call, so that what it needs in memory is bounded: 16 MiB of records of 64 KiB.
constexpr size_t kRecordsMax = 256;

// Adds the Ios that read all of a record into `blocks`.
void add_reads(const RecordItem& record, MutableBytes blocks, std::vector<Io>& batch) {
    size_t done = 0;
    for (const Segment segment : record.segments) {
        const size_t bytes = size_t{segment.count()} * kBlockBytes;
        batch.push_back(whole_extent(segment.first(), blocks.subspan(done, bytes)));
        done += bytes;
    }
}

bool all_sound(const RecordItem& record, Bytes blocks) {
    size_t block = 0;
    for (const Segment segment : record.segments)
        for (uint32_t i = 0; i < segment.count(); ++i, ++block)
            if (!is_sound(blocks.subspan(block * kBlockBytes, kBlockBytes), segment.first() + i,
                          record.head.birth, record.checksums[block]))
                return false;
    return true;
}

// As it lies in the cache; nothing if it is damaged.
PageHandle decoded(const RecordItem& record, Bytes blocks) {
    if (!all_sound(record, blocks))
        return nullptr;
    Result<Page> content = decode_content(record.head, blocks.first(record.head.stored_bytes));
    if (!content)
        return nullptr;
    auto block = std::make_shared<CachedBlock>();
    block->birth = record.head.birth;
    block->kind = BlockKind::kRecord;
    block->bytes = std::move(*content);
    return block;
}

} // namespace

std::vector<RecordItem> Objects::absent(uint64_t oid, std::span<const Item> items) const {
    std::vector<RecordItem> absent;
    for (const Item& item : items) {
        const RecordId id{oid, item.key.unpacked().sub};
        Result<RecordItem> record = decode_record(item.value, layout_);
        if (dirty_.find(id) != dirty_.end() || !record || record->head.kind != RecordHead::kStored)
            continue;
        const uint64_t address = record->segments[0].first();
        if (unwritten_.find(address) == unwritten_.end() && !cache_.contains(address))
            absent.push_back(std::move(*record));
    }
    return absent;
}

size_t Objects::prefetch(uint64_t oid, uint64_t offset, uint64_t end) const {
    const Result<std::vector<Item>> items = list_records(oid, offset, end, kRecordsMax);
    if (!items || is_numbers(oid)) // numbers are read in pieces
        return 0;
    const std::vector<RecordItem> wanted = absent(oid, *items);
    size_t blocks = 0;
    for (const RecordItem& record : wanted)
        blocks += blocks_for(record.head.stored_bytes);
    if (blocks == 0)
        return 0;
    BlockBuffer room(blocks);
    std::vector<Io> batch;
    size_t done = 0;
    for (const RecordItem& record : wanted) {
        add_reads(record, room.bytes().subspan(done), batch);
        done += blocks_for(record.head.stored_bytes) * kBlockBytes;
    }
    if (!device_.read(batch))
        return 0;
    done = 0;
    size_t read = 0;
    for (const RecordItem& record : wanted) {
        const size_t bytes = blocks_for(record.head.stored_bytes) * kBlockBytes;
        if (PageHandle block = decoded(record, room.bytes().subspan(done, bytes))) {
            cache_.put_ahead(record.segments[0].first(), std::move(block));
            ++read;
        }
        done += bytes;
    }
    return read;
}

} // namespace vexfs
