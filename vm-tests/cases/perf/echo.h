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

// How a server waits: with the ioctl WAIT, with FETCH by io_uring, or not at all: then it looks out
// for requests on another CPU than this process is on.
enum class Waiting { kIoctl, kUring, kPolling };

// Through the kernel module.
pid_t serve_by_module(const std::string& mountpoint, Waiting waiting);
// Ticks of the clock that the last server that polled took for a request: the fewest.
uint64_t ticks_of_polling_server();
// Through FUSE, by reads and writes of /dev/fuse as the protocol of the kernel wants them.
pid_t serve_by_fuse(const std::string& mountpoint);
// Through FUSE, with libfuse and its low-level calls, one thread.
pid_t serve_by_libfuse(const std::string& mountpoint);

// A child that ends with its parent: 0 in the child.
pid_t fork_server();
// This process, and those that it forks, run there alone. False: they cannot.
bool stay_on_cpu(unsigned cpu);
// -1, with the reason on stderr.
pid_t no_server(const char* step);

} // namespace vexfs
