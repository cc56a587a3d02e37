// SPDX-License-Identifier: Apache-2.0
#include "base/guard.h"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using namespace vexfs;

TEST_CASE("guard: what is thrown inside comes out as an Error") {
    const Error otherwise = fail(Code::kEUCLEAN, "test: load");
    const auto out_of_memory = guard(otherwise, []() -> Result<int> { throw std::bad_alloc(); });
    CHECK(out_of_memory.error().code == Code::kENOMEM);
    const auto foreign = guard(otherwise, []() -> Result<int> { throw std::runtime_error("x"); });
    CHECK(foreign.error().code == Code::kEUCLEAN);
    CHECK(std::string(foreign.error().what) == "test: load");
}

TEST_CASE("guard: values and errors pass through unchanged") {
    const Error otherwise = fail(Code::kEIO, "test");
    CHECK(guard(otherwise, []() -> Result<int> { return 7; }).value() == 7);
    CHECK(guard(otherwise, []() -> Status { return fail(Code::kENOSPC, "full"); }).error().code ==
          Code::kENOSPC);
}
