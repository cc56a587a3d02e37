// SPDX-License-Identifier: Apache-2.0
#include "bench/child/keeper.h"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include <sys/wait.h>

#include "userlib/device/scratch_file.h"

using namespace vexfs;

namespace {

bool appears(const std::string& path) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!std::filesystem::exists(path)) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::yield();
    }
    return true;
}

} // namespace

TEST_CASE("keeper: cleans once its object is gone, and not before") {
    const ScratchDirectory folder;
    const std::string mark = folder.path() + "/clean";
    {
        const auto keeper = Keeper::start([&] { std::filesystem::create_directory(mark); });
        REQUIRE(keeper);
        CHECK_FALSE(std::filesystem::exists(mark));
    }
    CHECK(std::filesystem::exists(mark));
}

TEST_CASE("keeper: cleans after a process that was killed, with its whole group") {
    for (const int signal : {SIGKILL, SIGTERM}) {
        CAPTURE(signal);
        const ScratchDirectory folder;
        const std::string mark = folder.path() + "/clean";
        const std::string begun = folder.path() + "/begun";
        const pid_t process = ::fork();
        if (process == 0) {
            ::setpgid(0, 0);
            const auto keeper = Keeper::start([&] { std::filesystem::create_directory(mark); });
            std::filesystem::create_directory(begun);
            while (keeper)
                ::pause();
            ::_exit(1);
        }
        REQUIRE(appears(begun));
        CHECK(::kill(-process, signal) == 0);
        int status = 0;
        CHECK(::waitpid(process, &status, 0) == process);
        CHECK(WIFSIGNALED(status));
        CHECK(appears(mark));
    }
}
