// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/caller_groups.h"

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

Status add(CallerGroups& known, uint64_t id, uint32_t total, uint32_t first,
           const std::vector<uint32_t>& groups) {
    const vexfs_req_cred piece{id, total, first, static_cast<uint32_t>(groups.size()), 0};
    return known.add(piece, std::as_bytes(std::span(groups)));
}

} // namespace

TEST_CASE("caller groups: a set is known when all of its pieces have come, until it is dropped") {
    CallerGroups known;
    CHECK(known.find(1).error().code == Code::kEACCES);
    CHECK(add(known, 1, 3, 0, {7, 8}));
    CHECK(known.find(1).error().code == Code::kEACCES);
    CHECK(add(known, 1, 3, 2, {9}));
    CHECK(known.find(1).value() == std::vector<uint32_t>{7, 8, 9});
    CHECK(add(known, 2, 0, 0, {}));
    CHECK(known.find(2).value().empty());
    known.drop(1);
    known.drop(1);
    CHECK(known.find(1).error().code == Code::kEACCES);
    CHECK(known.find(2));
}

TEST_CASE("caller groups: a set that was given up is told anew") {
    CallerGroups known;
    CHECK(add(known, 1, 3, 0, {7}));
    CHECK(add(known, 1, 2, 0, {5, 6}));
    CHECK(known.find(1).value() == std::vector<uint32_t>{5, 6});
}

TEST_CASE("caller groups: what is no piece is refused, and nobody gets fewer groups by it") {
    CallerGroups known;
    const auto refused = [&](const Status& status) {
        CHECK(status.error().code == Code::kEINVAL);
    };
    refused(add(known, 0, 1, 0, {7}));
    refused(add(known, 1, 1, 0, {7, 8}));
    refused(add(known, 1, 3, 1, {7}));
    refused(add(known, 1, 3, UINT32_MAX, {7}));
    refused(add(known, 1, CallerGroups::kGroupsMax + 1, 0, {7}));
    refused(known.add({1, 3, 0, UINT32_MAX, 0}, {}));
    refused(known.add({1, 3, 0, 0, 1}, {}));
    CHECK(!known.find(1));
    CHECK(add(known, 1, 3, 0, {7}));
    refused(add(known, 1, 2, 1, {8}));
    refused(add(known, 1, 3, 2, {8}));
    CHECK(!known.find(1));
}

TEST_CASE("caller groups: there is a limit to sets") {
    CallerGroups known;
    for (uint64_t id = 1; id <= CallerGroups::kSetsMax; ++id)
        REQUIRE(add(known, id, 1, 0, {7}));
    CHECK(add(known, CallerGroups::kSetsMax + 1, 1, 0, {7}).error().code == Code::kENOMEM);
    known.drop(5);
    CHECK(add(known, CallerGroups::kSetsMax + 1, 1, 0, {7}));
}
