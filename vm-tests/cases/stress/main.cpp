// SPDX-License-Identifier: Apache-2.0
//
// vexfs-stress: threads do all that a mount offers at the same time. Exit status 0; 1 if something
// is wrong; 2 if it was called wrongly. README.md says what must hold.
//
// Threads: the main thread waits; each storm has a thread of its own.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "vm-tests/cases/stress/storm.h"

namespace vexfs {

void Verdict::fail(const std::string& what) {
    const MutexLock lock(mutex_);
    if (what_.empty())
        what_ = what;
    over_ = true;
    ended_.notify_all();
}

void Verdict::end_after(std::chrono::seconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    MutexLock lock(mutex_);
    while (!over_ && std::chrono::steady_clock::now() < until)
        ended_.wait_for(mutex_, until - std::chrono::steady_clock::now());
    over_ = true;
}

void Verdict::expect(const char* call, bool done, std::initializer_list<int> errors) {
    const int error = errno;
    for (const int expected : errors)
        done = done || error == expected;
    if (!done)
        fail(std::string(call) + ": error " + std::to_string(error));
}

std::string Verdict::what() const {
    const MutexLock lock(mutex_);
    return what_;
}

namespace {

constexpr const char* kUsage =
    "usage: vexfs-stress DIRECTORY COLLECTION SECONDS THREADS SEED\n"
    "\n"
    "Half of the threads use the files of DIRECTORY, half the rows of COLLECTION, whose schema is\n"
    "f32 of dimension 16, for so many seconds. Both are on the mount that is tried.\n";

bool take_number(const char* text, uint64_t& number) {
    const char* const end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, number);
    return error == std::errc{} && stop == end;
}

int run(const std::string& directory, const std::string& collection, uint64_t seconds,
        uint64_t count, uint64_t seed) {
    Verdict verdict;
    std::vector<uint64_t> calls(count);
    std::vector<std::thread> threads;
    for (uint64_t i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            calls[i] = i % 2 == 0 ? storm_files(directory, seed + i, verdict)
                                  : storm_rows(collection, seed + i, verdict);
        });
    }
    verdict.end_after(std::chrono::seconds(seconds));
    uint64_t of_files = 0, of_rows = 0;
    for (uint64_t i = 0; i < count; ++i) {
        threads[i].join();
        (i % 2 == 0 ? of_files : of_rows) += calls[i];
    }
    std::printf("seed %llu: %llu acts on files, %llu on rows\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(of_files),
                static_cast<unsigned long long>(of_rows));
    Verdict afterwards;
    check_rows(collection, afterwards);
    for (const std::string& what : {verdict.what(), afterwards.what()})
        if (!what.empty()) {
            std::printf("%s\n", what.c_str());
            return 1;
        }
    return of_files > 0 && of_rows > 0 ? 0 : 1;
}

} // namespace
} // namespace vexfs

int main(int count, char** arguments) {
    uint64_t seconds = 0, threads = 0, seed = 0;
    if (count != 6 || !vexfs::take_number(arguments[3], seconds) ||
        !vexfs::take_number(arguments[4], threads) || !vexfs::take_number(arguments[5], seed) ||
        threads < 2) {
        std::fputs(vexfs::kUsage, stderr);
        return 2;
    }
    return vexfs::run(arguments[1], arguments[2], seconds, threads, seed);
}
