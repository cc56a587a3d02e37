// SPDX-License-Identifier: Apache-2.0
//
// vexfs-churn: a collection whose rows turn over again and again, beside a fresh one that holds the
// same rows. What churn costs is the ratio of the two: recall, bytes on disk, resident memory and
// the 99th percentile of the processor's time for a search, measured in turns.
//
// Exit: 0 within the limits, 1 not, 2 usage.
#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

#include "bench/counts/counts.h"
#include "userlib/testing/churn/churned_volume.h"

namespace {

using namespace vexfs;

constexpr double kRecallLoss = 0.01;
constexpr double kDiskRatio = 1.2;
constexpr double kMemoryRatio = 1.1;
constexpr double kTimeRatio = 1.3;
constexpr int kRounds = 5; // of measuring
constexpr const char* kUsage =
    "usage: vexfs-churn [--rows N] [--dim D] [--turnovers T] [--seed S] [--unpaced]\n"
    "                   [--json FILE]\n"
    "\n"
    "Turns N rows (10000) of D floats (32) over T times (3): overwritten, dropped and appended,\n"
    "removed with their files; one in 20 is equal to another. Compares with a fresh volume of the\n"
    "same rows; fails if recall@10 is worse by 0.01, the disk by 1.2, the memory by 1.1 or the\n"
    "99th percentile of searches by 1.3 times. Resident memory counts only if the vectors fill\n"
    "the cache, 48 MiB or 960 bytes a row; what the collection counts of itself always does.\n"
    "A turnover waits now and then until rows are linked and dead ones are gone, with --unpaced\n"
    "never. With --json FILE the figures are also written there, for vexfs-bench report.\n";

struct Arguments {
    uint64_t rows = 10'000;
    uint64_t dim = 32;
    uint64_t turnovers = 3;
    uint64_t seed = 1;
    bool paced = true;
    std::string json;
};

bool parse(int argc, char** argv, Arguments& arguments) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--unpaced") {
            arguments.paced = false;
            continue;
        }
        if (name == "--json") {
            if (++i == argc)
                return false;
            arguments.json = argv[i];
            continue;
        }
        uint64_t* const into = name == "--rows"        ? &arguments.rows
                               : name == "--dim"       ? &arguments.dim
                               : name == "--turnovers" ? &arguments.turnovers
                               : name == "--seed"      ? &arguments.seed
                                                       : nullptr;
        if (into == nullptr || ++i == argc)
            return false;
        const char* const end = argv[i] + std::strlen(argv[i]);
        const auto [stop, error] = std::from_chars(argv[i], end, *into);
        if (error != std::errc{} || stop != end)
            return false;
    }
    constexpr uint64_t kRowsMin = 2000; // so that there is a graph
    return arguments.rows >= kRowsMin && arguments.rows <= 10'000'000 && arguments.dim > 0 &&
           arguments.dim <= 4096 && arguments.turnovers > 0 && arguments.turnovers < 200;
}

