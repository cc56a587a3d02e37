// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <memory>
#include <string>

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

Result<int> half_of(int number) {
    if (number % 2 != 0)
        return fail(Code::kEINVAL, "half: odd number");
    return number / 2;
}

Result<int> quarter_of(int number) {
    return VEXFS_TRY(half_of(VEXFS_TRY(half_of(number))));
}

Status must_be_even(int number) {
    VEXFS_TRY_VOID(half_of(number));
    return ok();
}

Result<std::unique_ptr<int>> boxed(int number) {
    const int half = VEXFS_TRY(half_of(number));
    return std::make_unique<int>(half);
}

} // namespace

TEST_CASE("result: TRY passes the value on and the first error up") {
    CHECK(quarter_of(12).value() == 3);
    CHECK(quarter_of(6).error() == fail(Code::kEINVAL, ""));
    CHECK(std::string(quarter_of(5).error().what) == "half: odd number");
    CHECK(must_be_even(2).has_value());
    CHECK_FALSE(must_be_even(3).has_value());
}

TEST_CASE("result: a value that only moves goes through") {
    std::unique_ptr<int> four = boxed(8).value();
    CHECK(*four == 4);
    CHECK(boxed(1).error().code == Code::kEINVAL);
}

TEST_CASE("result: value_or gives the fallback on failure only") {
    CHECK(half_of(8).value_or(-1) == 4);
    CHECK(half_of(9).value_or(-1) == -1);
}

TEST_CASE("result: a bool and a pointer are values, not conditions") {
    const Result<bool> no = false;
    CHECK(no.has_value());
    CHECK_FALSE(no.value());
    const Result<const char*> text = "abc";
    CHECK(std::string(*text) == "abc");
}
