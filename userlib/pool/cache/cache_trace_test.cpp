// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/cache_trace.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <unistd.h>

#include <doctest/doctest.h>

namespace vexfs {

namespace {

struct ScratchPath {
    std::string path =
        (std::filesystem::temp_directory_path() / ("vexfs_trace_" + std::to_string(::getpid())))
            .string();
    ~ScratchPath() { std::filesystem::remove(path); }
};

} // namespace

TEST_CASE("cache trace: what is recorded is read again, in order and whole") {
    const ScratchPath file;
    constexpr uint64_t kEvents = 20'000; // some buffers
    {
        const auto trace = CacheTrace::open(file.path).value();
        for (uint64_t i = 0; i < kEvents; ++i)
            trace->add({i * 7, static_cast<uint32_t>(i), static_cast<CacheEvent::Kind>(i % 4)});
    }
    const auto events = read_cache_trace(file.path).value();
    REQUIRE(events.size() == kEvents);
    for (uint64_t i = 0; i < kEvents; ++i) {
        REQUIRE(events[i].key == i * 7);
        REQUIRE(events[i].bytes == i);
        REQUIRE(events[i].kind == i % 4);
    }
    // One that was cut off in the middle of an event.
    std::filesystem::resize_file(file.path, 16 + 10 * 16 + 5);
    CHECK(read_cache_trace(file.path).value().size() == 10);
}

TEST_CASE("cache trace: threads share one") {
    const ScratchPath file;
    {
        const auto trace = CacheTrace::open(file.path).value();
        std::vector<std::thread> threads;
        for (uint64_t t = 0; t < 3; ++t)
            threads.emplace_back([&, t] {
                for (uint64_t i = 0; i < 9000; ++i)
                    trace->add({t, 1, CacheEvent::kHit});
            });
        for (std::thread& thread : threads)
            thread.join();
    }
    CHECK(read_cache_trace(file.path).value().size() == 27'000);
}

TEST_CASE("cache trace: what is none is refused") {
    const ScratchPath file;
    CHECK(read_cache_trace(file.path).error().code == Code::kENOENT);
    std::ofstream(file.path) << "something that is long enough";
    CHECK(read_cache_trace(file.path).error().code == Code::kEUCLEAN);
    CHECK(CacheTrace::open("/nowhere/trace").error().code == Code::kENOENT);
}

TEST_CASE("cache trace: a miss takes the size of the put that follows") {
    const std::vector<CacheAccess> accesses = accesses_of({
        {1, 0, CacheEvent::kMiss},
        {2, 0, CacheEvent::kMiss}, // never put
        {1, 100, CacheEvent::kPut},
        {1, 100, CacheEvent::kHit},
        {3, 50, CacheEvent::kPut}, // written
        {4, 60, CacheEvent::kAhead},
    });
    using How = CacheAccess::How;
    REQUIRE(accesses.size() == 4);
    CHECK((accesses[0].key == 1 && accesses[0].bytes == 100 && accesses[0].how == How::kLookUp));
    CHECK((accesses[1].key == 1 && accesses[1].bytes == 100 && accesses[1].how == How::kLookUp));
    CHECK((accesses[2].key == 3 && accesses[2].bytes == 50 && accesses[2].how == How::kPut));
    CHECK((accesses[3].key == 4 && accesses[3].bytes == 60 && accesses[3].how == How::kAhead));
}

} // namespace vexfs
