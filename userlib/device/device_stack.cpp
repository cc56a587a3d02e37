// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/device_stack.h"

#include "userlib/device/part_device.h"
#include "userlib/device/ram_device.h"
#include "userlib/device/record_device.h"

namespace vexfs {

namespace {

Result<std::unique_ptr<Device>> make_leaf(const DeviceSpec& spec, bool read_only,
                                          std::string& explanation) {
    if (spec.type == DeviceSpec::Type::kRam) {
        std::unique_ptr<Device> made = VEXFS_TRY(RamDevice::create(spec.size_bytes));
        return made;
    }
    const FileOptions options{read_only, spec.direct, spec.engine};
    std::unique_ptr<Device> made = VEXFS_TRY(FileDevice::open(spec.path, options, explanation));
    return made;
}

Result<std::unique_ptr<Device>> make_layer(const DeviceSpec& spec, Device& child) {
    std::unique_ptr<Device> made;
    if (spec.type == DeviceSpec::Type::kPart)
        made = VEXFS_TRY(PartDevice::create(child, spec.offset_bytes, spec.size_bytes));
    else if (spec.type == DeviceSpec::Type::kFault)
        made = VEXFS_TRY(FaultDevice::create(child, spec.faults));
    else
        made = std::make_unique<RecordDevice>(child);
    return made;
}

} // namespace

Result<std::unique_ptr<DeviceStack>> DeviceStack::open(const DeviceSpec& spec, bool read_only,
                                                       std::string& explanation) {
    explanation.clear();
    std::unique_ptr<DeviceStack> stack(new DeviceStack(spec));
    if (const Status built = stack->build(stack->spec_, read_only, explanation); !built) {
        if (explanation.empty())
            explanation = built.error().what;
        return built.error();
    }
    return stack;
}

Status DeviceStack::build(const DeviceSpec& spec, bool read_only, std::string& explanation) {
    for (const DeviceSpec& child : spec.children)
        VEXFS_TRY_VOID(build(child, read_only, explanation));
    Layer layer;
    layer.device = spec.children.empty() ? VEXFS_TRY(make_leaf(spec, read_only, explanation))
                                         : VEXFS_TRY(make_layer(spec, top()));
    layer.counted = std::make_unique<StatsDevice>(*layer.device);
    layers_.push_back(std::move(layer));
    return ok();
}

DeviceStack::~DeviceStack() {
    while (!layers_.empty())
        layers_.pop_back();
}

std::vector<DeviceStack::LayerStats> DeviceStack::stats() const {
    std::vector<LayerStats> all;
    for (const Layer& layer : layers_)
        all.push_back({layer.device->identity(), layer.counted->stats()});
    return all;
}

void DeviceStack::reset_stats() {
    for (const Layer& layer : layers_)
        layer.counted->reset();
}

} // namespace vexfs
