// SPDX-License-Identifier: Apache-2.0
//
// The command line of fsck.vexfs.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace vexfs {

struct FsckOptions {
    enum class Mode : uint8_t {
        kLook,   // -n and the default: nothing is written
        kPreen,  // -p: repairs that lose nothing
        kRepair, // -y: also those that lose what cannot be kept
    };

    std::string target;
    Mode mode = Mode::kLook;
    bool quiet = false;
    bool verbose = false;
    bool json = false;
    bool help = false;
    bool version = false;
    // Repairs asked for by name; each implies writing.
    std::optional<uint64_t> rewind_txg;
    bool rebuild_free_map = false;
    bool truncate_log = false;
    // Not a repair: where to copy what can be read. Nothing is checked then; empty: not asked for.
    std::string salvage_directory;

    [[nodiscard]] bool named_repair() const {
        return rewind_txg.has_value() || rebuild_free_map || truncate_log;
    }
};

extern const char* const kFsckUsage;

// On failure `explanation` is a sentence; EINVAL.
Result<FsckOptions> parse_fsck(int count, char** arguments, std::string& explanation);

} // namespace vexfs
