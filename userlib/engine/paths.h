// SPDX-License-Identifier: Apache-2.0
//
// The paths of files as one caller walks them from one directory down.
//
// Names and rights are those of the time since it was made: each directory is looked at once.
//
// Threads: one thread.
#pragma once

#include "userlib/engine/access/walk.h"
#include "userlib/names/names.h"

namespace vexfs {

inline Ownership ownership_of(const Inode& inode) {
    return {inode.mode, inode.uid, inode.gid};
}

class Paths {
  public:
    // All outlive it.
    Paths(Names& names, Directories& directories, const Caller& caller, uint64_t top)
        : names_(names), caller_(caller), top_(top), walk_(directories, caller, top) {}

    // The paths of the file's links that the caller may walk to; none if there are none, or no such
    // file any more.
    Result<std::vector<std::string>> all(uint64_t ino);
    // The first of them; "" if there is none.
    Result<std::string> first(uint64_t ino);
    // Whether there are any.
    Result<bool> reaches(uint64_t ino);
    // The same for a file that only counts if it is regular and the caller may read it.
    Result<std::string> first_readable(uint64_t ino);

  private:
    // The links to which the caller may walk.
    Result<std::vector<Link>> links(uint64_t ino);
    // From the top, with a slash behind it. ENOENT if a name has gone.
    Result<std::string> path_of_directory(uint64_t directory);
    // Nothing if the name has gone.
    Result<std::optional<std::string>> path_of(const Link& link);

    Names& names_;
    const Caller& caller_;
    const uint64_t top_;
    Walk walk_;
    std::unordered_map<uint64_t, std::string> directories_;
};

} // namespace vexfs
