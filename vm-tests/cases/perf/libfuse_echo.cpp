// SPDX-License-Identifier: Apache-2.0
#define FUSE_USE_VERSION 35

#include <array>

#include <fuse3/fuse_lowlevel.h>
#include <unistd.h>

#include "vm-tests/cases/perf/echo.h"

namespace vexfs {

namespace {

void echo(fuse_req_t request, fuse_ino_t, unsigned, void*, fuse_file_info*, unsigned,
          const void* data, size_t bytes, size_t) {
    fuse_reply_ioctl(request, 0, data, bytes);
}

// Mounts, says so, and serves until it is unmounted.
void serve(const std::string& mountpoint, int mounted) {
    std::array<char, 11> name{"vexfs-perf"};
    std::array<char*, 2> words{name.data(), nullptr};
    fuse_args arguments{1, words.data(), 0};
    fuse_lowlevel_ops calls{};
    calls.ioctl = echo;
    fuse_session* const session = fuse_session_new(&arguments, &calls, sizeof calls, nullptr);
    if (session == nullptr || fuse_session_mount(session, mountpoint.c_str()) != 0 ||
        ::write(mounted, "!", 1) != 1)
        return;
    fuse_session_loop(session);
}

} // namespace

pid_t serve_by_libfuse(const std::string& mountpoint) {
    std::array<int, 2> mounted{};
    if (::pipe(mounted.data()) != 0)
        return no_server("a pipe");
    const pid_t server = fork_server();
    if (server == 0) {
        serve(mountpoint, mounted[1]);
        ::_exit(0);
    }
    ::close(mounted[1]);
    char ready = 0;
    const bool is_ready = ::read(mounted[0], &ready, 1) == 1;
    ::close(mounted[0]);
    return is_ready ? server : no_server("mounting with libfuse");
}

} // namespace vexfs
