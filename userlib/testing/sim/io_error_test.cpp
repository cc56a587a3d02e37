// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "userlib/device/fault_device.h"
#include "userlib/device/ram_device.h"
#include "userlib/store/check.h"
#include "userlib/testing/sim/fallible_run.h"

namespace vexfs {

namespace {

constexpr int kSteps = 80;

// Fails the n-th Io of a kind, for all n up to the last that there is. Returns how many that were.
uint64_t fail_each(FaultOp op, bool sticky) {
    for (uint64_t n = 1;; ++n) {
        CAPTURE(static_cast<int>(op));
        CAPTURE(sticky);
        CAPTURE(n);
        const auto ram = RamDevice::create(FallibleRun::kDeviceBlocks * kBlockBytes).value();
        REQUIRE(format_store(*ram, FallibleRun::format()));
        FaultPlan plan;
        plan.rules.push_back({FaultKind::kIoError, op, 0, UINT64_MAX, n, 0, 0.0, sticky});
        const auto faulty = FaultDevice::create(*ram, plan).value();
        FallibleRun run(5);
        run.go(*faulty, kSteps);
        CHECK(run.fault() == "");
        const auto store = Store::open(*ram, FallibleRun::options());
        REQUIRE(store);
        CHECK(check(**store).clean());
        CHECK(run.allows(**store));
        if (faulty->struck(FaultKind::kIoError) == 0) {
            CHECK(run.failures() == 0);
            return n;
        }
    }
}

} // namespace

TEST_CASE("io error: whatever read fails once, the operation fails whole and the store goes on") {
    CHECK(fail_each(FaultOp::kRead, false) > 150);
}

TEST_CASE("io error: whatever write fails once, what was acknowledged is there afterwards") {
    CHECK(fail_each(FaultOp::kWrite, false) > 100);
}

TEST_CASE("io error: whatever flush fails once, what was acknowledged is there afterwards") {
    CHECK(fail_each(FaultOp::kFlush, false) > 10);
}

TEST_CASE("io error: a device that fails for good loses nothing that was acknowledged") {
    fail_each(FaultOp::kRead, true);
    fail_each(FaultOp::kWrite, true);
    fail_each(FaultOp::kFlush, true);
}

} // namespace vexfs
