// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/part_device.h"

namespace vexfs {

Result<std::unique_ptr<PartDevice>> PartDevice::create(Device& child, uint64_t offset_bytes,
                                                       uint64_t size_bytes) {
    if (offset_bytes % kBlockBytes != 0 || size_bytes % kBlockBytes != 0 || size_bytes == 0)
        return fail(Code::kEINVAL, "part: offset or size is no multiple of 4 KiB, or size is 0");
    const uint64_t child_bytes = child.geometry().size_bytes;
    if (offset_bytes > child_bytes || size_bytes > child_bytes - offset_bytes)
        return fail(Code::kEINVAL, "part: the window is not inside the device");
    return std::unique_ptr<PartDevice>(new PartDevice(child, offset_bytes, size_bytes));
}

Status PartDevice::pass(std::span<Io> batch, Verb verb) {
    VEXFS_TRY_VOID(check_batch(batch, size_bytes_));
    const uint64_t shift_blocks = offset_bytes_ / kBlockBytes;
    for (Io& io : batch)
        io.extent.start_blocks += shift_blocks;
    const Status status = (child_.*verb)(batch);
    for (Io& io : batch)
        io.extent.start_blocks -= shift_blocks;
    return status;
}

Geometry PartDevice::geometry() const {
    Geometry geometry = child_.geometry();
    geometry.size_bytes = size_bytes_;
    return geometry;
}

std::string PartDevice::identity() const {
    return "part(" + child_.identity() + " at " + std::to_string(offset_bytes_) + ")";
}

} // namespace vexfs
