// SPDX-License-Identifier: Apache-2.0
#include "bench/frontends/path_lengths.h"

#include <doctest/doctest.h>

#include "userlib/device/scratch_file.h"

using namespace vexfs;

TEST_CASE("path lengths: each way of each kernel is a measurement, and junk is refused by name") {
    const ScratchDirectory folder;
    const std::string path = folder.path() + "/6.1.json";
    std::string complaint;
    REQUIRE(replace_file(path,
                         R"({"kernel": "6.12.95+deb12-cloud", "getppid": 338,
                             "module_ioctl": 11060, "libfuse": 30450})",
                         complaint));
    const auto found = path_lengths(path, complaint);
    REQUIRE_MESSAGE(found, complaint);
    REQUIRE(found->size() == 2);
    CHECK(found->at(0).identity() == "frontends.path vexfs kernel=Linux 6.12 way=module");
    CHECK(found->at(0).figure("instructions")->median() == 11060);
    CHECK_FALSE(found->at(0).peer);
    CHECK(found->at(1).peer);
    CHECK(path_lengths("", complaint)->empty());
    CHECK_FALSE(path_lengths(path + ",/nowhere.json", complaint));
    CHECK(complaint == "/nowhere.json: has no instructions by \"kernel\"");
    REQUIRE(replace_file(path, R"({"kernel": "6.1", "libfuse": "many"})", complaint));
    CHECK_FALSE(path_lengths(path, complaint));
}
