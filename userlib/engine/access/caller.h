// SPDX-License-Identifier: Apache-2.0
//
// Who asks, and what the owner/group/other rule lets him do.
//
// Threads: values.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace vexfs {

// As in the last digit of a mode.
inline constexpr uint32_t kMayRead = 4;
inline constexpr uint32_t kMayWrite = 2;
inline constexpr uint32_t kMayExecute = 1;

// What of an inode decides who may use it.
struct Ownership {
    uint32_t mode = 0; // permissions; other bits are ignored
    uint32_t uid = 0;
    uint32_t gid = 0;
};

struct Caller {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::vector<uint32_t> groups{}; // supplementary, in any order
    bool all_rights = false;        // whatever the uid

    [[nodiscard]] bool privileged() const { return all_rights || uid == 0; }
    [[nodiscard]] bool in_group(uint32_t group) const;
    // Whether all of these rights are given. The owner has those of the owner only, even if the
    // group has more.
    [[nodiscard]] bool may(uint32_t rights, const Ownership& on) const;
    // Whether the caller may do what is the owner's business.
    [[nodiscard]] bool owns(const Ownership& what) const { return privileged() || uid == what.uid; }

    // NOLINTNEXTLINE(modernize-use-nullptr): it sees the 0 that the comparison is made with
    friend auto operator<=>(const Caller&, const Caller&) = default;
};

} // namespace vexfs
