// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/record_device.h"

#include <algorithm>
#include <cstring>

namespace vexfs {

Status RecordDevice::write(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, child_.geometry().size_bytes));
    const Status status = child_.write(batch);
    MutexLock lock(mutex_);
    for (const Io& io : batch)
        records_.push_back({DeviceRecord::Kind::kWrite,
                            io.address_bytes(),
                            {io.buffer.begin(), io.buffer.end()},
                            0});
    return status;
}

Status RecordDevice::flush() {
    const size_t before = record_count();
    VEXFS_TRY_VOID(child_.flush());
    MutexLock lock(mutex_);
    records_.push_back({DeviceRecord::Kind::kFlush, 0, {}, before});
    return ok();
}

size_t RecordDevice::record_count() const {
    MutexLock lock(mutex_);
    return records_.size();
}

void RecordDevice::forget() {
    MutexLock lock(mutex_);
    records_.clear();
}

size_t durable_records(std::span<const DeviceRecord> records, size_t position) {
    VEXFS_ASSERT(position <= records.size());
    size_t durable = 0;
    for (size_t i = 0; i < position; ++i)
        if (records[i].kind == DeviceRecord::Kind::kFlush)
            durable = std::max(durable, records[i].durable_records);
    return durable;
}

void land(const DeviceRecord& record, MutableBytes image) {
    VEXFS_ASSERT(record.address_bytes <= image.size() &&
                 record.data.size() <= image.size() - record.address_bytes);
    if (!record.data.empty())
        std::memcpy(image.data() + record.address_bytes, record.data.data(), record.data.size());
}

void land_sector(const DeviceRecord& record, size_t sector, MutableBytes image) {
    VEXFS_ASSERT(sector < record.data.size() / kSectorBytes);
    const size_t at = sector * kSectorBytes;
    VEXFS_ASSERT(record.address_bytes + at + kSectorBytes <= image.size());
    std::memcpy(image.data() + record.address_bytes + at, record.data.data() + at, kSectorBytes);
}

} // namespace vexfs
