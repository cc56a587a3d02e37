// SPDX-License-Identifier: Apache-2.0
//
// check_names: whether the items and objects of a store are a sound tree of files.
//
// Every name has its inode and every link its name; link counts, sizes and counts of records are
// what is there; every directory hangs below the root; an inode without a name, data behind the end
// of a file and an object beside the inodes each have what explains them. It repairs nothing, and
// leaves to check() of the store whether the bytes can be read at all.
//
// What a crash leaves, before the next Names::open() finishes it, is sound.
//
// Threads: one thread, and nothing else uses the store meanwhile.
#pragma once

#include <string>

#include "userlib/store/store.h"

namespace vexfs {

struct NamesFinding {
    Error error;
    uint64_t ino = 0; // the inode or object that is wrong
    std::string name; // of its entry or attribute; empty if it is about neither
};

struct NamesReport {
    static constexpr size_t kFindingsMax = 1000;

    bool bare = false; // a store that never held files: no root, and no number handed out
    std::vector<NamesFinding> findings; // the first ones
    uint64_t problems = 0;              // all
    uint64_t directories = 0;
    uint64_t files = 0; // regular ones
    uint64_t others = 0;
    uint64_t names = 0; // in directories
    uint64_t xattrs = 0;
    uint64_t unlinked = 0; // without a name, in use when the volume was left
    uint64_t trims = 0;    // files that are still being cut

    [[nodiscard]] bool clean() const { return problems == 0; }
};

// What lies in the store that names know nothing of, and is sound beside them.
struct NamesGuests {
    std::vector<uint64_t> objects;       // ascending; none of them an inode
    std::vector<uint8_t> items;          // types that lie under regular files
    std::vector<uint8_t> object_items{}; // types that lie under those objects
};

// Looks at the store as it is, the log included. Data of an object that has no inode is seen once
// it is committed. Never fails: where the tree cannot be read the check ends with a finding. Takes
// 24 bytes of memory for a directory and for a long attribute, and 8 for an object that is being
// erased.
NamesReport check_names(Store& store, const NamesGuests& guests = {});

} // namespace vexfs
