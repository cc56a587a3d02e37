// SPDX-License-Identifier: Apache-2.0
//
// A sub-command of vexfs-bench as a shell sees it: its options, what it says, its exit status.
//
// Exit status: 0 done, 1 failed, 2 wrong arguments. Reports go to stdout, all else to stderr.
//
// Threads: one thread.
#pragma once

#include "base/error.h"
#include "bench/cli/options.h"

namespace vexfs {

// What failed at `subject`, if any is named, in the words every command uses.
std::string complaint_about(const std::string& subject, const Error& error);

class Command : public Options {
  public:
    // `operands` stand behind the name in the help: "--out PREFIX [options]".
    Command(const std::string& name, const std::string& operands, std::string summary);

    // Parses what stands behind the name. The exit status if that was all there is to do: the help
    // was asked for, or something is wrong.
    [[nodiscard]] std::optional<int> begin(std::span<const char* const> words);

    // Each returns the exit status.
    int complain(const std::string& text, int status) const;
    // 1.
    int complain(const std::string& subject, const Error& error) const;
    // 0, or 1 with a complaint.
    int print(const std::string& report) const;

  private:
    const std::string title_; // "vexfs-bench ann"
};

} // namespace vexfs
