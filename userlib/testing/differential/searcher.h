// SPDX-License-Identifier: Apache-2.0
//
// One user's searches, in a process that is that user: find(1) says once for each directory what he
// may read, and every search is held against brute force over that.
//
// Threads: one thread; fork() and no other threads.
#pragma once

#include "userlib/testing/differential/grove.h"

namespace vexfs {

// What went well, and what did not; it travels through a pipe.
struct Tally {
    uint64_t searches = 0;
    uint64_t large_walks = 0; // on more than 20,000 rows, by a walk of the graph
    uint64_t exact = 0;       // with the flag
    uint64_t approximate = 0; // without it, k 10
    double recall = 0;        // sum over these
    uint64_t leaks = 0;       // hits that the user may not see, or that do not match
    uint64_t wrong = 0;       // anything else that is not as brute force has it
    char first_wrong[400] = {};

    void add(const Tally& other);
};

struct SearchPlan {
    std::vector<std::string> directories;
    uint32_t searches = 0; // in all of them together
    uint64_t seed = 0;
};

// Searches as this user, in a process of its own.
Tally search_as(const User& user, Grove& grove, const SearchPlan& plan);

} // namespace vexfs
