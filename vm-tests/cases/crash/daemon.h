// SPDX-License-Identifier: Apache-2.0
//
// An engine that serves an image at a mount point, started and killed as a user would: through
// FUSE, where a kill ends the mount, or through the kernel module, where the next engine takes it
// over.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace vexfs {

// The exit status of a program; -1 if a signal ended it. Its output goes to `log`.
int run_program_to(const std::vector<std::string>& arguments, const std::string& log);
// The same without waiting for it: its process.
pid_t start_program_to(const std::vector<std::string>& arguments, const std::string& log);
int wait_for(pid_t process);

class Daemon {
  public:
    // `bin`: where vexfsd and fsck.vexfs are. `folder`: of the image, the mount point and logs.
    Daemon(std::string bin, std::string folder, bool module)
        : bin_(std::move(bin)), folder_(std::move(folder)), module_(module) {}
    ~Daemon(); // kills and unmounts
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    [[nodiscard]] std::string mountpoint() const { return folder_ + "/mount"; }
    [[nodiscard]] std::string image() const { return folder_ + "/volume.img"; }
    [[nodiscard]] std::string log() const { return folder_ + "/log"; }

    // Each returns a sentence if it fails.
    std::optional<std::string> format(const std::string& size) const;
    // Replaces the dead mount of the one before, or takes over its live one.
    std::optional<std::string> start() const;
    // Returns when the image is free.
    void end(int signal) const;
    std::optional<std::string> check() const;

  private:
    [[nodiscard]] std::string state_file() const { return folder_ + "/state"; }
    // The number of the mount that an engine left when it was killed; empty: there is none.
    [[nodiscard]] std::string left_behind() const;

    const std::string bin_;
    const std::string folder_;
    const bool module_;
};

} // namespace vexfs
