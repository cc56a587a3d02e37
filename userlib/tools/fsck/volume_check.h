// SPDX-License-Identifier: Apache-2.0
//
// What fsck.vexfs does: look at the volume, repair what was agreed to, look again.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userlib/collection/check.h"
#include "userlib/names/check.h"
#include "userlib/store/check.h"
#include "userlib/tools/fsck/options.h"
#include "userlib/tools/fsck/salvage_files.h"

namespace vexfs {

// The bits of fsck(8).
enum FsckExit : int {
    kFsckClean = 0,
    kFsckCorrected = 1,
    kFsckUncorrected = 4,
    kFsckOperational = 8,
    kFsckWrongUse = 16,
};

// One look at the volume.
struct Look {
    std::optional<Error> refusal; // the volume could not be opened, and nothing else is known
    CheckReport report;
    NamesReport names;
    CollectionsReport collections;
    Header header;
    uint64_t txg = 0;
    bool log_damaged = false; // which is one of the findings

    // What the repairs are for. Nothing repairs the tree of files, nor collections.
    [[nodiscard]] bool store_clean() const { return !refusal && report.clean(); }
    [[nodiscard]] bool clean() const {
        return store_clean() && names.clean() && collections.clean();
    }
};

struct VolumeCheck {
    Look before;
    std::vector<std::string> repairs; // that were tried, in words
    std::optional<Look> after;        // if any was

    [[nodiscard]] int exit_status() const;
};

// EBUSY, EINVAL and so on with an explanation if the target cannot be looked at, or is no volume.
Result<VolumeCheck> check_volume(const FsckOptions& options, std::string& explanation);

// Copies what can be read to options.salvage_directory; the volume is opened for reading only.
Result<SalvageSummary> salvage_volume(const FsckOptions& options, std::string& explanation);

} // namespace vexfs
