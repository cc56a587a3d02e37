// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/record_batch.h"

#include "base/assert.h"

namespace vexfs {

void RecordBatch::add(RecordItem record) {
    VEXFS_ASSERT(ios_.empty());
    blocks_ += blocks_for(record.head.stored_bytes);
    records_.push_back(std::move(record));
}

void RecordBatch::read() {
    VEXFS_ASSERT(ios_.empty());
    if (records_.empty())
        return;
    room_ = BlockBuffer::unset(blocks_); // of what is not read nothing is taken
    size_t block = 0;
    for (const RecordItem& record : records_) {
        places_.push_back({block, ios_.size()});
        for (const Segment segment : record.segments) {
            ios_.push_back(whole_extent(
                segment.first(),
                room_.bytes().subspan(block * kBlockBytes, size_t{segment.count()} * kBlockBytes)));
            block += segment.count();
        }
    }
    places_.push_back({block, ios_.size()});
    static_cast<void>(device_.read(ios_)); // each has a status of its own
}

void RecordBatch::clear() {
    records_.clear();
    places_.clear();
    ios_.clear();
    blocks_ = 0;
}

Result<Page> RecordBatch::content(size_t number) const {
    const RecordItem& record = records_[number];
    const Place place = places_[number];
    for (size_t io = place.io; io < places_[number + 1].io; ++io)
        VEXFS_TRY_VOID(ios_[io].status);
    size_t block = 0; // of the record
    for (const Segment segment : record.segments)
        for (uint32_t i = 0; i < segment.count(); ++i, ++block)
            if (!is_sound(room_.bytes().subspan((place.block + block) * kBlockBytes, kBlockBytes),
                          segment.first() + i, record.head.birth, record.checksums[block]))
                return fail(Code::kEBADMSG, "record: checksum");
    return decode_content(
        record.head, room_.bytes().subspan(place.block * kBlockBytes, record.head.stored_bytes));
}

Result<Page> read_record(Device& device, const RecordItem& record) {
    RecordBatch batch(device);
    batch.add(record);
    batch.read();
    return batch.content(0);
}

} // namespace vexfs
