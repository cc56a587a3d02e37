// SPDX-License-Identifier: Apache-2.0
#include "bench/machine/machine.h"

#include <doctest/doctest.h>

#include <vector>

namespace vexfs {
namespace {

TEST_CASE("machine: a command line can be pasted into a shell") {
    const char* const words[] = {"bench", "--base", "my file", "it's", "", "a=b"};
    CHECK(command_line(words) == "bench --base 'my file' 'it'\\''s' '' a=b");
}

TEST_CASE("machine: a pin holds while it lives, and only allowed processors are pinned to") {
    const uint32_t last = last_processor();
    {
        const Pinned pinned = Pinned::to(last).value();
        CHECK(::sched_getcpu() == static_cast<int>(last));
        CHECK(last_processor() == last);
    }
    cpu_set_t after;
    REQUIRE(::sched_getaffinity(0, sizeof after, &after) == 0);
    CHECK(CPU_ISSET(last, &after));
    CHECK_FALSE(Pinned::to(100'000).has_value());
}

TEST_CASE("machine: resident memory grows with what is touched") {
    const uint64_t before = resident_bytes();
    const std::vector<char> touched(64 << 20, 1);
    CHECK(touched.back() == 1);
    CHECK(resident_bytes() >= before + (48 << 20));
    CHECK(this_machine().processors >= 1);
    CHECK_FALSE(this_machine().commit.empty());
}

} // namespace
} // namespace vexfs
