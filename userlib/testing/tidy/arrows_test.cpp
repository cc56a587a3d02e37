// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/tidy/arrows.h"

#include <doctest/doctest.h>

using namespace vexfs;

TEST_CASE("arrows: a pattern is a folder, a folder with all below it, or everything") {
    const Result<Arrows> arrows =
        Arrows::parse({"# a comment", "", "a:", "b/c: a", "b/c/d: a b/*", "e: *"});
    REQUIRE(arrows);
    const Arrows& table = arrows.value();
    CHECK(table.folder_of("b/c/d/x.cpp") == "b/c/d");
    CHECK(table.folder_of("b/cc/x.cpp").empty());
    CHECK(table.allows("b/c", "a"));
    CHECK(table.allows("b/c", "b/c"));
    CHECK(!table.allows("b/c", "b/c/d"));
    CHECK(table.allows("b/c/d", "b/c"));
    CHECK(!table.allows("a", "e"));
    CHECK(table.allows("e", "b/c/d"));
    CHECK(table.knows("b/c"));
    CHECK(!table.knows("b"));
    CHECK(table.folder_of_target("vexfs_b_c") == "b/c");
    CHECK(table.allowed_text("a") == "nothing of the project");
    CHECK(table.allowed_text("b/c/d") == "a, b/*");
}

TEST_CASE("arrows: a line without a colon is refused") {
    CHECK(Arrows::parse({"base"}).error().code == Code::kEINVAL);
}
