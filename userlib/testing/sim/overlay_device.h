// SPDX-License-Identifier: Apache-2.0
//
// OverlayDevice: a device of the blocks of an image that somebody else owns, with changes on top.
//
// A crash state differs from the next one in a few blocks. So the sweep keeps one image of what is
// durable and puts each state's pending writes, and then whatever recovery writes, into an overlay
// that is dropped again in no time.
//
// Threads: any; geometry() and identity() without a lock.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "userlib/device/device.h"

namespace vexfs {

class OverlayDevice final : public Device {
  public:
    // The image outlives the device and may be changed while the overlay is empty.
    explicit OverlayDevice(Bytes image) : image_(image), places_(image.size() / kBlockBytes, 0) {}

    Status read(std::span<Io> batch) override;
    Status write(std::span<Io> batch) override;
    Status flush() override { return ok(); }
    [[nodiscard]] Geometry geometry() const override { return {image_.size(), 512, kBlockBytes}; }
    [[nodiscard]] std::string identity() const override { return "overlay"; }

    // Lets bytes land anywhere.
    void land(uint64_t address_bytes, Bytes bytes);
    // Forgets all that landed or was written.
    void reset();

    // The overlay as it is; restore() brings it back.
    struct Saved {
        std::vector<uint64_t> blocks;
        std::vector<std::byte> bytes;
    };
    [[nodiscard]] Saved save() const {
        MutexLock lock(mutex_);
        return {touched_, pages_};
    }
    void restore(const Saved& saved);

  private:
    void land_locked(uint64_t address_bytes, Bytes bytes) VEXFS_REQUIRES(mutex_);
    void reset_locked() VEXFS_REQUIRES(mutex_);
    // The overlay's copy of a block, made from the image if there is none.
    MutableBytes page(uint64_t block) VEXFS_REQUIRES(mutex_);
    [[nodiscard]] Bytes block(uint64_t block) const VEXFS_REQUIRES(mutex_);

    const Bytes image_;
    mutable Mutex mutex_;
    // By block: 1 + index into pages, 0 = as in the image.
    std::vector<uint32_t> places_ VEXFS_GUARDED_BY(mutex_);
    std::vector<uint64_t> touched_ VEXFS_GUARDED_BY(mutex_);
    std::vector<std::byte> pages_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
