// SPDX-License-Identifier: Apache-2.0
//
// vexfs-posix: holds any mounted filesystem against what POSIX and Linux promise. Exit status 0, 1
// if a case failed, 2 if it was called wrongly.
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <getopt.h>
#include <sys/stat.h>

#include "vm-tests/cases/posix/runner.h"

namespace vexfs {
namespace {

constexpr const char* kUsage =
    "usage: vexfs-posix [--only TEXT] [--strict] [--seconds N] [--list] DIRECTORY\n"
    "\n"
    "Runs each case in a directory of its own below DIRECTORY and removes it.\n"
    "  --only TEXT   the cases whose name contains TEXT\n"
    "  --strict      a case that is skipped has failed\n"
    "  --seconds N   a case that takes longer has failed (120)\n"
    "  --list        print the names and run nothing\n"
    "  --help        print this\n";

struct Request {
    std::string only;
    std::string directory;
    unsigned seconds_max = 120;
    bool strict = false;
    bool list = false;
    bool help = false;
};

bool parse(int count, char** arguments, Request& request) {
    static const std::array<option, 6> kLong{{{"only", required_argument, nullptr, 'o'},
                                              {"strict", no_argument, nullptr, 'S'},
                                              {"seconds", required_argument, nullptr, 's'},
                                              {"list", no_argument, nullptr, 'l'},
                                              {"help", no_argument, nullptr, 'h'},
                                              {nullptr, 0, nullptr, 0}}};
    int key = 0;
    while ((key = getopt_long(count, arguments, "", kLong.data(), // NOLINT(concurrency-mt-unsafe)
                              nullptr)) != -1) {
        if (key == 'o') {
            request.only = optarg;
        } else if (key == 's') {
            const char* end = optarg + std::strlen(optarg);
            const auto [stop, error] = std::from_chars(optarg, end, request.seconds_max);
            if (error != std::errc{} || stop != end || request.seconds_max == 0)
                return false;
        } else if (key == 'S' || key == 'l' || key == 'h') {
            (key == 'S' ? request.strict : key == 'l' ? request.list : request.help) = true;
        } else {
            return false;
        }
    }
    if (optind < count)
        request.directory = arguments[optind++];
    return optind == count && (request.list || request.help || !request.directory.empty());
}

struct Tally {
    size_t passed = 0, failed = 0, skipped = 0;
};

void run_and_tell(const Case& what, const std::string& directory, const Request& request,
                  Tally& tally) {
    CaseResult result = run_case(what, directory, request.seconds_max);
    if (result.outcome == Outcome::kSkipped && request.strict)
        result.outcome = Outcome::kFailed;
    if (result.outcome == Outcome::kPassed) {
        ++tally.passed;
        std::printf("ok    %s (%.2f s)\n", what.name, result.seconds);
    } else {
        const bool failed = result.outcome == Outcome::kFailed;
        ++(failed ? tally.failed : tally.skipped);
        std::printf("%s  %s: %s\n", failed ? "FAIL" : "skip", what.name, result.message.c_str());
    }
    std::fflush(stdout);
}

int run(const Request& request) {
    const std::array tables{access_cases(), attribute_cases(), data_cases(),  directory_cases(),
                            link_cases(),   listing_cases(),   lock_cases(),  mapping_cases(),
                            mode_cases(),   name_cases(),      open_cases(),  rename_cases(),
                            sparse_cases(), time_cases(),      volume_cases()};
    std::string scratch = request.directory + "/vexfs-posix-XXXXXX";
    if (!request.list &&
        (mkdtemp(scratch.data()) == nullptr || chmod(scratch.c_str(), 0755) != 0)) {
        std::perror(request.directory.c_str());
        return 1;
    }
    Tally tally;
    size_t number = 0;
    for (const std::span<const Case> table : tables)
        for (const Case& what : table) {
            if (std::string_view(what.name).find(request.only) == std::string_view::npos)
                continue;
            ++number;
            if (request.list)
                std::puts(what.name);
            else
                run_and_tell(what, scratch + "/" + std::to_string(number), request, tally);
        }
    if (request.list)
        return 0;
    std::error_code error;
    std::filesystem::remove_all(scratch, error);
    std::printf("%zu passed, %zu failed, %zu skipped\n", tally.passed, tally.failed, tally.skipped);
    return tally.failed == 0 && number > 0 && !error ? 0 : 1;
}

} // namespace
} // namespace vexfs

int main(int count, char** arguments) {
    vexfs::Request request;
    const bool understood = vexfs::parse(count, arguments, request);
    if (!understood || request.help) {
        std::fputs(vexfs::kUsage, understood ? stdout : stderr);
        return understood ? 0 : 2;
    }
    return vexfs::run(request);
}
