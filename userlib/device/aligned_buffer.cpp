// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/aligned_buffer.h"

#include <limits>

#include <sys/mman.h>

#include "userlib/device/device.h"

namespace vexfs {

Result<AlignedBuffer> AlignedBuffer::create(size_t size_bytes) {
    if (size_bytes == 0)
        return AlignedBuffer();
    if (size_bytes > std::numeric_limits<size_t>::max() - kBlockBytes)
        return fail(Code::kENOMEM, "buffer: size");
    const size_t rounded = round_up(size_bytes, kBlockBytes);
    void* memory =
        ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fail(Code::kENOMEM, "buffer: mmap");
    return AlignedBuffer(MutableBytes(static_cast<std::byte*>(memory), rounded));
}

AlignedBuffer::~AlignedBuffer() {
    if (!bytes_.empty())
        ::munmap(bytes_.data(), bytes_.size());
}

} // namespace vexfs
