// SPDX-License-Identifier: Apache-2.0
#include "bench/child/keeper.h"

#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vexfs {

namespace {

// False at the end: the other one is gone.
bool read_byte(int descriptor) {
    char byte = 0;
    ssize_t got = 0;
    do
        got = ::read(descriptor, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

// A terminal and timeout(1) signal whole groups of processes, and who reads our output waits until
// nobody can write to it any more: the child leaves the group and gives up every descriptor.
void stand_apart(int life) {
    ::setsid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        std::signal(signal, SIG_IGN);
    constexpr int kLife = 3;
    if (life != kLife)
        ::dup2(life, kLife);
    ::close_range(kLife + 1, ~0U, 0);
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int descriptor = 0; descriptor < kLife; ++descriptor)
        ::dup2(nothing, descriptor);
    // The other process goes on once this one is out of reach.
    if (::write(kLife, "r", 1) == 1)
        read_byte(kLife);
}

} // namespace

Result<std::unique_ptr<Keeper>> Keeper::start(const std::function<void()>& clean) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(code_from_errno(errno), "keeper: socketpair");
    FileDescriptor out(ends[0]);
    FileDescriptor life(ends[1]);
    std::fflush(nullptr);
    const pid_t process = ::fork();
    if (process < 0)
        return fail(code_from_errno(errno), "keeper: fork");
    if (process == 0) {
        life = FileDescriptor();
        stand_apart(out.raw());
        clean();
        ::_exit(0);
    }
    out = FileDescriptor();
    const bool ready = read_byte(life.raw());
    auto keeper = std::make_unique<Keeper>(std::move(life), process);
    if (!ready)
        return fail(Code::kEIO, "keeper: it did not start");
    return keeper;
}

Keeper::~Keeper() {
    life_ = FileDescriptor();
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace vexfs
