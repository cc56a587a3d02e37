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

struct MemoryRoom {
    uint64_t limit_bytes = UINT64_MAX; // of whoever has the least room
    uint64_t bytes = UINT64_MAX;       // room; the page cache of files is room, too
    // Of the last ten seconds, in which all who ran waited for memory; 0 if the kernel does not
    // tell.
    double stalled_percent = 0;
};

class MemoryLimits {
  public:
    // Looks for the groups that this process is in now. Paths begin with `root`: tests have
    // directories of their own.
    explicit MemoryLimits(std::string root = "");

    [[nodiscard]] MemoryRoom room() const;

  private:
    struct Group {
        std::string limit; // names of files
        std::string usage;
        std::string stat;
        const char* inactive; // what in `stat` is page cache that nobody used lately
    };
    void add_groups(const std::string& top, std::string path, const Group& names);

    const std::string root_;
    std::vector<Group> groups_;
    std::string pressure_; // the file that tells of stalls
};

} // namespace vexfs
