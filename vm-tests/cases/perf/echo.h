// SPDX-License-Identifier: Apache-2.0
//
// Servers that send back what an ioctl on the root of their mount brings: the way there and back,
// and nothing else.
//
// Each is a process of its own that ends with this one, and is mounted when the function returns:
// its process, or -1 and the reason on stderr.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace vexfs {

constexpr uint32_t kMessageBytes = 256;

// Through the kernel module; the server waits with the ioctl WAIT, or with FETCH by io_uring.
pid_t serve_by_module(const std::string& mountpoint, bool uring);
// Through FUSE, by reads and writes of /dev/fuse as the protocol of the kernel wants them.
pid_t serve_by_fuse(const std::string& mountpoint);
// Through FUSE, with libfuse and its low-level calls, one thread.
pid_t serve_by_libfuse(const std::string& mountpoint);

// A child that ends with its parent: 0 in the child.
pid_t fork_server();
// -1, with the reason on stderr.
pid_t no_server(const char* step);

} // namespace vexfs
