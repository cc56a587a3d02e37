// SPDX-License-Identifier: Apache-2.0
//
// fsck.vexfs: checks a volume and repairs it on request. Exit status as fsck(8) has it.
#include <cstdio>

#include "userlib/tools/fsck/report.h"

namespace {

int refuse(const std::string& explanation, vexfs::Error error) {
    std::fprintf(stderr, "fsck.vexfs: %s [%s]\n",
                 explanation.empty() ? error.what : explanation.c_str(),
                 vexfs::name_of(error.code));
    return vexfs::kFsckOperational;
}

int salvage(const vexfs::FsckOptions& options) {
    std::string explanation;
    const auto summary = vexfs::salvage_volume(options, explanation);
    if (!summary)
        return refuse(explanation, summary.error());
    std::fputs(vexfs::salvage_report(*summary, options).c_str(), stdout);
    return summary->complete() ? vexfs::kFsckClean : vexfs::kFsckUncorrected;
}

} // namespace

int main(int count, char** arguments) {
    std::string explanation;
    const auto options = vexfs::parse_fsck(count, arguments, explanation);
    if (!options) {
        std::fprintf(stderr, "fsck.vexfs: %s\n%s", explanation.c_str(), vexfs::kFsckUsage);
        return vexfs::kFsckWrongUse;
    }
    if (options->help || options->version) {
        std::fputs(options->help ? vexfs::kFsckUsage : "fsck.vexfs " VEXFS_VERSION "\n", stdout);
        return vexfs::kFsckClean;
    }
    if (!options->salvage_directory.empty())
        return salvage(*options);
    const auto result = vexfs::check_volume(*options, explanation);
    if (!result)
        return refuse(explanation, result.error());
    const std::string report = options->json ? vexfs::report_json(*result, *options)
                                             : vexfs::report_text(*result, *options);
    std::fputs(report.c_str(), stdout);
    return result->exit_status();
}
