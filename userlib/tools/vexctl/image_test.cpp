// SPDX-License-Identifier: Apache-2.0
//
// Subcommands on an image that is not mounted: they say what they say of its mount.
#include <doctest/doctest.h>

#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;

namespace {

const std::string kProgram = VEXFS_PROGRAM;
const std::string kPrograms = kProgram.substr(0, kProgram.rfind('/'));

ProgramRun vexctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kProgram);
    return run_program(arguments);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

// What the subcommands say of /c below `root`, one after the other, with "ROOT" for the root.
std::string all_said(const std::string& root, const std::string& folder) {
    const std::string c = root + "/c";
    const std::string table = folder + "/table.csv";
    const std::vector<std::vector<std::string>> commands{
        {"search", c, "--vector", "1,2,3", "-k", "5"},
        {"search", c, "--like", c + "/d/blue", "--jsonl"},
        {"search", c + "/d", "--vector", "1,2,3", "-H"},
        {"show", c},
        {"show", c + "/d", "--json"},
        {"list", root + "/", "-H"},
        {"get", c + "/red", "-v"},
        {"get", c + "/d/blue", "-v"},
        {"stat", c, "-H"},
        {"stat", c + "/red", "-H"},
        {"export", c, table},
        {"export", c + "/red", folder + "/red.fvecs"},
        {"search", root + "/", "--vector", "1,2,3"}, // no collection
        {"get", c + "/absent"},
    };
    std::string all;
    for (const std::vector<std::string>& command : commands) {
        const ProgramRun run = vexctl(command);
        all += command[0] + " " + std::to_string(run.status) + "\n" + run.out + run.err;
    }
    all += text_of(table) + text_of(folder + "/red.fvecs");
    return replaced(all, root, "ROOT");
}

} // namespace

TEST_CASE("vexctl: of an image it says what it says of its mount") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    const std::string c = scratch.point() + "/c";
    REQUIRE(vexctl({"create", c, "--dim", "3"}).status == 0);
    std::filesystem::create_directory(c + "/d");
    for (const auto& [name, vector] :
         {std::pair{"red", "1,0,0"}, std::pair{"green", "0,1,0"}, std::pair{"d/blue", "0,0,1"}}) {
        REQUIRE(write_text(c + "/" + name, "text"));
        REQUIRE(vexctl({"put", c + "/" + name, "--vector", vector}).status == 0);
    }
    const std::string mounted = all_said(scratch.point(), scratch.directory());
    CHECK(mounted.find("d/blue") != std::string::npos);
    // Whoever has it mounted is named.
    const ProgramRun busy = vexctl({"show", scratch.image() + ":/c"});
    CHECK(busy.status == 5);
    CHECK(busy.err.find(std::to_string(scratch.daemons().at(0))) != std::string::npos);

    REQUIRE(scratch.unmount());
    const std::string image = text_of(scratch.image());
    const std::string unmounted = all_said(scratch.image() + ":", scratch.directory());
    CAPTURE(unmounted);
    CHECK(unmounted == mounted);
    // What changes is refused, and nothing was changed.
    CHECK(vexctl({"put", scratch.image() + ":/c/red", "--vector", "1,1,1"}).status == 1);
    CHECK(vexctl({"status", scratch.image() + ":/"}).status == 0);
    CHECK(text_of(scratch.image()) == image);
}
