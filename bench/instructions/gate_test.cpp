// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/gate.h"

#include <doctest/doctest.h>

#include <set>

#include "bench/instructions/callgrind.h"
#include "bench/instructions/cases.h"

namespace vexfs {
namespace {

Measurement counted(const char* name, double instructions) {
    Measurement one{"instructions", "vexfs", false, "", {{"case", name}}, {}, {}};
    one.add("instructions", "count", Better::kLess, instructions);
    return one;
}

TEST_CASE("instructions: growth beyond the bound fails, and the case and how much are told") {
    const std::vector<Measurement> recorded = {counted("walk", 1000), counted("get", 2000)};
    CHECK(hold_against(recorded, recorded, 5).passed);
    CHECK(hold_against(recorded, {counted("walk", 1049), counted("get", 2000)}, 5).passed);
    const GateVerdict grew =
        hold_against(recorded, {counted("walk", 1061), counted("get", 1000)}, 5);
    CHECK_FALSE(grew.passed);
    CHECK(grew.text.find("GREW     walk") != std::string::npos);
    CHECK(grew.text.find("1000 ->         1061 instructions, +6.10 percent") != std::string::npos);
    CHECK(grew.text.find("shrank   get") != std::string::npos);
    CHECK(grew.text.find("bench/baseline/instructions.json") != std::string::npos);
    CHECK(hold_against(recorded, {counted("walk", 1061), counted("get", 2000)}, 10).passed);
}

TEST_CASE("instructions: a case that only one side has fails") {
    const std::vector<Measurement> recorded = {counted("walk", 1000)};
    const GateVerdict fresh = hold_against(recorded, {counted("walk", 1000), counted("get", 1)}, 5);
    CHECK_FALSE(fresh.passed);
    CHECK(fresh.text.find("NEW      get is not recorded") != std::string::npos);
    const GateVerdict gone = hold_against(recorded, {}, 5);
    CHECK_FALSE(gone.passed);
    CHECK(gone.text.find("GONE     walk") != std::string::npos);
}

TEST_CASE("instructions: what callgrind wrote is read") {
    CHECK(instructions_in("version: 1\n\nsummary: 5211750\n\n\ntotals: 9\n") == 5'211'750);
    CHECK(instructions_in("version: 1\nno such line\n") == 0);
    CHECK(instructions_in("") == 0);
}

TEST_CASE("instructions: each case does its work, here without anybody who counts") {
    CHECK(run_all_cases().has_value());
    std::set<std::string> names;
    for (const CountedCase& one : all_cases())
        names.insert(one.name);
    CHECK(names.size() == all_cases().size());
    CHECK(instruction_results(std::vector<uint64_t>(all_cases().size(), 1)).size() == names.size());
}

TEST_CASE("instructions: every case is recorded, and nothing else") {
    std::string complaint;
    const auto recorded =
        read_results(VEXFS_SOURCE_DIR "/bench/baseline/instructions.json", complaint);
    REQUIRE_MESSAGE(recorded, complaint);
    REQUIRE(recorded->runs.size() == 1);
    const std::vector<Measurement>& counts = recorded->runs[0].measurements;
    CHECK(hold_against(counts, counts, 5).passed);
    std::set<std::string> names;
    for (const Measurement& one : counts)
        names.insert(one.text_of("case"));
    for (const CountedCase& one : all_cases())
        CHECK_MESSAGE(names.contains(one.name), one.name);
    CHECK(names.size() == all_cases().size());
}

} // namespace
} // namespace vexfs
