// SPDX-License-Identifier: Apache-2.0
//
// Assertions that stay on in every build.
//
// VEXFS_ASSERT states something that only a bug of ours can make false. It is never used on bytes
// from disk, ring, socket or user: those are an Error. A broken assertion prints expression and
// place, then aborts: with a crash-safe store an engine that stops is cheaper than one that goes on
// wrong.
//
// Threads: any thread.
#pragma once

namespace vexfs {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

} // namespace vexfs

#define VEXFS_ASSERT(condition)                                                                    \
    (__builtin_expect(static_cast<bool>(condition), 1)                                             \
         ? static_cast<void>(0)                                                                    \
         : ::vexfs::assertion_failed(#condition, __FILE__, __LINE__))

// For a branch that cannot be reached; the message says why.
#define VEXFS_UNREACHABLE(message) ::vexfs::assertion_failed(message, __FILE__, __LINE__)
