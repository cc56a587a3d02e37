// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/tree_sweep.h"

#include <set>

#include <doctest/doctest.h>

#include "userlib/testing/sim/tree_operation.h"

using namespace vexfs;

TEST_CASE("tree: every operation has its own words, and works or fails as the model foresees") {
    std::set<std::string> words;
    TreeModel model;
    for (const char* name : {"A", "B"})
        model.make(kRootIno, name, {S_IFDIR | 0755}, name[0]);
    size_t possible = 0;
    for (const TreeOperation& operation : tree_operations()) {
        CHECK(words.insert(operation.words()).second);
        TreeModel after = model;
        const bool works = foresee(operation, 'a', after);
        possible += works ? 1 : 0;
        CAPTURE(operation.words());
        // A rename of a name onto another of the same file works and changes nothing.
        CHECK((after.text() != model.text()) == works);
    }
    // Files, directories and links in four places; A and B removed, moved and exchanged; attributes
    // of A.
    CHECK(possible > 12);
    CHECK(possible < words.size() / 2);
}

TEST_CASE("tree sweep: a workload has the same states every time and in any number of threads") {
    TreeSweepOptions options;
    for (const uint64_t workload : {0, 30, 60, 90}) {
        options.only = workload;
        options.threads = 1;
        const TreeSweepResult first = sweep_trees(options).value();
        CAPTURE(first.first_violation);
        CHECK(first.violations == 0);
        CHECK(first.workloads == 1);
        CHECK(first.states > 10);
        options.threads = 3;
        CHECK(sweep_trees(options).value().states == first.states);
    }
}
