// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/ram_device.h"

#include <cstring>
#include <limits>

namespace vexfs {

Result<std::unique_ptr<RamDevice>> RamDevice::create(uint64_t size_bytes) {
    if (size_bytes == 0 || size_bytes % kBlockBytes != 0)
        return fail(Code::kEINVAL, "ram: the size is not a positive multiple of 4 KiB");
    if (size_bytes > static_cast<uint64_t>(std::numeric_limits<ptrdiff_t>::max()))
        return fail(Code::kENOMEM, "ram: size");
    AlignedBuffer memory = VEXFS_TRY(AlignedBuffer::create(size_bytes));
    return std::unique_ptr<RamDevice>(new RamDevice(std::move(memory)));
}

Status RamDevice::read(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, memory_.bytes().size()));
    for (Io& io : batch)
        std::memcpy(io.buffer.data(), memory_.bytes().data() + io.address_bytes(),
                    io.buffer.size());
    return ok();
}

Status RamDevice::write(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, memory_.bytes().size()));
    for (Io& io : batch)
        std::memcpy(memory_.bytes().data() + io.address_bytes(), io.buffer.data(),
                    io.buffer.size());
    return ok();
}

Geometry RamDevice::geometry() const {
    return {memory_.bytes().size(), kSectorBytes, 128 * 1024};
}

} // namespace vexfs
