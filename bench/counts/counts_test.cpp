// SPDX-License-Identifier: Apache-2.0
#include "bench/counts/counts.h"

#include <doctest/doctest.h>

#include "userlib/device/scratch_file.h"

using namespace vexfs;

TEST_CASE("counts: what was counted is read again as results, with its command") {
    const ScratchDirectory folder;
    const std::string path = folder.path() + "/counts.json";
    Measurement counts = counts_of("rows", "crashed", {{"seed", 3}}, 2);
    add_count(counts, "states", 700);
    const char* const arguments[] = {"vexfs-row-sim", "--seed", "3"};
    REQUIRE(write_figures(path, 3, arguments, {counts}));
    std::string complaint;
    const auto file = read_results(path, complaint);
    REQUIRE_MESSAGE(file, complaint);
    REQUIRE(file->runs.size() == 1);
    CHECK(file->runs[0].command == "vexfs-row-sim --seed 3");
    const Measurement& one = file->runs[0].measurements.at(0);
    CHECK(one.identity() == "reliability.rows vexfs seed=3");
    CHECK(one.figure("violations")->median() == 2);
    CHECK(one.figure("violations")->better == Better::kLess);
    CHECK(one.figure("states")->median() == 700);
    CHECK(one.figure("states")->better == Better::kNeither);
}

TEST_CASE("counts: nowhere is no failure, and what cannot be written is one") {
    const char* const arguments[] = {"vexfs-sim"};
    CHECK(write_figures("", 1, arguments, {}));
    CHECK_FALSE(write_figures("/nowhere/counts.json", 1, arguments, {}));
}
