// SPDX-License-Identifier: Apache-2.0
//
// vexfs-sim: crash sweeps over seed after seed until enough states were tried.
//
//     vexfs-sim [--states N] [--seed FIRST] [--progress FILE] [--until-violation]
//
// With a progress file a run that was interrupted goes on where it was, if program and arguments
// are the same. One seed alone, as a violation names it: --seed S --until-violation.
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
        const SweepResult result =
            sweep_seed(sum.next_seed, std::min(sum.states_wanted - sum.states, kSeedStatesMax));
        ++sum.next_seed;
        sum.states += result.states;
        sum.violations += result.violations;
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
        sum.seconds = seconds_before + wall.count();
        if (result.violations > 0)
            std::fprintf(stderr, "%s\n", result.first_violation.c_str());
        VEXFS_TRY_VOID(file.save(sum));
    }
    file.remove();
    return ok();
}

} // namespace

int main(int argc, char** argv) {
    // A store that says it was suspended has just met the death that the workload had for it.
    set_log_target(::open("/dev/null", O_WRONLY | O_CLOEXEC), false);
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fprintf(stderr, "usage: vexfs-sim [--states N] [--seed S] [--progress FILE] "
                             "[--until-violation]\n");
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
