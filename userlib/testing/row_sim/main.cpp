// SPDX-License-Identifier: Apache-2.0
//
// vexfs-row-sim: crash sweeps of volumes whose files have rows, seed after seed until enough states
// were tried.
//
// Exit: 0 no violation, 1 a violation (the first of each seed is printed), 2 usage.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <malloc.h>

#include "base/log.h"
#include "base/mutex.h"
#include "bench/counts/counts.h"
#include "userlib/testing/row_sim/row_sweep.h"

namespace {

using namespace vexfs;

// So that a run of few states sees many seeds, of which each goes another way.
constexpr uint64_t kSeedStatesMax = 250;
constexpr uint64_t kThreadsMax = 256;

constexpr const char* kUsage =
    "usage: vexfs-row-sim [--states N] [--seed S] [--threads T] [--until-violation]\n"
    "                     [--json FILE]\n";
constexpr const char* kHelp =
    "Crashes volumes whose files have rows, in seeded runs, until N states (100000) were tried,\n"
    "beginning with seed S (1), in T threads (as many as there are processors). A seed gets at\n"
    "most 250 states; its crashes are spread over all of its writes by chance, which is the\n"
    "seed's too. With --until-violation it stops at the first one; a violation names the command\n"
    "that repeats it.\n"
    "\n"
    "Prints `states N violations V rate R`, the rate in states a second; with --json FILE it also\n"
    "writes them there, for vexfs-bench report.\n"
    "Exit: 0 no violation, 1 a violation, 2 usage.\n";

struct Arguments {
    uint64_t states = 100'000;
    uint64_t seed = 1;
    uint64_t threads = std::max(1U, std::thread::hardware_concurrency());
    bool until_violation = false;
    std::string json;
};

bool parse(int argc, char** argv, Arguments& arguments) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--until-violation") {
            arguments.until_violation = true;
            continue;
        }
        if (name == "--json") {
            if (++i == argc)
                return false;
            arguments.json = argv[i];
            continue;
        }
        uint64_t* const into = name == "--states"    ? &arguments.states
                               : name == "--seed"    ? &arguments.seed
                               : name == "--threads" ? &arguments.threads
                                                     : nullptr;
        if (into == nullptr || ++i == argc)
            return false;
        const char* const end = argv[i] + std::strlen(argv[i]);
        const auto [stop, error] = std::from_chars(argv[i], end, *into);
        if (error != std::errc{} || stop != end)
            return false;
    }
    return arguments.states > 0 && arguments.threads > 0 && arguments.threads <= kThreadsMax;
}

// Threads: each thread calls run().
class Sweep {
  public:
    explicit Sweep(const Arguments& arguments) : arguments_(arguments), next_(arguments.seed) {}

    void run() {
        while (states_ < arguments_.states && !(arguments_.until_violation && violations_ > 0)) {
            const uint64_t seed = next_.fetch_add(1);
            const uint64_t most = std::min(arguments_.states, kSeedStatesMax);
            const RowSweepResult result = sweep_rows(seed, most);
            states_ += result.states;
            violations_ += result.violations;
            if (result.violations == 0)
                continue;
            const MutexLock lock(mutex_);
            std::fprintf(stderr,
                         "%s\nagain: vexfs-row-sim --seed %" PRIu64 " --states %" PRIu64
                         " --threads 1 --until-violation\n",
                         result.first_violation.c_str(), seed, most);
        }
    }

    [[nodiscard]] uint64_t states() const { return states_; }
    [[nodiscard]] uint64_t violations() const { return violations_; }
    [[nodiscard]] uint64_t next_seed() const { return next_; }

  private:
    const Arguments arguments_;
    std::atomic<uint64_t> next_;
    std::atomic<uint64_t> states_{0};
    std::atomic<uint64_t> violations_{0};
    Mutex mutex_; // of what is printed
};

} // namespace

int main(int argc, char** argv) {
    // Every crash state takes the same large buffers again: they need not be new pages each time.
    constexpr int kKeptBytes = 32 << 20;     // the most that can be asked for
    ::mallopt(M_MMAP_THRESHOLD, kKeptBytes); // NOLINT(concurrency-mt-unsafe): no thread yet
    ::mallopt(M_TRIM_THRESHOLD, kKeptBytes); // NOLINT(concurrency-mt-unsafe): no thread yet
    // What a crash left is logged where it is found, and here it is found all the time.
    set_log_target(::open("/dev/null", O_WRONLY | O_CLOEXEC), false);
    if (argc == 2 && std::strcmp(argv[1], "--help") == 0)
        return std::printf("%s%s", kUsage, kHelp) > 0 ? 0 : 1;
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    const auto start = std::chrono::steady_clock::now();
    Sweep sweep(arguments);
    std::vector<std::thread> threads;
    for (uint64_t thread = 1; thread < arguments.threads; ++thread)
        threads.emplace_back([&sweep] { sweep.run(); });
    sweep.run();
    for (std::thread& thread : threads)
        thread.join();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "seeds %" PRIu64 " to %" PRIu64 "\n", arguments.seed,
                 sweep.next_seed() - 1);
    std::printf("states %" PRIu64 " violations %" PRIu64 " rate %.0f\n", sweep.states(),
                sweep.violations(), static_cast<double>(sweep.states()) / wall.count());
    Measurement counts = counts_of("rows", "files with rows, crashed at writes of random workloads",
                                   {{"seed", arguments.seed}}, sweep.violations());
    add_count(counts, "states", sweep.states());
    add_count(counts, "seeds", sweep.next_seed() - arguments.seed);
    const bool written = write_figures(arguments.json, argc, argv, {std::move(counts)});
    return sweep.violations() == 0 && written ? 0 : 1;
}
