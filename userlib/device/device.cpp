// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/device.h"

namespace vexfs {

namespace {

Status check_io(const Io& io, uint64_t size_bytes) {
    if (io.buffer.empty() || io.buffer.size() % kBlockBytes != 0)
        return fail(Code::kEINVAL, "device: the length is not a positive multiple of 4 KiB");
    if (reinterpret_cast<uintptr_t>(io.buffer.data()) % kBlockBytes != 0)
        return fail(Code::kEINVAL, "device: the buffer is not aligned to 4 KiB");
    if (io.offset_bytes % kBlockBytes != 0)
        return fail(Code::kEINVAL, "device: the offset is not a multiple of 4 KiB");

    const uint64_t size_blocks = size_bytes / kBlockBytes;
    if (io.extent.start_blocks > size_blocks ||
        io.extent.length_blocks > size_blocks - io.extent.start_blocks)
        return fail(Code::kEINVAL, "device: the extent is outside the device");
    const uint64_t extent_bytes = io.extent.length_blocks * kBlockBytes;
    if (io.offset_bytes > extent_bytes || io.buffer.size() > extent_bytes - io.offset_bytes)
        return fail(Code::kEINVAL, "device: the range is outside its extent");
    return ok();
}

} // namespace

Status Device::register_memory(std::span<const MutableBytes>) {
    return ok();
}

Status check_batch(std::span<Io> batch, uint64_t size_bytes) {
    for (Io& io : batch)
        io.status = check_io(io, size_bytes);
    const Status verdict = batch_status(batch);
    if (!verdict)
        for (Io& io : batch)
            if (io.status)
                io.status = fail(Code::kECANCELED, "device: another Io of the batch is malformed");
    return verdict;
}

Status batch_status(std::span<const Io> batch) {
    for (const Io& io : batch)
        if (!io.status)
            return io.status;
    return ok();
}

} // namespace vexfs
