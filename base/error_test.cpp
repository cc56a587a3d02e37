// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstring>
#include <set>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

using namespace vexfs;

static_assert(std::is_trivially_copyable_v<Error>);
static_assert(sizeof(Error) <= 2 * sizeof(void*));

TEST_CASE("error: every code has its own number, name, cause and advice") {
    std::set<int> numbers;
    std::set<std::string> causes;
    const Code codes[] = {
#define VEXFS_TEST_CODE(code, cause, advice) Code::k##code,
        VEXFS_ERROR_TABLE(VEXFS_TEST_CODE)
#undef VEXFS_TEST_CODE
    };
    for (Code code : codes) {
        CAPTURE(name_of(code));
        CHECK(numbers.insert(static_cast<int>(code)).second);
        CHECK(causes.insert(cause_of(code)).second);
        CHECK(name_of(code)[0] == 'E');
        CHECK(std::strlen(advice_of(code)) > 5);
        CHECK(static_cast<int>(code) > 0);
        // A FUSE reply with a larger errno hangs its caller.
        CHECK(static_cast<int>(code) <= 511);
        CHECK(code_from_errno(static_cast<int>(code)) == code);
    }
}

TEST_CASE("error: an errno outside the table becomes EIO") {
    CHECK(code_from_errno(ENOTUNIQ) == Code::kEIO);
    CHECK(code_from_errno(0) == Code::kEIO);
    CHECK(code_from_errno(-EINVAL) == Code::kEIO);
}
