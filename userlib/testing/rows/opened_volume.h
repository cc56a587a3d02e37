// SPDX-License-Identifier: Apache-2.0
//
// The volume of an image file, opened as tests want it.
//
// Only tests include it.
//
// Threads: any.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "userlib/engine/volume.h"

namespace vexfs {

// With the least memory there may be, and without a commit but those that a test asks for.
inline std::unique_ptr<Volume> opened_volume(const std::string& path, VolumeOptions options = {}) {
    options.memory_bytes = VolumeOptions::kMemoryBytesMin;
    options.commit_interval = std::chrono::hours(1);
    DeviceSpec spec;
    spec.path = path;
    std::string explanation;
    auto volume = Volume::open(spec, options, explanation);
    if (!volume)
        std::fprintf(stderr, "%s\n", explanation.c_str());
    VEXFS_ASSERT(volume.has_value());
    return std::move(volume).value();
}

inline VolumeOptions for_reading() {
    VolumeOptions options;
    options.read_only = true;
    return options;
}

} // namespace vexfs
