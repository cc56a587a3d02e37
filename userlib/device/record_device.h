// SPDX-License-Identifier: Apache-2.0
//
// RecordDevice: passes everything on and keeps each write and each flush, so that a crash sweep can
// rebuild what the medium may hold after a power cut at any point.
//
// The records are in the order in which the calls returned; the writes of one batch are in the
// batch's order. A write that failed is kept as well, since part of it may have landed; a flush
// that failed is not, since it promises nothing.
//
// Threads: any. records() is for when no call is under way.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "userlib/device/device.h"

namespace vexfs {

struct DeviceRecord {
    enum class Kind : uint8_t { kWrite, kFlush };

    Kind kind = Kind::kWrite;
    uint64_t address_bytes = 0;  // of a write
    std::vector<std::byte> data; // of a write
    size_t durable_records = 0;  // of a flush: the records [0, durable_records) are on the medium
};

class RecordDevice final : public Device {
  public:
    // The child outlives this device.
    explicit RecordDevice(Device& child) : child_(child) {}

    Status read(std::span<Io> batch) override { return child_.read(batch); }
    Status write(std::span<Io> batch) override;
    Status flush() override;
    [[nodiscard]] Geometry geometry() const override { return child_.geometry(); }
    [[nodiscard]] std::string identity() const override {
        return "record(" + child_.identity() + ")";
    }
    Status register_memory(std::span<const MutableBytes> arenas) override {
        return child_.register_memory(arenas);
    }

    [[nodiscard]] size_t record_count() const;
    [[nodiscard]] const std::vector<DeviceRecord>& records() const VEXFS_NO_THREAD_ANALYSIS {
        return records_;
    }
    void forget();

  private:
    Device& child_;
    mutable Mutex mutex_;
    std::vector<DeviceRecord> records_ VEXFS_GUARDED_BY(mutex_);
};

// How many of records [0, position) a power cut right after them cannot take back.
size_t durable_records(std::span<const DeviceRecord> records, size_t position);

// Lets a recorded write land in an image of the device, which is large enough for it.
void land(const DeviceRecord& record, MutableBytes image);

// The same for one of its sectors, counted from the start of the write.
void land_sector(const DeviceRecord& record, size_t sector, MutableBytes image);

} // namespace vexfs
