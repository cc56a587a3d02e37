// SPDX-License-Identifier: Apache-2.0
//
// DeviceStack: the devices that a DeviceSpec describes, each counted, with the one on top for use.
//
// Threads: one thread opens it; then any, as Device says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "userlib/device/device_spec.h"
#include "userlib/device/stats_device.h"

namespace vexfs {

class DeviceStack {
  public:
    // Opens the lowest device first. The errors of the devices, with an explanation for the user.
    static Result<std::unique_ptr<DeviceStack>> open(const DeviceSpec& spec, bool read_only,
                                                     std::string& explanation);
    ~DeviceStack();
    DeviceStack(const DeviceStack&) = delete;
    DeviceStack& operator=(const DeviceStack&) = delete;

    [[nodiscard]] Device& top() { return *layers_.back().counted; }
    [[nodiscard]] const DeviceSpec& spec() const { return spec_; }

    struct LayerStats {
        std::string identity;
        DeviceStats stats;
    };
    // From the lowest device to the one on top.
    [[nodiscard]] std::vector<LayerStats> stats() const;
    void reset_stats();

  private:
    struct Layer {
        std::unique_ptr<Device> device;
        std::unique_ptr<StatsDevice> counted;
    };

    explicit DeviceStack(const DeviceSpec& spec) : spec_(spec) {}
    Status build(const DeviceSpec& spec, bool read_only, std::string& explanation);

    const DeviceSpec spec_;
    std::vector<Layer> layers_; // each stands on the one before
};

} // namespace vexfs
