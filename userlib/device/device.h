// SPDX-License-Identifier: Apache-2.0
//
// Device: bytes at an offset, in batches.
//
// A device is a file, a block device, memory, or a layer over another device. Everything above it
// reads and writes whole 4 KiB blocks through this interface and blocks until the batch is done. An
// Io names the allocated extent it belongs to, because a layout with parity derives the stripe from
// the extent and not from the address.
//
// Threads: every Device takes calls from any thread at once. Calls that overlap in time and in
// range have no order.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs {

// The unit of every address, length and buffer alignment on a device.
inline constexpr uint64_t kBlockBytes = 4096;

// What a medium writes whole or not at all, at best.
inline constexpr uint32_t kSectorBytes = 512;

// What the allocator handed out as one piece: the device's blocks [start_blocks, start_blocks +
// length_blocks).
struct ExtentRef {
    uint64_t start_blocks = 0;
    uint64_t length_blocks = 0;
};

// One read or write. Offset and buffer size are multiples of kBlockBytes, the buffer starts at such
// a multiple in memory, and the range lies inside the extent. A write leaves the buffer as it is.
struct Io {
    ExtentRef extent;
    uint64_t offset_bytes = 0; // from the start of the extent
    MutableBytes buffer;
    Status status; // set by the device

    [[nodiscard]] uint64_t address_bytes() const {
        return extent.start_blocks * kBlockBytes + offset_bytes;
    }
};

// An Io over all of `buffer`, which is an extent of its own at `start_blocks`.
inline Io whole_extent(uint64_t start_blocks, MutableBytes buffer) {
    return {{start_blocks, buffer.size() / kBlockBytes}, 0, buffer, {}};
}

struct Geometry {
    uint64_t size_bytes = 0;              // a multiple of kBlockBytes
    uint32_t sector_bytes = kSectorBytes; // the medium's own unit, at most kBlockBytes
    uint32_t optimal_bytes = kBlockBytes; // the size from which on larger batches of it gain little

    [[nodiscard]] uint64_t size_blocks() const { return size_bytes / kBlockBytes; }
};

class Device {
  public:
    Device() = default;
    virtual ~Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    // Do all of the batch, in no particular order, and return when it is done. Each Io has its own
    // status; the result is ok if all of them are, else the error of the first Io that failed. A
    // batch with an Io that breaks the rules above is refused whole with EINVAL and touches
    // nothing. Writes of one batch must not overlap.
    virtual Status read(std::span<Io> batch) = 0;
    virtual Status write(std::span<Io> batch) = 0;

    // Every write that returned ok before this call is durable when it returns ok. After a failure
    // nobody knows which of the writes since the last good flush are durable, and calling again
    // does not tell.
    virtual Status flush() = 0;

    [[nodiscard]] virtual Geometry geometry() const = 0;

    // What it is, for log lines: "file:/srv/a.img".
    [[nodiscard]] virtual std::string identity() const = 0;

    // Tells the device of long-lived buffers that many Ios will point into, so that it can map them
    // once instead of for each Io. They must outlive the device. A failure costs only that speed.
    virtual Status register_memory(std::span<const MutableBytes> arenas);

    // One Io as a batch.
    Status read_one(Io io) { return read({&io, 1}); }
    Status write_one(Io io) { return write({&io, 1}); }
};

// Checks a batch against the rules of Io and a size. If it is refused, the Ios at fault carry
// EINVAL, the others ECANCELED, and the result is EINVAL.
Status check_batch(std::span<Io> batch, uint64_t size_bytes);

// The status of a batch whose Ios are all done: ok, or the first failure.
Status batch_status(std::span<const Io> batch);

} // namespace vexfs