// A process with a volume. It measures once for each byte that it is sent.
class Worker {
  public:
    Worker(const Arguments& arguments, bool churned) {
        int asks[2];
        int answers[2];
        if (::pipe(asks) != 0 || ::pipe(answers) != 0)
            return;
        process_ = ::fork();
        if (process_ == 0) {
            ::close(asks[1]);
            ::close(answers[0]);
            serve(arguments, churned, asks[0], answers[1]);
            ::_exit(0);
        }
        ::close(asks[0]);
        ::close(answers[1]);
        ask_ = asks[1];
        answer_ = answers[0];
    }
    ~Worker() {
        ::close(ask_);
        ::close(answer_);
        ::waitpid(process_, nullptr, 0);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // False if the process has failed. The first one waits for the volume.
    bool measure(ChurnFigures& figures) const {
        return ::write(ask_, "m", 1) == 1 &&
               ::read(answer_, &figures, sizeof figures) == sizeof figures;
    }

  private:
    static void serve(const Arguments& arguments, bool churned, int asks, int answers) {
        ChurnedVolume volume({static_cast<uint32_t>(arguments.rows),
                              static_cast<uint32_t>(arguments.dim), arguments.seed,
                              arguments.paced});
        const auto last = static_cast<uint32_t>(arguments.turnovers);
        volume.fill(churned ? 0 : last);
        volume.rest();
        for (uint32_t turnover = 1; churned && turnover <= last; ++turnover) {
            volume.turn_over(turnover);
            volume.rest();
            const ChurnFigures now = volume.measure();
            std::fprintf(stderr,
                         "turnover %u: recall@10 %.4f p99 %.0f us disk %.1f MB resident %.1f MB "
                         "slots %" PRIu64 " dead %" PRIu64 "\n",
                         turnover, now.recall, now.p99_us,
                         static_cast<double>(now.disk_bytes) / 1e6,
                         static_cast<double>(now.resident_bytes) / 1e6, now.slots, now.dead);
        }
        char ask = 0;
        while (::read(asks, &ask, 1) == 1) {
            const ChurnFigures figures = volume.measure();
            if (::write(answers, &figures, sizeof figures) != sizeof figures)
                return;
        }
    }

    pid_t process_ = -1;
    int ask_ = -1;
    int answer_ = -1;
};

// Several rounds, so that each search of both is at least once not disturbed by other programs, who
// share caches and memory if not the processor's time.
bool measure_in_turns(const Worker& churned, const Worker& fresh, ChurnFigures& after,
                      ChurnFigures& before) {
    for (int round = 0; round < kRounds; ++round) {
        if (!churned.measure(after) || !fresh.measure(before))
            return false;
    }
    return true;
}

// A line of the report; whether it is within the limit, if it is held against that.
bool tell(const char* what, double churned, double fresh, double limit, bool held = true) {
    const double ratio = churned / fresh;
    std::printf("%-12s churned %10.1f fresh %10.1f ratio %.3f ", what, churned, fresh, ratio);
    if (!held) {
        std::puts("no limit: the cache is not full");
        return true;
    }
    std::printf("limit %.1f%s\n", limit, ratio <= limit ? "" : "  TOO MUCH");
    return ratio <= limit;
}

Measurement figures_of(const Arguments& arguments, const char* volume, const ChurnFigures& figures,
                       uint64_t violations) {
    Measurement one = counts_of("churn", "a collection whose rows turned over, beside a fresh one",
                                {{"volume", volume},
                                 {"rows", arguments.rows},
                                 {"dim", arguments.dim},
                                 {"turnovers", arguments.turnovers},
                                 {"paced", arguments.paced ? "yes" : "no"},
                                 {"seed", arguments.seed}},
                                violations);
    one.add("recall", "share", Better::kMore, figures.recall);
    one.add("disk", "bytes", Better::kLess, static_cast<double>(figures.disk_bytes));
    one.add("counted_memory", "bytes", Better::kLess, static_cast<double>(figures.counted_bytes));
    one.add("resident_memory", "bytes", Better::kLess, static_cast<double>(figures.resident_bytes));
    one.add("search_p99", "ns", Better::kLess, figures.p99_us * 1000);
    return one;
}

// Each volume, and of the churned one how it stands to the fresh one.
std::vector<Measurement> measurements_of(const Arguments& arguments, const ChurnFigures& churned,
                                         const ChurnFigures& fresh, uint64_t violations) {
    std::vector<Measurement> both{figures_of(arguments, "churned", churned, violations),
                                  figures_of(arguments, "fresh", fresh, 0)};
    for (const Figure& figure : both[1].figures) {
        const double own = both[0].figure(figure.name)->median();
        if (figure.name == "violations" || !(own > 0 && figure.median() > 0))
            continue;
        const double ratio =
            figure.name == "recall" ? own / figure.median() : figure.median() / own;
        both[0].ratios.push_back({figure.name, "fresh", {ratio, ratio, ratio}});
    }
    return both;
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    const Worker churned(arguments, true);
    const Worker fresh(arguments, false);
    ChurnFigures after;
    ChurnFigures before;
    if (!measure_in_turns(churned, fresh, after, before)) {
        std::fputs("vexfs-churn: a volume failed\n", stderr);
        return 1;
    }
    std::printf("%" PRIu64 " rows of %" PRIu64 " floats, turned over %" PRIu64
                " times, seed %" PRIu64 "\n",
                arguments.rows, arguments.dim, arguments.turnovers, arguments.seed);
    const bool recall = after.recall >= before.recall - kRecallLoss;
    std::printf("%-12s churned %10.4f fresh %10.4f limit %.2f less%s\n", "recall@10", after.recall,
                before.recall, kRecallLoss, recall ? "" : "  TOO MUCH");
    const bool disk = tell("disk MB", static_cast<double>(after.disk_bytes) / 1e6,
                           static_cast<double>(before.disk_bytes) / 1e6, kDiskRatio);
    const bool counted = tell("counted MB", static_cast<double>(after.counted_bytes) / 1e6,
                              static_cast<double>(before.counted_bytes) / 1e6, kMemoryRatio);
    // Of few rows most is the cache, which has seen more of a volume that has a past.
    const bool cache_is_full = arguments.rows * arguments.dim * sizeof(float) >=
                               ChurnedVolume::cache_bytes(arguments.rows);
    const bool resident =
        tell("resident MB", static_cast<double>(after.resident_bytes) / 1e6,
             static_cast<double>(before.resident_bytes) / 1e6, kMemoryRatio, cache_is_full);
    const bool time = tell("p99 us", after.p99_us, before.p99_us, kTimeRatio);
    const auto violations = static_cast<uint64_t>(
        std::ranges::count(std::array{recall, disk, counted, resident, time}, false));
    const bool written = write_figures(arguments.json, argc, argv,
                                       measurements_of(arguments, after, before, violations));
    return violations == 0 && written ? 0 : 1;
}
