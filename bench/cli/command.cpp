// SPDX-License-Identifier: Apache-2.0
#include "bench/cli/command.h"

#include <cstdio>

namespace vexfs {

std::string complaint_about(const std::string& subject, const Error& error) {
    return (subject.empty() ? "" : subject + ": ") + error.what + " (" + name_of(error.code) +
           ": " + cause_of(error.code) + ")";
}

Command::Command(const std::string& name, const std::string& operands, std::string summary)
    : Options("vexfs-bench " + name + " " + operands, std::move(summary)),
      title_("vexfs-bench " + name) {}

std::optional<int> Command::begin(std::span<const char* const> words) {
    if (const auto wrong = parse(words))
        return complain(*wrong, 2);
    if (wants_help())
        return print(help());
    return std::nullopt;
}

int Command::complain(const std::string& text, int status) const {
    std::fprintf(stderr, "%s: %s\n", title_.c_str(), text.c_str());
    return status;
}

int Command::complain(const std::string& subject, const Error& error) const {
    return complain(complaint_about(subject, error), 1);
}

int Command::print(const std::string& report) const {
    if (std::fwrite(report.data(), 1, report.size(), stdout) != report.size() ||
        std::fflush(stdout) != 0)
        return complain("the report could not be written", 1);
    return 0;
}

} // namespace vexfs
