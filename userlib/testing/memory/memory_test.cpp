// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "userlib/device/file_device.h"
#include "userlib/device/ram_device.h"
#include "userlib/device/scratch_file.h"
#include "userlib/store/check.h"
#include "userlib/testing/sim/fallible_run.h"

namespace {

// What the next allocations meet. Only one thread allocates while it is armed.
struct Scarcity {
    bool armed = false;
    bool sticky = false;
    uint64_t count = 0; // allocations seen while armed
    uint64_t fail_at = 0;

    bool strikes() {
        if (!armed)
            return false;
        ++count;
        return sticky ? count >= fail_at : count == fail_at;
    }
};
Scarcity scarcity;

void* allocate(size_t size, size_t alignment) {
    void* memory = nullptr;
    if (!scarcity.strikes())
        memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

} // namespace

void* operator new(size_t size) {
    return allocate(size == 0 ? 1 : size, alignof(std::max_align_t));
}
void* operator new(size_t size, std::align_val_t alignment) {
    return allocate(size == 0 ? 1 : size, static_cast<size_t>(alignment));
}
// The library asks in this way for what it can do without: there is none.
void* operator new(size_t, const std::nothrow_t&) noexcept {
    return nullptr;
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace vexfs {

namespace {

constexpr int kSteps = 25;
constexpr uint64_t kSeeds = 4;

void arm(bool on) {
    scarcity.armed = on;
}

struct Outcome {
    bool struck = false;
    bool went_on = false; // the store answered after the failure
};

// One run in which the n-th allocation of the store fails, and what is on the device afterwards.
Outcome run_once(Device& device, uint64_t seed, uint64_t n, bool sticky) {
    scarcity = {false, sticky, 0, n};
    FallibleRun run(seed, arm);
    run.go(device, kSteps);
    scarcity.armed = false;
    CHECK(run.fault() == "");
    const auto store = Store::open(device, FallibleRun::options());
    REQUIRE(store);
    CHECK(check(**store).clean());
    CHECK(run.allows(**store));
    const bool struck = scarcity.count >= n;
    CHECK((struck || run.failures() == 0));
    return {struck, run.failures() == 1};
}

// Every n up to the last allocation that there is. Returns how many that were.
uint64_t fail_each(uint64_t seed, bool sticky) {
    uint64_t went_on = 0;
    for (uint64_t n = 1;; ++n) {
        CAPTURE(seed);
        CAPTURE(sticky);
        CAPTURE(n);
        const auto ram = RamDevice::create(FallibleRun::kDeviceBlocks * kBlockBytes).value();
        REQUIRE(format_store(*ram, FallibleRun::format()));
        const Outcome outcome = run_once(*ram, seed, n, sticky);
        went_on += outcome.went_on ? 1 : 0;
        if (!outcome.struck) {
            MESSAGE((n - 1) << " allocations; after " << went_on << " the store went on");
            CHECK(went_on > 0);
            return n;
        }
    }
}

} // namespace

TEST_CASE("memory: whatever allocation fails once, nothing is wrong and nothing durable is lost") {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed)
        CHECK(fail_each(seed, false) > 200);
}

TEST_CASE("memory: whenever memory ends for good, nothing is wrong and nothing durable is lost") {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed)
        CHECK(fail_each(seed, true) > 200);
}

TEST_CASE("memory: a volume is formatted or it is ENOMEM, whatever allocation fails") {
    const auto ram = RamDevice::create(FallibleRun::kDeviceBlocks * kBlockBytes).value();
    uint64_t n = 0;
    for (bool done = false; !done;) {
        scarcity = {true, false, 0, ++n};
        const Status formatted = format_store(*ram, FallibleRun::format());
        scarcity.armed = false;
        CAPTURE(n);
        CHECK((formatted || formatted.error().code == Code::kENOMEM));
        done = scarcity.count < n;
        CHECK(formatted.has_value() == done);
    }
    CHECK(n > 10);
}

TEST_CASE("memory: check counts a problem when it cannot look at everything") {
    const auto ram = RamDevice::create(FallibleRun::kDeviceBlocks * kBlockBytes).value();
    REQUIRE(format_store(*ram, FallibleRun::format()));
    const auto store = Store::open(*ram, FallibleRun::options());
    REQUIRE(store);
    for (uint64_t n = 1;; ++n) {
        scarcity = {true, false, 0, n};
        const CheckReport report = check(**store);
        scarcity.armed = false;
        CAPTURE(n);
        if (scarcity.count < n) {
            CHECK(report.clean());
            break;
        }
        CHECK_FALSE(report.clean());
    }
}

TEST_CASE("memory: a file that ran out of memory has all its rings back afterwards") {
    const ScratchFile scratch(FallibleRun::kDeviceBlocks * kBlockBytes);
    std::string explanation;
    const auto file = FileDevice::open(scratch.path(), {}, explanation);
    REQUIRE(file);
    for (uint64_t n = 1; n < 500; n += 1 + n / 4) {
        CAPTURE(n);
        REQUIRE(format_store(**file, FallibleRun::format()));
        run_once(**file, n, n, n % 2 == 0);
    }
}

} // namespace vexfs
