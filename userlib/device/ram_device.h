// SPDX-License-Identifier: Apache-2.0
//
// RamDevice: a device in memory, zero at first. Nothing survives it.
//
// The simulator looks at and replaces its bytes directly, which no other layer can.
//
// Threads: any, as Device says. bytes() is for when no call is under way.
#pragma once

#include <memory>

#include "userlib/device/aligned_buffer.h"
#include "userlib/device/device.h"

namespace vexfs {

class RamDevice final : public Device {
  public:
    // `size_bytes` is a positive multiple of kBlockBytes, else EINVAL; ENOMEM.
    static Result<std::unique_ptr<RamDevice>> create(uint64_t size_bytes);

    Status read(std::span<Io> batch) override;
    Status write(std::span<Io> batch) override;
    Status flush() override { return ok(); }
    [[nodiscard]] Geometry geometry() const override;
    [[nodiscard]] std::string identity() const override { return "ram"; }

    [[nodiscard]] MutableBytes bytes() { return memory_.bytes(); }
    [[nodiscard]] Bytes bytes() const { return memory_.bytes(); }

  private:
    explicit RamDevice(AlignedBuffer memory) : memory_(std::move(memory)) {}

    AlignedBuffer memory_;
};

} // namespace vexfs
