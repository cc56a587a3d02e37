// SPDX-License-Identifier: Apache-2.0
//
// How much memory this process may still take before the kernel kills for it: as its control
// groups say, of version 1 or 2, and the machine.
//
// Threads: any; nothing changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vexfs {

// Of a control group, or of the machine.
struct MemoryRoom {
    uint64_t limit_bytes = 0;
    uint64_t bytes = 0; // that are left; the page cache of files counts as left
};

class MemoryLimits {
  public:
    // Looks for the groups that this process is in now. Paths begin with `root`: tests have
    // directories of their own.
    explicit MemoryLimits(std::string root = "");

    // Of every level that has a limit.
    [[nodiscard]] std::vector<MemoryRoom> rooms() const;
    // Of the last ten seconds, in which all who ran waited for memory; 0 if the kernel does not
    // tell.
    [[nodiscard]] double stalled_percent() const;

  private:
    struct Group {
        std::string limit;    // names of files
        std::string throttle; // a lower limit, if there is one
        std::string usage;
        std::string stat;
        std::vector<std::string> left; // what in `stat` the kernel takes back from files
    };
    void add_groups(const std::string& top, std::string path, const Group& names);

    const std::string root_;
    std::vector<Group> groups_;
    std::string pressure_; // the file that tells of stalls
};

} // namespace vexfs
