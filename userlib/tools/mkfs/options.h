// SPDX-License-Identifier: Apache-2.0
//
// The command line of mkfs.vexfs.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>

#include "userlib/tools/units/units.h"

namespace vexfs {

struct MkfsOptions {
    std::string target;
    std::string label;
    std::optional<VolumeId> volume_id;
    std::optional<uint64_t> size_bytes; // create an image file
    bool dry_run = false;
    bool force = false;
    bool quiet = false;
    bool verbose = false;
    bool json = false;
    bool help = false;
    bool version = false;
};

extern const char* const kMkfsUsage;

// On failure `explanation` is a sentence; EINVAL.
Result<MkfsOptions> parse_mkfs(int count, char** arguments, std::string& explanation);

} // namespace vexfs
