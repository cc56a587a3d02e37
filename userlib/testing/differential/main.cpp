// SPDX-License-Identifier: Apache-2.0
//
// vexfs-differential: searches through a real mount, as several users, against brute force over
// what `find -readable` lists as each of them.
//
// Exit: 0 all as it should be, 1 something is not (the first is printed), 2 usage, 77 skipped.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "bench/counts/counts.h"
#include "userlib/testing/differential/searcher.h"
#include "userlib/testing/mount/scratch_mount.h"

namespace {

using namespace vexfs;

constexpr int kSkipped = 77;
constexpr uint32_t kLargeRows = 21'000;
constexpr double kRecallMin = 0.95;
constexpr uint64_t kSearchesOfState = 1600;
constexpr const char* kUsage =
    "usage: vexfs-differential [--searches N] [--seed S] [--json FILE] BIN_FOLDER\n"
    "\n"
    "Mounts new volumes with the programs of BIN_FOLDER, makes and changes trees of files with\n"
    "rows in them at random, and searches them N times (1600) as root and as users who see parts\n"
    "of them; most of it in collections of more than 20,000 rows. Without root and /dev/fuse it\n"
    "ends with status 77. With --json FILE its counts are also written there, for vexfs-bench\n"
    "report.\n";

struct Arguments {
    uint64_t searches = kSearchesOfState;
    uint64_t seed = 1;
    std::string programs;
    std::string json;
};

bool parse(int argc, char** argv, Arguments& arguments) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--json") {
            if (++i == argc)
                return false;
            arguments.json = argv[i];
            continue;
        }
        uint64_t* const into = name == "--searches" ? &arguments.searches
                               : name == "--seed"   ? &arguments.seed
                                                    : nullptr;
        if (into == nullptr && arguments.programs.empty() && name[0] != '-') {
            arguments.programs = std::filesystem::absolute(name);
            continue;
        }
        if (into == nullptr || ++i == argc)
            return false;
        const char* const end = argv[i] + std::strlen(argv[i]);
        const auto [stop, error] = std::from_chars(argv[i], end, *into);
        if (error != std::errc{} || stop != end)
            return false;
    }
    return !arguments.programs.empty();
}

class Run {
  public:
    explicit Run(const Arguments& arguments)
        : arguments_(arguments), of_state_(std::min(arguments.searches, kSearchesOfState)),
          random_(arguments.seed), mount_(arguments.programs) {}

    // "": all of it was done.
    std::string run() {
        std::filesystem::permissions(mount_.directory(), std::filesystem::perms(0755));
        if (!mount_.mount())
            return "the volume cannot be mounted";
        Grove large(mount_.point() + "/large", random_.next(), 32, KnownMetric::kL2);
        if (std::string wrong = large.plant_large(kLargeRows); !wrong.empty())
            return wrong;
        while (tally_.searches < arguments_.searches && tally_.wrong == 0) {
            std::string wrong = search_small();
            if (wrong.empty())
                wrong = search_large(large);
            if (!wrong.empty())
                return wrong;
        }
        return "";
    }

    [[nodiscard]] const Tally& tally() const { return tally_; }
    [[nodiscard]] bool has_enough_walks() const {
        return tally_.large_walks * 4 >= tally_.searches;
    }

  private:
    std::string search_small() {
        Grove small(mount_.point() + "/small" + std::to_string(states_), random_.next(),
                    3 + static_cast<uint32_t>(random_.below(20)),
                    static_cast<KnownMetric>(random_.below(3)));
        std::string wrong = small.plant_small();
        for (int i = 0; i < 4 && wrong.empty(); ++i) {
            search(small, small_users(), small.some_directories(3), of_state_ / 16);
            wrong = small.change(15);
        }
        return wrong;
    }

    std::string search_large(Grove& large) {
        // Those below the top and those of few rows are scans, as a rule.
        std::vector<std::string> directories(4, large.some_directories(1)[0]);
        directories.push_back(large.some_directories(2)[1]);
        search(large, large_users(), directories, of_state_ * 3 / 4);
        // Which of them walk is up to the planner, and to how many rows are linked by now; it is
        // those of users who see much.
        const std::vector<User> users = large_users();
        for (int more = 0; more < 32 && !has_enough_walks(); ++more)
            search(large, {users[0], users[4]}, {4, directories[0]}, of_state_ / 4);
        if (std::string wrong = large.change(20); !wrong.empty())
            return wrong;
        return random_.chance(1, 2) ? large.link_rows() : "";
    }

    void search(Grove& grove, const std::vector<User>& users,
                const std::vector<std::string>& directories, uint64_t searches) {
        ++states_;
        SearchPlan plan{directories, static_cast<uint32_t>(searches / users.size()), 0};
        for (const User& user : users) {
            plan.seed = random_.next();
            tally_.add(search_as(user, grove, plan));
        }
    }

    const Arguments arguments_;
    const uint64_t of_state_; // searches
    Random random_;
    const ScratchMount mount_;
    uint64_t states_ = 0;
    Tally tally_;
};

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    if (ScratchMount::is_impossible())
        return kSkipped;
    const auto start = std::chrono::steady_clock::now();
    Run run(arguments);
    const std::string wrong = run.run();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const Tally& tally = run.tally();
    const double recall =
        tally.approximate == 0 ? 0 : tally.recall / static_cast<double>(tally.approximate);
    std::printf("searches %" PRIu64 " exact %" PRIu64 " walks on over 20,000 rows %" PRIu64
                " leaks %" PRIu64 " wrong %" PRIu64 " recall@10 %.4f rate %.0f\n",
                tally.searches, tally.exact, tally.large_walks, tally.leaks, tally.wrong, recall,
                static_cast<double>(tally.searches) / wall.count());
    Measurement counts =
        counts_of("differential",
                  "searches of a mount as several users, beside brute force over find -readable",
                  {{"searches_wanted", arguments.searches}, {"seed", arguments.seed}},
                  tally.leaks + tally.wrong + (wrong.empty() ? 0 : 1));
    add_count(counts, "searches", tally.searches);
    add_count(counts, "exact", tally.exact);
    add_count(counts, "walks", tally.large_walks);
    counts.add("recall", "share", Better::kMore, recall);
    if (!write_figures(arguments.json, argc, argv, {std::move(counts)}))
        return 1;
    if (!wrong.empty() || tally.wrong + tally.leaks > 0) {
        std::printf("WRONG, --seed %" PRIu64 ": %s\n", arguments.seed,
                    wrong.empty() ? tally.first_wrong : wrong.c_str());
        return 1;
    }
    const bool enough = run.has_enough_walks() && recall >= kRecallMin;
    if (!enough)
        std::puts("too few walks, or too low a recall");
    return enough ? 0 : 1;
}
