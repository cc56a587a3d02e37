// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/image_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "userlib/device/device.h"
#include "userlib/device/scratch_file.h"

using namespace vexfs;

TEST_CASE("image: a created file has the size, is sparse and is its owner's alone") {
    ScratchFile neighbour(0);
    const std::string path = neighbour.path() + ".img";
    std::string explanation;
    REQUIRE(create_image_file(path, uint64_t{1} << 30, explanation));
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    CHECK(found.st_size == 1 << 30);
    CHECK(found.st_blocks < 64);
    CHECK((found.st_mode & 0777) == 0600);
    CHECK(create_image_file(path, 4096, explanation).error().code == Code::kEEXIST);
    CHECK(explanation == path + ": File exists");
    CHECK(::stat(path.c_str(), &found) == 0);
    ::unlink(path.c_str());
}

TEST_CASE("image: an impossible size or place leaves nothing") {
    ScratchFile neighbour(0);
    const std::string path = neighbour.path() + ".img";
    std::string explanation;
    for (uint64_t size : {uint64_t{0}, uint64_t{4095}, uint64_t{1} << 63})
        CHECK(create_image_file(path, size, explanation).error().code == Code::kEINVAL);
    // Larger than any file system here allows.
    CHECK(!create_image_file(path, (uint64_t{1} << 62), explanation));
    struct stat found {};
    CHECK(::stat(path.c_str(), &found) != 0);
    CHECK(create_image_file("/nonexistent/a.img", 4096, explanation).error().code == Code::kENOENT);
}
