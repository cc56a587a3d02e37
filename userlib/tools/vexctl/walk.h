// SPDX-License-Identifier: Apache-2.0
//
// A directory tree of one volume, directory by directory, in the order of names.
//
// Threads: one thread.
#pragma once

#include "userlib/tools/vexctl/node.h"

namespace vexfs {

struct Walked {
    const Node& directory;
    std::string below;              // its path from where the walk began; "" there
    std::vector<std::string> files; // names of its regular files
};

// Visits `start` and every directory below it. What may not be read, or is gone when it is reached,
// is left out, as what lies on another file system is. A visit answers whether to go below.
using Visit = std::function<Result<bool>(const Walked& walked)>;
Status walk(const std::string& start, const Visit& visit, Failure& failure);

// Visits the files with rows of one collection below `start`, which may be a file itself.
struct FileWithRows {
    const Node& node; // a directory, or the file itself
    const char* name; // in that directory; nullptr: the node
    std::string path; // from `start`
    uint64_t rows;
};
using VisitFile = std::function<Status(const FileWithRows& file)>;
Status walk_rows(const std::string& start, const VisitFile& visit, Failure& failure);

} // namespace vexfs
