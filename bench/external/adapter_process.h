// SPDX-License-Identifier: Apache-2.0
//
// A program that stands between a benchmark and an index that is not linked: it is asked a line at
// a time and answers each with one. README.md has the lines.
//
// Threads: one thread.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/result.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

class AdapterProcess {
  public:
    // Starts it. What it writes to its standard error goes to ours.
    static Result<AdapterProcess> start(const std::string& path);
    // It reads the end of its input, and is waited for.
    ~AdapterProcess();
    AdapterProcess(AdapterProcess&& other) noexcept;
    AdapterProcess& operator=(AdapterProcess&&) = delete;

    // The line without its end. EIO if it has ended, or answers more than kAnswerBytesMax.
    Result<std::string> ask(const std::string& line);
    // All of its threads, from here on.
    Status pin_to(uint32_t processor) const;
    // Resident memory, in bytes; 0 where /proc does not tell.
    [[nodiscard]] uint64_t resident_bytes() const;

    static constexpr size_t kAnswerBytesMax = size_t{256} << 20;

  private:
    AdapterProcess(pid_t process, FileDescriptor talk)
        : process_(process), talk_(std::move(talk)) {}

    pid_t process_ = -1;
    FileDescriptor talk_; // its input and its output
    std::string rest_;    // of what was read, behind the last line
};

} // namespace vexfs
