// SPDX-License-Identifier: Apache-2.0
//
// Takes away what a measurement made, however the process that made it ends: a process of its own
// waits for that end, so that SIGKILL and a timeout leave no mount behind either.
//
// Threads: one thread, and no other one at the start: its locks would be held in the child for
// ever.
#pragma once

#include <functional>
#include <memory>

#include <sys/types.h>

#include "base/result.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

class Keeper {
  public:
    // `clean` runs once, in the other process, when this object or this process has ended. It has
    // no descriptors but /dev/null.
    static Result<std::unique_ptr<Keeper>> start(const std::function<void()>& clean);
    // For start() alone.
    Keeper(FileDescriptor life, pid_t process) : life_(std::move(life)), process_(process) {}
    // Returns when all is clean.
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

  private:
    FileDescriptor life_; // a socket, at whose other end the end of this process is seen
    const pid_t process_;
};

} // namespace vexfs
