// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "userlib/testing/sim/crash_sweep.h"

namespace vexfs {

namespace {

Bytes text(const char* literal) {
    return std::as_bytes(std::span(literal, std::strlen(literal)));
}

} // namespace

TEST_CASE("model: the hash of a state does not depend on the way to it") {
    Model a;
    a.put({1, 1, 1, 0}, text("one"));
    a.put({1, 1, 2, 0}, text("two"));
    a.write(7, 100, text("data"));
    Model b;
    b.write(7, 50, text("gone"));
    b.write(7, 100, text("data"));
    b.put({1, 1, 2, 0}, text("two"));
    b.put({1, 1, 1, 0}, text("not yet"));
    b.punch(7, 0, 60);
    CHECK(a.hash() != b.hash());
    b.put({1, 1, 1, 0}, text("one"));
    CHECK(a.hash() == b.hash());
    b.destroy(1);
    a.erase({1, 1, 1, 0});
    a.erase({1, 1, 2, 0});
    CHECK(a.hash() == b.hash());
}

TEST_CASE("workload: the same seed makes the same image") {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        Workload first(seed);
        Workload second(seed);
        REQUIRE(first.run());
        REQUIRE(second.run());
        CHECK(first.image_hash() == second.image_hash());
        CHECK(first.states().size() > 1);
    }
}

TEST_CASE("workload: the images of five seeds are those of every build and compiler") {
    uint64_t hash = 0;
    for (uint64_t seed = 11; seed <= 15; ++seed) {
        Workload workload(seed);
        REQUIRE(workload.run());
        hash = hash * 31 + workload.image_hash();
    }
    CHECK(hash == 6967888329422957459U);
}

TEST_CASE("sweep: a few hundred crash states recover to what was acknowledged") {
    const SweepResult result = sweep_seed(3, 400);
    CAPTURE(result.first_violation);
    CHECK(result.states >= 100);
    CHECK(result.violations == 0);
}

} // namespace vexfs
