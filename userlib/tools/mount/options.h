// SPDX-License-Identifier: Apache-2.0
//
// The command line of mount.vexfs, as mount(8) and people write it.
//
// Threads: one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace vexfs {

extern const char* const kMountUsage;

struct MountOptions {
    std::string device;
    std::string directory;
    bool fake = false; // -f
    bool verbose = false;
    bool help = false;
    bool version = false;
    std::vector<std::string> daemon; // what vexfsd is told on behalf of -o
};

// EINVAL with a sentence for the user.
Result<MountOptions> parse_mount(int count, char** arguments, std::string& explanation);

} // namespace vexfs
