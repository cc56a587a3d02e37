// SPDX-License-Identifier: Apache-2.0
//
// vexfs-sim: crash sweeps over seed after seed until enough states were tried.
//
// --help says what there is to say. With a progress file a run that was interrupted goes on where
// it was, if program and arguments are the same.
//
// Exit: 0 no violation, 1 a violation (the first of each seed is printed), 2 usage, 3 the progress
// file cannot be used.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>

#include "base/log.h"
#include "userlib/testing/sim/crash_sweep.h"
#include "userlib/testing/sim/progress.h"

namespace {

using namespace vexfs;

// So that a run of few states sees more than a few seeds.
constexpr uint64_t kSeedStatesMax = 4000;

constexpr const char* kUsage =
    "usage: vexfs-sim [--states N] [--seed S] [--progress FILE] [--until-violation]\n";
constexpr const char* kHelp =
    "Crashes the store in seeded workloads until N states (100000) were tried, beginning with "
    "seed\n"
    "S (1). A seed gets at most 4000 states; a workload with more has its crashes spread over all\n"
    "of its writes by chance, which is the seed's too.\n"
    "  --progress FILE     keeps the progress there; the same command goes on where it was\n"
    "  --until-violation   stops at the first one; a violation names the command that repeats it\n"
    "Prints `states N violations V rate R`, the rate in states a second.\n"
    "Exit: 0 no violation, 1 a violation, 2 usage, 3 the progress file cannot be used.\n";

struct Arguments {
    uint64_t states = 100000;
    uint64_t seed = 1;
    std::string progress;
    bool until_violation = false;
};

bool parse_number(const char* text, uint64_t& value) {
    char* end = nullptr;
    value = std::strtoull(text, &end, 10);
    return *text != '\0' && *end == '\0';
}

bool parse(int argc, char** argv, Arguments& arguments) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--until-violation") {
            arguments.until_violation = true;
            continue;
        }
        if (++i == argc)
            return false;
        if (name == "--progress")
            arguments.progress = argv[i];
        else if (!(name == "--states" && parse_number(argv[i], arguments.states)) &&
                 !(name == "--seed" && parse_number(argv[i], arguments.seed)))
            return false;
    }
    return true;
}

Status sweep(const Arguments& arguments, const ProgressFile& file, SweepProgress& sum) {
    const double seconds_before = sum.seconds;
    const auto start = std::chrono::steady_clock::now();
    while (sum.states < sum.states_wanted && !(arguments.until_violation && sum.violations > 0)) {
        const uint64_t seed = sum.next_seed++;
        const uint64_t states_max = std::min(sum.states_wanted - sum.states, kSeedStatesMax);
        const SweepResult result = sweep_seed(seed, states_max);
        sum.states += result.states;
        sum.violations += result.violations;
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
        sum.seconds = seconds_before + wall.count();
        if (result.violations > 0)
            std::fprintf(stderr,
                         "%s\nagain: vexfs-sim --seed %" PRIu64 " --states %" PRIu64
                         " --until-violation\n",
                         result.first_violation.c_str(), seed, states_max);
        VEXFS_TRY_VOID(file.save(sum));
    }
    file.remove();
    return ok();
}

} // namespace

int main(int argc, char** argv) {
    // A store that says it was suspended has just met the death that the workload had for it.
    set_log_target(::open("/dev/null", O_WRONLY | O_CLOEXEC), false);
    if (argc == 2 && std::strcmp(argv[1], "--help") == 0)
        return std::printf("%s%s", kUsage, kHelp) > 0 ? 0 : 1;
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    const Result<ProgressFile> file = ProgressFile::at(arguments.progress);
    SweepProgress sum{arguments.seed, arguments.states, arguments.seed, 0, 0, 0};
    if (file)
        sum = file.value().resume(arguments.seed, arguments.states).value_or(sum);
    if (sum.states > 0)
        std::fprintf(stderr, "goes on after %" PRIu64 " states\n", sum.states);
    const Status done = file ? sweep(arguments, file.value(), sum) : Status(file.error());
    if (!done) {
        std::fprintf(stderr, "vexfs-sim: %s\n", done.error().what);
        return 3;
    }
    std::fprintf(stderr, "seeds %" PRIu64 " to %" PRIu64 "\n", sum.first_seed, sum.next_seed - 1);
    std::printf("states %" PRIu64 " violations %" PRIu64 " rate %.0f\n", sum.states, sum.violations,
                static_cast<double>(sum.states) / sum.seconds);
    return sum.violations == 0 ? 0 : 1;
}
