// SPDX-License-Identifier: Apache-2.0
//
// One operation of a bounded workload on a tree of files: which there are, and what each does to
// the model and to the real tree.
//
// The bounds: the directories A and B below the root, and the four places A/foo, A/bar, B/foo and
// B/bar, at each of which there may be a file, a link, a symbolic link or a directory.
//
// Threads: values.
#pragma once

#include "userlib/testing/tree/tree_model.h"

namespace vexfs {

struct TreeOperation {
    enum class Verb : uint8_t {
        kCreate,
        kMkdir,
        kSymlink,
        kUnlink,
        kUnlinkHeld, // of a file that somebody has open until the crash
        kRmdir,
        kLink,     // more: the second place
        kRename,   // more: likewise
        kMove,     // likewise, unless something is there
        kExchange, // likewise
        kWrite,    // more: how
        kAppend,
        kTruncate,
        kPunch,
        kSetXattr,
        kRemoveXattr,
    };

    Verb verb = Verb::kCreate;
    uint8_t place = 0;
    uint8_t more = 0;

    [[nodiscard]] std::string words() const;
};

inline constexpr uint32_t kTreeRecordBytes = 4096;

// All that there are.
std::vector<TreeOperation> tree_operations();

// What every workload begins with: A and B, and in A/foo 12 records and two attributes, one long.
Status make_first_tree(Names& names, TreeModel& model);

// False if the operation would fail here; nothing has changed then. The data is of letters.
bool foresee(const TreeOperation& operation, char letter, TreeModel& model);
// Does it to both, which have to agree; the operation was foreseen to work.
Status perform(const TreeOperation& operation, char letter, TreeModel& model, Names& names);

} // namespace vexfs
