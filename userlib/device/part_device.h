// SPDX-License-Identifier: Apache-2.0
//
// PartDevice: a window of another device, with addresses from 0.
//
// A flush is the whole child's.
//
// Threads: any, as Device says.
#pragma once

#include <memory>

#include "userlib/device/device.h"

namespace vexfs {

class PartDevice final : public Device {
  public:
    // The child outlives the part. Offset and size are multiples of kBlockBytes, the size is not
    // zero and the window lies inside the child, else EINVAL.
    static Result<std::unique_ptr<PartDevice>> create(Device& child, uint64_t offset_bytes,
                                                      uint64_t size_bytes);

    Status read(std::span<Io> batch) override { return pass(batch, &Device::read); }
    Status write(std::span<Io> batch) override { return pass(batch, &Device::write); }
    Status flush() override { return child_.flush(); }
    [[nodiscard]] Geometry geometry() const override;
    [[nodiscard]] std::string identity() const override;
    Status register_memory(std::span<const MutableBytes> arenas) override {
        return child_.register_memory(arenas);
    }

  private:
    using Verb = Status (Device::*)(std::span<Io>);

    PartDevice(Device& child, uint64_t offset_bytes, uint64_t size_bytes)
        : child_(child), offset_bytes_(offset_bytes), size_bytes_(size_bytes) {}

    Status pass(std::span<Io> batch, Verb verb);

    Device& child_;
    const uint64_t offset_bytes_;
    const uint64_t size_bytes_;
};

} // namespace vexfs
