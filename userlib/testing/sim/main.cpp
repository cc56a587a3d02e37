// SPDX-License-Identifier: Apache-2.0
//
// vexfs-sim: crash sweeps over seed after seed until enough states were tried.
//
// --help says what there is to say. --names crashes the namespace instead of the bare store. With a
// progress file a run that was interrupted goes on where it was, if program and arguments are the
// same.
//
// Exit: 0 no violation, 1 a violation (the first of each seed is printed), 2 usage, 3 the progress
// file cannot be used.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <malloc.h>

#include "base/log.h"
#include "bench/counts/counts.h"
#include "userlib/testing/sim/crash_sweep.h"
#include "userlib/testing/sim/progress.h"
#include "userlib/testing/sim/tree_sweep.h"

namespace {

using namespace vexfs;

// So that a run of few states sees more than a few seeds.
constexpr uint64_t kSeedStatesMax = 4000;
constexpr uint64_t kStates = 100'000;

constexpr const char* kUsage =
    "usage: vexfs-sim [--states N] [--seed S] [--progress FILE] [--until-violation]\n"
    "                 [--json FILE]\n"
    "       vexfs-sim --names [--operations 1|2|3] [--percent P] [--seed S] [--states N]\n"
    "                 [--threads T] [--workload W] [--json FILE]\n";
constexpr const char* kHelp =
    "Crashes the store in seeded workloads until N states (100000) were tried, beginning with "
    "seed\n"
    "S (1). A seed gets at most 4000 states; a workload with more has its crashes spread over all\n"
    "of its writes by chance, which is the seed's too.\n"
    "  --progress FILE     keeps the progress there; the same command goes on where it was\n"
    "  --until-violation   stops at the first one; a violation names the command that repeats it\n"
    "\n"
    "With --names it crashes trees of files: every workload of one and of two operations on two\n"
    "directories and four files, with a sync, a commit or nothing after each, at every write.\n"
    "It stops at the first violation, which names the command that repeats it.\n"
    "  --operations N      workloads of up to so many operations (2)\n"
    "  --percent P         of those of more than one, this share (100), chosen by the seed (1)\n"
    "  --states N          stops when about so many states were tried\n"
    "  --threads T         does it in so many threads (as many as there are processors)\n"
    "  --workload W        this workload alone\n"
    "\n"
    "Prints `states N violations V rate R`, the rate in states a second; with --json FILE it also\n"
    "writes them there, for vexfs-bench report.\n"
    "Exit: 0 no violation, 1 a violation, 2 usage, 3 the progress file cannot be used.\n";

struct Arguments {
    uint64_t states = 0; // 0: not given
    uint64_t seed = 1;
    std::string progress;
    std::string json;
    bool until_violation = false;
    bool names = false;
    TreeSweepOptions trees;
    bool trees_only = false; // something was given that goes with --names
};

bool parse_number(const char* text, uint64_t& value) {
    char* end = nullptr;
    value = std::strtoull(text, &end, 10);
    return *text != '\0' && *end == '\0';
}

bool parse_small(const char* text, uint32_t& value, uint32_t most) {
    uint64_t number = 0;
    if (!parse_number(text, number) || number == 0 || number > most)
        return false;
    value = static_cast<uint32_t>(number);
    return true;
}

bool parse_percent(const char* text, double& value) {
    char* end = nullptr;
    value = std::strtod(text, &end);
    return *text != '\0' && *end == '\0' && value >= 0 && value <= 100;
}

bool parse_of_trees(std::string_view name, const char* value, TreeSweepOptions& trees) {
    constexpr uint32_t kOperationsMax = 3;
    constexpr uint32_t kThreadsMax = 256;
    if (name == "--operations")
        return parse_small(value, trees.operations_max, kOperationsMax);
    if (name == "--threads")
        return parse_small(value, trees.threads, kThreadsMax);
    if (name == "--percent")
        return parse_percent(value, trees.percent);
    return name == "--workload" && parse_number(value, trees.only.emplace());
}

bool parse(int argc, char** argv, Arguments& arguments) {
    arguments.trees.threads = std::max(1U, std::thread::hardware_concurrency());
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--until-violation" || name == "--names") {
            (name == "--names" ? arguments.names : arguments.until_violation) = true;
            continue;
        }
        if (++i == argc)
            return false;
        if (name == "--progress")
            arguments.progress = argv[i];
        else if (name == "--json")
            arguments.json = argv[i];
        else if (name == "--states" || name == "--seed") {
            if (!parse_number(argv[i], name == "--states" ? arguments.states : arguments.seed))
                return false;
        } else if (parse_of_trees(name, argv[i], arguments.trees)) {
            arguments.trees_only = true;
        } else {
            return false;
        }
    }
    return arguments.names ? arguments.progress.empty() && !arguments.until_violation
                           : !arguments.trees_only;
}

