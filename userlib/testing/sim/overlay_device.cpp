// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/overlay_device.h"

#include <algorithm>

namespace vexfs {

MutableBytes OverlayDevice::page(uint64_t block) {
    if (places_[block] == 0) {
        touched_.push_back(block);
        places_[block] = static_cast<uint32_t>(touched_.size());
        const Bytes original = image_.subspan(block * kBlockBytes, kBlockBytes);
        pages_.insert(pages_.end(), original.begin(), original.end());
    }
    return MutableBytes(pages_).subspan(size_t{places_[block] - 1} * kBlockBytes, kBlockBytes);
}

Bytes OverlayDevice::block(uint64_t block) const {
    return places_[block] == 0
               ? image_.subspan(block * kBlockBytes, kBlockBytes)
               : Bytes(pages_).subspan(size_t{places_[block] - 1} * kBlockBytes, kBlockBytes);
}

Status OverlayDevice::read(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, image_.size()));
    MutexLock lock(mutex_);
    for (const Io& io : batch)
        for (size_t done = 0; done < io.buffer.size(); done += kBlockBytes)
            std::memcpy(io.buffer.data() + done,
                        block((io.address_bytes() + done) / kBlockBytes).data(), kBlockBytes);
    return ok();
}

Status OverlayDevice::write(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, image_.size()));
    MutexLock lock(mutex_);
    for (const Io& io : batch)
        land_locked(io.address_bytes(), io.buffer);
    return ok();
}

void OverlayDevice::land(uint64_t address_bytes, Bytes bytes) {
    MutexLock lock(mutex_);
    land_locked(address_bytes, bytes);
}

void OverlayDevice::land_locked(uint64_t address_bytes, Bytes bytes) {
    while (!bytes.empty()) {
        const size_t begin = address_bytes % kBlockBytes;
        const size_t count = std::min<size_t>(bytes.size(), kBlockBytes - begin);
        std::memcpy(page(address_bytes / kBlockBytes).data() + begin, bytes.data(), count);
        bytes = bytes.subspan(count);
        address_bytes += count;
    }
}

void OverlayDevice::reset() {
    MutexLock lock(mutex_);
    reset_locked();
}

void OverlayDevice::reset_locked() {
    for (const uint64_t block : touched_)
        places_[block] = 0;
    touched_.clear();
    pages_.clear();
}

void OverlayDevice::restore(const Saved& saved) {
    MutexLock lock(mutex_);
    reset_locked();
    for (size_t i = 0; i < saved.blocks.size(); ++i)
        land_locked(saved.blocks[i] * kBlockBytes,
                    Bytes(saved.bytes).subspan(i * kBlockBytes, kBlockBytes));
}

} // namespace vexfs
