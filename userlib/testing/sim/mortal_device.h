// SPDX-License-Identifier: Apache-2.0
//
// MortalDevice: ends the life of whoever writes to it in the middle of what they do.
//
// A process that is killed inside a commit leaves the first few of its writes on the device and
// none of the rest. Here it dies after so many writes, or at a flush, which is the worst moment:
// all is written and nothing need be durable. From then on nothing comes through, until the device
// is revived for the next process.
//
// Threads: one thread.
#pragma once

#include "userlib/device/device.h"

namespace vexfs {

class MortalDevice final : public Device {
  public:
    // The child outlives this device.
    explicit MortalDevice(Device& child) : child_(child) {}

    // Lets `count` more writes through.
    void die_after_writes(uint64_t count) { writes_left_ = count; }
    // Lets `count` more flushes through, and all writes up to the next one.
    void die_at_flush(uint64_t count) { flushes_left_ = count; }
    void revive();
    [[nodiscard]] bool dead() const { return dead_; }

    Status read(std::span<Io> batch) override { return child_.read(batch); }
    Status write(std::span<Io> batch) override;
    Status flush() override;
    [[nodiscard]] Geometry geometry() const override { return child_.geometry(); }
    [[nodiscard]] std::string identity() const override {
        return "mortal(" + child_.identity() + ")";
    }

  private:
    Device& child_;
    uint64_t writes_left_ = UINT64_MAX;
    uint64_t flushes_left_ = UINT64_MAX;
    bool dead_ = false;
};

} // namespace vexfs
