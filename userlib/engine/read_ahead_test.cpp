// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/read_ahead.h"

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kRoom = uint64_t{64} << 20;
constexpr uint64_t kFile = 42;

uint64_t bytes_of(const ReadPlan& plan) {
    return plan.from < plan.end ? plan.end - plan.from : 0;
}

} // namespace

TEST_CASE("read ahead: a first read gets nothing more, one that goes on gets a window") {
    ReadAhead ahead;
    ReadPlan plan = ahead.next(kFile, 0, 4 * kKiB, kRoom);
    CHECK_FALSE(plan.in_turn);
    CHECK(bytes_of(plan) == 0);
    plan = ahead.next(kFile, 4 * kKiB, 4 * kKiB, kRoom);
    CHECK(plan.in_turn);
    CHECK(plan.from == 4 * kKiB);
    CHECK(plan.end == 8 * kKiB + ReadAhead::kWindowMin);
}

TEST_CASE("read ahead: nothing is asked for twice, and the window doubles up to its bound") {
    ReadAhead ahead;
    uint64_t covered = 16 * kKiB;
    uint64_t largest = 0;
    uint64_t plans = 0;
    std::vector<uint64_t> windows;
    CHECK(bytes_of(ahead.next(kFile, 0, 16 * kKiB, kRoom)) == 0);
    for (uint64_t offset = 16 * kKiB; offset < 16 * ReadAhead::kWindowMax; offset += 16 * kKiB) {
        const ReadPlan plan = ahead.next(kFile, offset, 16 * kKiB, kRoom);
        if (bytes_of(plan) == 0) {
            CHECK(offset + 16 * kKiB <= covered); // it was read already
            continue;
        }
        CHECK(plan.from == covered);
        covered = plan.end;
        ++plans;
        windows.push_back(plan.end - (offset + 16 * kKiB));
        largest = std::max(largest, windows.back());
    }
    CHECK(largest == ReadAhead::kWindowMax);
    CHECK(plans < 16 + 8);
    for (size_t i = 1; i < windows.size(); ++i)
        CHECK(windows[i] == std::min(2 * windows[i - 1], ReadAhead::kWindowMax));
}

TEST_CASE("read ahead: a read elsewhere begins anew") {
    ReadAhead ahead;
    for (uint64_t offset = 0; offset < 1024 * kKiB; offset += 64 * kKiB)
        ahead.next(kFile, offset, 64 * kKiB, kRoom);
    for (const uint64_t offset : {900 * 1024 * kKiB, 5 * 1024 * kKiB, uint64_t{0}}) {
        const ReadPlan away = ahead.next(kFile, offset, 4 * kKiB, kRoom);
        CHECK_FALSE(away.in_turn);
        CHECK(bytes_of(away) == 0);
    }
    const ReadPlan again = ahead.next(kFile, 4 * kKiB, 4 * kKiB, kRoom);
    CHECK(again.in_turn);
    CHECK(again.end == 8 * kKiB + ReadAhead::kWindowMin);
}

TEST_CASE("read ahead: requests of one reader may come in another order") {
    ReadAhead ahead;
    const uint64_t step = 64 * kKiB;
    ahead.next(kFile, 0, step, kRoom);
    ahead.next(kFile, step, step, kRoom);
    for (const uint64_t number : {3, 2, 5, 4, 7, 6})
        CHECK(ahead.next(kFile, number * step, step, kRoom).in_turn);
}

TEST_CASE("read ahead: who asks for much at once has read ahead himself") {
    ReadAhead ahead;
    for (uint64_t offset = 0; offset < 4096 * kKiB; offset += ReadAhead::kWindowMin) {
        const ReadPlan plan = ahead.next(kFile, offset, ReadAhead::kWindowMin, kRoom);
        CHECK_FALSE(plan.in_turn);
        CHECK(bytes_of(plan) == 0);
    }
}

TEST_CASE("read ahead: the room bounds the window, and without any there is none") {
    ReadAhead ahead;
    for (const uint64_t room : {uint64_t{0}, 64 * kKiB, 300 * kKiB}) {
        for (uint64_t offset = 0; offset < 4096 * kKiB; offset += 4 * kKiB) {
            const ReadPlan plan = ahead.next(kFile, offset, 4 * kKiB, room);
            CHECK(bytes_of(plan) <= 4 * kKiB + room);
            CHECK((room > 0 || !plan.in_turn));
        }
    }
}

TEST_CASE("read ahead: files are told apart, and numbers at the end of all do not overflow") {
    ReadAhead ahead;
    ahead.next(1, 0, 4 * kKiB, kRoom);
    ahead.next(2, 0, 8 * kKiB, kRoom);
    CHECK(ahead.next(1, 4 * kKiB, 4 * kKiB, kRoom).in_turn);
    CHECK(ahead.next(2, 8 * kKiB, 4 * kKiB, kRoom).in_turn);
    CHECK_FALSE(ahead.next(1 + 256, 8 * kKiB, 4 * kKiB, kRoom).in_turn); // takes the place
    const ReadPlan far = ahead.next(3, INT64_MAX - 1, UINT64_MAX, kRoom);
    CHECK(far.from <= far.end);
}
