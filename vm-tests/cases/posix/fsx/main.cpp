// SPDX-License-Identifier: Apache-2.0
//
// vexfs-fsx: random operations on a few files, held against a model in memory, also across a crash
// of the filesystem. Exit status 0; 1 if the filesystem is wrong; 2 if it was called wrongly; 3 if
// the filesystem went away, which a run that keeps its state may resume.
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <getopt.h>
#include <unistd.h>

#include "vm-tests/cases/posix/fsx/exercise.h"

namespace vexfs {
namespace {

constexpr int kWrong = 1;
constexpr int kUsageError = 2;
constexpr int kGone = 3;

constexpr const char* kUsage =
    "usage: vexfs-fsx [options] DIRECTORY\n"
    "       vexfs-fsx --resume --state FILE [--operations N] DIRECTORY\n"
    "\n"
    "Reads, writes, cuts, maps, punches, copies and syncs files of DIRECTORY at random, and "
    "compares\n"
    "all that is read with a model in memory.\n"
    "  --operations N  how many (10000); 0: until the filesystem goes away\n"
    "  --seconds N     end after that time at the latest\n"
    "  --seed S        which (from the clock)\n"
    "  --files N       on how many files, 1..64 (4)\n"
    "  --size BYTES    that are at most so large, 4096..16777216 (1048576)\n"
    "  --state FILE    keep what was synced and what was tried since in FILE, which lies on "
    "another\n"
    "                  filesystem; exit status 3 if the filesystem under test goes away\n"
    "  --resume        hold the files against FILE and go on: each must be in a state between the\n"
    "                  last sync that was acknowledged and the last operation that was tried\n"
    "  --help          print this\n";

struct Request {
    Plan plan;
    uint64_t operations = 10'000;
    uint64_t seconds = 0;
    bool resume = false;
    bool help = false;
};

bool take_number(const char* text, uint64_t low, uint64_t high, uint64_t& number) {
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, number);
    return error == std::errc{} && stop == end && number >= low && number <= high;
}

bool take_option(int key, const char* value, Request& request) {
    uint64_t number = 0;
    switch (key) {
    case 'o':
        return take_number(value, 0, UINT64_MAX, request.operations);
    case 't':
        return take_number(value, 1, UINT32_MAX, request.seconds);
    case 's':
        return take_number(value, 0, UINT64_MAX, request.plan.seed);
    case 'f':
        if (!take_number(value, 1, 64, number))
            return false;
        request.plan.file_count = static_cast<uint32_t>(number);
        return true;
    case 'z':
        return take_number(value, 4096, 16 << 20, request.plan.size_max);
    case 'S':
        request.plan.state = value;
        return true;
    case 'r':
        return request.resume = true;
    case 'h':
        return request.help = true;
    default:
        return false;
    }
}

bool parse(int count, char** arguments, Request& request) {
    static const std::array<option, 9> kLong{{{"operations", required_argument, nullptr, 'o'},
                                              {"seconds", required_argument, nullptr, 't'},
                                              {"seed", required_argument, nullptr, 's'},
                                              {"files", required_argument, nullptr, 'f'},
                                              {"size", required_argument, nullptr, 'z'},
                                              {"state", required_argument, nullptr, 'S'},
                                              {"resume", no_argument, nullptr, 'r'},
                                              {"help", no_argument, nullptr, 'h'},
                                              {nullptr, 0, nullptr, 0}}};
    int key = 0;
    while ((key = getopt_long(count, arguments, "", kLong.data(), // NOLINT(concurrency-mt-unsafe)
                              nullptr)) != -1)
        if (!take_option(key, optarg, request))
            return false;
    if (optind < count)
        request.plan.directory = arguments[optind++];
    return optind == count && (request.help || (!request.plan.directory.empty() &&
                                                (!request.resume || !request.plan.state.empty())));
}

int report(const Exercise& exercise, const Trouble& trouble) {
    if (trouble.gone && !exercise.plan().state.empty()) {
        std::printf("the filesystem went away at operation %llu: %s\n",
                    static_cast<unsigned long long>(exercise.next_number() - 1),
                    trouble.text.c_str());
        return kGone;
    }
    std::printf("WRONG at operation %llu, --seed %llu --files %u --size %llu: %s\n"
                "the last operations (number, what, file, offset, length, from file, offset):\n%s",
                static_cast<unsigned long long>(exercise.next_number() - 1),
                static_cast<unsigned long long>(exercise.plan().seed), exercise.plan().file_count,
                static_cast<unsigned long long>(exercise.plan().size_max), trouble.text.c_str(),
                exercise.last_operations().c_str());
    return kWrong;
}

int run(const Request& request) {
    Exercise exercise(request.plan);
    if (Checked trouble = request.resume ? exercise.resume() : exercise.start())
        return report(exercise, *trouble);
    for (const Feature feature : exercise.missing())
        std::printf("without %s, which the filesystem does not have\n",
                    std::string(name_of(feature)).c_str());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(request.seconds);
    uint64_t done = 0;
    while ((request.operations == 0 || done < request.operations) &&
           (request.seconds == 0 || std::chrono::steady_clock::now() < end)) {
        if (Checked trouble = exercise.step())
            return report(exercise, *trouble);
        ++done;
    }
    if (Checked trouble = exercise.finish())
        return report(exercise, *trouble);
    std::printf("%llu operations up to number %llu agree with the model, --seed %llu\n",
                static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(exercise.next_number() - 1),
                static_cast<unsigned long long>(exercise.plan().seed));
    return 0;
}

} // namespace
} // namespace vexfs

int main(int count, char** arguments) {
    vexfs::Request request;
    request.plan.seed =
        static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    const bool understood = vexfs::parse(count, arguments, request);
    if (!understood || request.help) {
        std::fputs(vexfs::kUsage, understood ? stdout : stderr);
        return understood ? 0 : vexfs::kUsageError;
    }
    // A page of a filesystem that went away cannot be mapped.
    if (!request.plan.state.empty())
        std::signal(SIGBUS, [](int) { _exit(vexfs::kGone); });
    return vexfs::run(request);
}
