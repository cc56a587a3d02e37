// SPDX-License-Identifier: Apache-2.0
//
// What ends a run before its last operation.
//
// Threads: immutable.
#pragma once

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

namespace vexfs {

struct Trouble {
    bool gone = false; // the filesystem has gone away: nothing is known to be wrong
    std::string text;
};
using Checked = std::optional<Trouble>; // nothing: all is well

inline Trouble wrong(std::string text) {
    return {false, std::move(text)};
}

// Of a call that failed with errno.
inline Trouble failed(const std::string& call) {
    const int code = errno;
    const bool gone = code == ENOTCONN || code == ECONNABORTED || code == EIO || code == ENODEV;
    return {gone, call + ": " + strerrorname_np(code)};
}

} // namespace vexfs
