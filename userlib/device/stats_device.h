// SPDX-License-Identifier: Apache-2.0
//
// StatsDevice: passes everything on and counts it: calls, Ios, bytes, failures, and the time of
// each call.
//
// Threads: any, without a lock.
#pragma once

#include <atomic>

#include "userlib/device/device.h"
#include "userlib/device/histogram.h"

namespace vexfs {

// What one kind of call amounted to. A flush is one call and no Io.
struct OpStats {
    uint64_t ios = 0;
    uint64_t bytes = 0;
    uint64_t failed_ios = 0;      // of flush: failed calls
    HistogramSnapshot latency_ns; // of calls; its count is that of the calls
};

struct DeviceStats {
    OpStats read;
    OpStats write;
    OpStats flush;
};

class StatsDevice final : public Device {
  public:
    // The child outlives this device.
    explicit StatsDevice(Device& child) : child_(child) {}

    Status read(std::span<Io> batch) override;
    Status write(std::span<Io> batch) override;
    Status flush() override;
    [[nodiscard]] Geometry geometry() const override { return child_.geometry(); }
    [[nodiscard]] std::string identity() const override { return child_.identity(); }
    Status register_memory(std::span<const MutableBytes> arenas) override {
        return child_.register_memory(arenas);
    }

    [[nodiscard]] DeviceStats stats() const;
    // Counts from zero again. Calls under way may be counted in part.
    void reset();

  private:
    struct Op {
        std::atomic<uint64_t> ios{0};
        std::atomic<uint64_t> bytes{0};
        std::atomic<uint64_t> failed_ios{0};
        Histogram latency_ns;

        void count(std::span<const Io> batch);
        [[nodiscard]] OpStats stats() const;
        void reset();
    };

    Device& child_;
    Op read_;
    Op write_;
    Op flush_;
};

} // namespace vexfs
