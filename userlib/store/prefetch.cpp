// SPDX-License-Identifier: Apache-2.0
//
// Records that are likely to be read next, many with one batch of the device.
#include "userlib/store/objects.h"

namespace vexfs {

namespace {

// Of one call, so that what it needs in memory is bounded: 16 MiB of records of 64 KiB.
constexpr size_t kRecordsMax = 256;

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
    RecordBatch batch(device_);
    for (RecordItem& record : absent(oid, *items))
        batch.add(std::move(record));
    batch.read();
    size_t read = 0;
    for (size_t i = 0; i < batch.count(); ++i) {
        Result<Page> content = batch.content(i);
        if (!content)
            continue;
        const RecordItem& record = batch.record(i);
        cache_.put_ahead(record.segments[0].first(), in_cache_form(record, std::move(*content)));
        ++read;
    }
    return read;
}

} // namespace vexfs