struct Sums {
    uint64_t states = 0;
    uint64_t violations = 0;
    double seconds = 0;
    uint64_t workloads = 0;
};

int tell(const Arguments& arguments, const Sums& sums, int argc, const char* const* argv) {
    std::printf("states %" PRIu64 " violations %" PRIu64 " rate %.0f\n", sums.states,
                sums.violations, static_cast<double>(sums.states) / sums.seconds);
    Measurement counts =
        arguments.names
            ? counts_of("names", "trees of files, crashed at every write of every small workload",
                        {{"operations", arguments.trees.operations_max}, {"seed", arguments.seed}},
                        sums.violations)
            : counts_of("store",
                        "the store, crashed at writes of random workloads, and its "
                        "recovery too",
                        {{"seed", arguments.seed}}, sums.violations);
    add_count(counts, "states", sums.states);
    add_count(counts, arguments.names ? "workloads" : "seeds", sums.workloads);
    const bool written = write_figures(arguments.json, argc, argv, {std::move(counts)});
    return sums.violations == 0 && written ? 0 : 1;
}

int sweep_names(const Arguments& arguments, int argc, const char* const* argv) {
    TreeSweepOptions options = arguments.trees;
    options.seed = arguments.seed;
    if (arguments.states > 0)
        options.states_max = arguments.states;
    const auto start = std::chrono::steady_clock::now();
    const Result<TreeSweepResult> result = sweep_trees(options);
    if (!result) {
        std::fprintf(stderr, "vexfs-sim: %s\n", result.error().what);
        return 1;
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "%" PRIu64 " workloads\n", result->workloads);
    if (result->violations > 0)
        std::fprintf(stderr,
                     "%s\nagain: vexfs-sim --names --seed %" PRIu64
                     " --operations %u --workload %" PRIu64 "\n",
                     result->first_violation.c_str(), options.seed, options.operations_max,
                     result->violated_workload);
    return tell(arguments, {result->states, result->violations, wall.count(), result->workloads},
                argc, argv);
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
    // Every crash state takes the same large buffers again: they need not be new pages each time.
    constexpr int kKeptBytes = 32 << 20;     // the most that can be asked for
    ::mallopt(M_MMAP_THRESHOLD, kKeptBytes); // NOLINT(concurrency-mt-unsafe): no thread yet
    ::mallopt(M_TRIM_THRESHOLD, kKeptBytes); // NOLINT(concurrency-mt-unsafe): no thread yet
    // A store that says it was suspended has just met the death that the workload had for it.
    set_log_target(::open("/dev/null", O_WRONLY | O_CLOEXEC), false);
    if (argc == 2 && std::strcmp(argv[1], "--help") == 0)
        return std::printf("%s%s", kUsage, kHelp) > 0 ? 0 : 1;
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    if (arguments.names)
        return sweep_names(arguments, argc, argv);
    const uint64_t states = arguments.states > 0 ? arguments.states : kStates;
    const Result<ProgressFile> file = ProgressFile::at(arguments.progress);
    SweepProgress sum{arguments.seed, states, arguments.seed, 0, 0, 0};
    if (file)
        sum = file.value().resume(arguments.seed, states).value_or(sum);
    if (sum.states > 0)
        std::fprintf(stderr, "goes on after %" PRIu64 " states\n", sum.states);
    const Status done = file ? sweep(arguments, file.value(), sum) : Status(file.error());
    if (!done) {
        std::fprintf(stderr, "vexfs-sim: %s\n", done.error().what);
        return 3;
    }
    std::fprintf(stderr, "seeds %" PRIu64 " to %" PRIu64 "\n", sum.first_seed, sum.next_seed - 1);
    return tell(arguments,
                {sum.states, sum.violations, sum.seconds, sum.next_seed - sum.first_seed}, argc,
                argv);
}
