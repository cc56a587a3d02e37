// SPDX-License-Identifier: Apache-2.0
//
// What a filter asks about: one row, the file that it belongs to, and that file's names.
//
// A filter asks only for what its tests come to, the cheap before the dear; whoever answers
// remembers what several rows of a file, or several tests, ask again.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userlib/names/inode.h"

namespace vexfs {

class FilterSubject {
  public:
    virtual ~FilterSubject() = default;

    [[nodiscard]] virtual uint32_t row() const = 0;
    [[nodiscard]] virtual uint64_t tag() const = 0;
    // Whether the file's data changed after the row was made.
    virtual Result<bool> stale() = 0;
    // What is lent below stays until the next question. Never null.
    virtual Result<const Inode*> inode() = 0;
    // The last components, and the paths from the directory that was asked, of the file's links
    // that the caller may walk to. None if the file has moved away.
    virtual Result<const std::vector<std::string>*> names() = 0;
    virtual Result<const std::vector<std::string>*> paths() = 0;
    // Nothing if the file has no such attribute. The name begins with "user.".
    virtual Result<std::optional<Bytes>> xattr(std::string_view name) = 0;
};

} // namespace vexfs
