// SPDX-License-Identifier: Apache-2.0
#include "base/shutdown.h"

#include <csignal>
#include <poll.h>
#include <thread>

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

bool readable(int descriptor) {
    pollfd waiting{descriptor, POLLIN, 0};
    return poll(&waiting, 1, 0) == 1;
}

} // namespace

TEST_CASE("shutdown: a signal sets the flag, wakes a sleeper and restores its disposition") {
    auto shutdown = Shutdown::create().value();
    REQUIRE(shutdown->install({SIGUSR1, SIGUSR2}).has_value());
    CHECK_FALSE(shutdown->requested());
    CHECK_FALSE(readable(shutdown->descriptor()));
    std::thread sleeper([&] { shutdown->wait(); });
    raise(SIGUSR1);
    sleeper.join();
    CHECK(shutdown->requested());
    CHECK(readable(shutdown->descriptor()));
    struct sigaction now {};
    sigaction(SIGUSR1, nullptr, &now);
    CHECK((now.sa_handler == SIG_DFL));
    shutdown.reset();
    sigaction(SIGUSR2, nullptr, &now);
    CHECK((now.sa_handler == SIG_DFL));
}

TEST_CASE("shutdown: only one flag is installed at a time, and bad signals are refused") {
    auto first = Shutdown::create().value();
    auto second = Shutdown::create().value();
    CHECK(first->install({0}).error().code == Code::kEINVAL);
    REQUIRE(first->install({SIGUSR1}).has_value());
    CHECK(second->install({SIGUSR1}).error().code == Code::kEBUSY);
    first.reset();
    CHECK(second->install({SIGUSR1}).has_value());
    second->request();
    CHECK(second->requested());
}

TEST_CASE("shutdown: a signal that cannot be caught is refused and leaves nothing behind") {
    auto shutdown = Shutdown::create().value();
    CHECK_FALSE(shutdown->install({SIGKILL}).has_value());
    shutdown.reset();
    CHECK(Shutdown::create().value()->install({SIGUSR1}).has_value());
}
