// SPDX-License-Identifier: Apache-2.0
#include "bench/machine/machine.h"

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/mman.h>
#include <vector>

#include "bench/machine/counters.h"

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
    CHECK_FALSE(this_machine().counters.empty());
    CHECK_FALSE(this_machine().commit.empty());
}

TEST_CASE("machine: the peak is forgotten, and PSS is no more than what is resident") {
    if (!forget_peak()) {
        MESSAGE("skipped: this kernel does not forget peaks");
        return;
    }
    const uint64_t before = peak_resident_bytes();
    // Given back at once, which a sanitizer does not do with what is freed.
    constexpr size_t kBytes = 64 << 20;
    void* const touched = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    REQUIRE(touched != MAP_FAILED);
    CHECK(pss_bytes() >= 48 << 20);
    REQUIRE(::munmap(touched, kBytes) == 0);
    CHECK(peak_resident_bytes() >= before + (48 << 20));
    REQUIRE(forget_peak());
    CHECK(peak_resident_bytes() < before + (48 << 20));
    CHECK(pss_bytes() <= resident_bytes() + (8 << 20));
}

TEST_CASE("machine: switches are counted everywhere, events where there are any") {
    Counters counters;
    counters.start();
    volatile uint64_t sum = 0;
    for (uint64_t i = 0; i < 100'000; ++i)
        sum = sum + i;
    timespec brief{0, 1'000'000};
    // A wait that nobody ends gives the processor to others.
    ::ppoll(nullptr, 0, &brief, nullptr);
    const Counts counts = counters.stop();
    CHECK(counts.context_switches >= 1);
    CHECK(counts.has_events == counters.missing().empty());
    CHECK((!counts.has_events || counts.instructions > 300'000));
    CHECK((counts.has_events || counts.instructions == 0));
}

} // namespace
} // namespace vexfs
