// SPDX-License-Identifier: Apache-2.0
//
// A volume in memory that holds the text files below a folder, and counts what is read of it.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "userlib/device/ram_device.h"
#include "userlib/device/stats_device.h"
#include "userlib/names/names.h"
#include "userlib/store/store.h"

namespace vexfs {

struct SourceFile {
    std::string path; // below the folder
    std::vector<std::byte> bytes;
};

// The sources, scripts and texts below the folder, in order of their paths; what was built and what
// git keeps are left out. ENOENT if there are none.
Result<std::vector<SourceFile>> read_sources(const std::string& folder);

class SourceVolume {
  public:
    // Writes the files with folders, names and data, and commits.
    static Result<std::unique_ptr<SourceVolume>> make(const std::vector<SourceFile>& files,
                                                      const StoreOptions& options);

    [[nodiscard]] Store& store() { return *store_; }
    [[nodiscard]] Names& names() { return *names_; }
    [[nodiscard]] StatsDevice& device() { return *counted_; }
    // As if it had just been mounted.
    Status reopen(const StoreOptions& options);

  private:
    Status fill(const std::vector<SourceFile>& files);

    std::unique_ptr<RamDevice> ram_;
    std::unique_ptr<StatsDevice> counted_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Names> names_;
};

} // namespace vexfs
