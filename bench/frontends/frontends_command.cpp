// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench frontends`: what searches and inserts cost by each way in, and
// how much of a search is not the index.
//
// Threads: one thread.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "bench/cli/command.h"
#include "bench/data/generate.h"
#include "bench/frontends/commands.h"
#include "bench/frontends/frontends_report.h"
#include "bench/frontends/path_lengths.h"
#include "bench/frontends/ways.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Makes a collection twice, opens one image in this process and mounts the other through\n"
    "FUSE, and asks both for the same, one message at a time, by turns: in-process, by ioctl, by\n"
    "session; one search and a batch, one insert and a batch. Outside the index is what the\n"
    "engine's own clock of the collection does not account for. It needs root and /dev/fuse, and\n"
    "takes away what it made, also when it is killed.";

struct FrontendsOptions {
    std::string programs;
    uint64_t rows = 100'000;
    uint64_t dim = 128;
    uint64_t k = 10;
    uint64_t batch = 16;
    uint64_t searches = 200;
    uint64_t rounds = 15;
    std::string paths;
    bool json = false;
};

void bind(Options& command, FrontendsOptions& options) {
    command.text("--programs", "DIR", "of mkfs.vexfs and vexfsd (beside this program)",
                 &options.programs);
    command.number("--rows", "N", "in the collection (100000)", 10, 10'000'000, &options.rows);
    command.number("--dim", "N", "of a vector (128)", 1, 2048, &options.dim);
    command.number("--k", "N", "hits of a search (10)", 1, 100, &options.k);
    command.number("--batch", "N", "searches, and rows, of a batch (16)", 2, 4096, &options.batch);
    command.number("--searches", "N", "of each way in a turn, one by one (200)", 1, 100'000,
                   &options.searches);
    command.number("--rounds", "N", "turns (15)", 1, 1000, &options.rounds);
    command.text("--paths", "FILE,...",
                 "also instructions by way, as vm-tests/cases/perf/baseline-KERNEL.json has them",
                 &options.paths);
    command.flag("--json", "one JSON document", &options.json);
}

// Fewer messages say little about a percentile.
constexpr uint64_t kMessagesMin = 20;
// What was inserted is taken back each time, which takes longer.
constexpr uint64_t kSearchesOfAnInsert = 4;

double middle_of_samples(std::vector<uint64_t>& samples) {
    return static_cast<double>(percentile(samples, 50));
}

template <typename Call>
Result<uint64_t> time_of(const Call& call) {
    const auto began = std::chrono::steady_clock::now();
    VEXFS_TRY_VOID(call());
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
    return static_cast<uint64_t>(took.count());
}

// What is sent: vectors out of a set, one message after the other, round and round.
class Messages {
  public:
    Messages(const Matrix& set, Answers truth) : set_(set), truth_(std::move(truth)) {}

    // The first query of that message.
    [[nodiscard]] size_t query(uint64_t message, uint32_t batch) const {
        return message * batch % (set_.rows - batch + 1);
    }
    [[nodiscard]] const float* vectors(size_t query) const {
        return reinterpret_cast<const float*>(set_.row(query));
    }
    // How many of the rows found are right ones.
    [[nodiscard]] uint64_t right(size_t query, const std::vector<uint32_t>& found) const {
        return static_cast<uint64_t>(std::ranges::count_if(found, [&](uint32_t row) {
            return std::ranges::find(truth_[query], row) != truth_[query].end();
        }));
    }
    [[nodiscard]] uint64_t wanted(size_t query) const { return truth_[query].size(); }

  private:
    const Matrix& set_;
    const Answers truth_;
};

void add_round(std::vector<uint64_t>& samples, uint32_t batch, WayFigures& figures) {
    uint64_t sum = 0;
    for (const uint64_t sample : samples)
        sum += sample;
    figures.throughput.push_back(1e9 * static_cast<double>(samples.size() * batch) /
                                 static_cast<double>(std::max<uint64_t>(sum, 1)));
    figures.latency.push_back(latency_of(samples));
}

// Sends a round of searches by that way. What one spent in the collection is asked for after each:
// the middle of many is then that of most searches, whatever else the machine did in between.
Status search_round(const WayIn& way, const Messages& messages, const TaskFigures& task,
                    uint64_t first, WayFigures& figures) {
    uint64_t index_before = VEXFS_TRY(index_ns(way.node));
    std::vector<uint64_t> all;
    std::vector<uint64_t> outside;
    Answers rows;
    uint64_t right = 0;
    uint64_t wanted = 0;
    for (uint64_t message = first; message < first + task.messages; ++message) {
        const size_t query = messages.query(message, task.batch);
        const uint64_t total_ns = VEXFS_TRY(
            time_of([&] { return way.search(messages.vectors(query), task.batch, rows); }));
        const uint64_t index_after = VEXFS_TRY(index_ns(way.node));
        all.push_back(total_ns);
        outside.push_back(total_ns - std::min(total_ns, index_after - index_before));
        index_before = index_after;
        for (size_t i = 0; i < rows.size(); ++i) {
            right += messages.right(query + i, rows[i]);
            wanted += messages.wanted(query + i);
        }
    }
    add_round(all, task.batch, figures);
    figures.outside_ns.push_back(middle_of_samples(outside));
    figures.outside_share.push_back(figures.outside_ns.back() /
                                    static_cast<double>(figures.latency.back().p50_ns));
    figures.recall.push_back(static_cast<double>(right) / static_cast<double>(wanted));
    return ok();
}

// Rows that were put are linked in the background, on the processors that the next put needs. They
// are taken back at once: else the fastest way would be done before that begins.
Status insert_round(const WayIn& way, const Messages& messages, const TaskFigures& task,
                    uint64_t first, WayFigures& figures) {
    std::vector<uint64_t> all;
    for (uint64_t message = first; message < first + task.messages; ++message) {
        const float* const vectors = messages.vectors(messages.query(message, task.batch));
        all.push_back(VEXFS_TRY(time_of([&] { return way.insert(vectors, task.batch); })));
        VEXFS_TRY_VOID(take_back(way.node));
    }
    add_round(all, task.batch, figures);
    return ok();
}

Result<Answers> exact_answers(vexfs_node* node, const Matrix& queries, uint32_t k) {
    Answers truth(queries.rows);
    for (size_t i = 0; i < queries.rows; ++i)
        VEXFS_TRY_VOID(search_exactly(node, queries.dim, k,
                                      reinterpret_cast<const float*>(queries.row(i)), truth[i]));
    return truth;
}

std::vector<TaskFigures> tasks_of(const FrontendsOptions& options) {
    const auto batch = static_cast<uint32_t>(options.batch);
    const auto some = [](uint64_t messages) {
        return std::max(messages, kMessagesMin);
    };
    const bool fits =
        fits_an_ioctl(static_cast<uint32_t>(options.dim), static_cast<uint32_t>(options.k), batch);
    const std::string limit =
        fits ? "" : "; too much for an ioctl: libvexfs takes a session instead";
    const std::string inserts = ", acknowledged before it is durable, nothing else under way";
    return {
        {"frontends.search", "one search, nothing else under way", 1, options.searches, {}},
        {"frontends.search",
         "a batch of searches in one message" + limit,
         batch,
         some(options.searches / batch),
         {}},
        {"frontends.insert",
         "one row appended" + inserts,
         1,
         some(options.searches / kSearchesOfAnInsert),
         {}},
        {"frontends.insert",
         "a batch of rows appended in one message" + inserts + limit,
         batch,
         some(options.searches / kSearchesOfAnInsert / batch),
         {}},
    };
}

// The first turn of each way warms up and does not count.
Status measure(const FrontendsOptions& options, const Volumes& volumes, const Matrix& queries,
               FrontendsReport& report) {
    const auto k = static_cast<uint32_t>(options.k);
    const std::vector<WayIn> ways = VEXFS_TRY(ways_of(volumes, queries.dim, k));
    const Messages messages(queries, VEXFS_TRY(exact_answers(volumes.local(), queries, k)));
    report.tasks = tasks_of(options);
    for (TaskFigures& task : report.tasks) {
        for (const WayIn& way : ways)
            task.ways.push_back({way.name, {}, {}, {}, {}, {}});
        for (uint64_t round = 0; round <= options.rounds; ++round) {
            for (size_t i = 0; i < ways.size(); ++i) {
                WayFigures warming;
                WayFigures& figures = round == 0 ? warming : task.ways[i];
                const uint64_t first = round * task.messages;
                VEXFS_TRY_VOID(task.benchmark == "frontends.search"
                                   ? search_round(ways[i], messages, task, first, figures)
                                   : insert_round(ways[i], messages, task, first, figures));
            }
        }
    }
    return ok();
}

Status run(const FrontendsOptions& options, FrontendsReport& report, std::string& explanation) {
    ClusteredShape shape;
    shape.rows = static_cast<uint32_t>(options.rows);
    shape.queries =
        static_cast<uint32_t>(std::max(options.batch, std::min<uint64_t>(options.searches, 1000)));
    shape.dim = static_cast<uint32_t>(options.dim);
    shape.latent_dim = std::min<uint32_t>(shape.latent_dim, shape.dim);
    shape.clusters = std::min<uint32_t>(shape.clusters, shape.rows);
    const VectorSet set = generate_clustered(shape);
    const auto volumes = VEXFS_TRY(Volumes::make(options.programs, set.base, explanation));
    return measure(options, *volumes, set.queries, report);
}

} // namespace

int run_frontends(std::span<const char* const> arguments) {
    FrontendsOptions options;
    Command command("frontends", "[options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    std::error_code unknown;
    if (options.programs.empty())
        options.programs = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
    FrontendsReport report;
    report.machine = this_machine();
    report.command = command_line(arguments);
    report.rows = options.rows;
    report.dim = options.dim;
    report.k = options.k;
    std::string explanation;
    std::optional<std::vector<Measurement>> paths = path_lengths(options.paths, explanation);
    if (!paths)
        return command.complain(explanation, 1);
    report.paths = std::move(*paths);
    const Status done = run(options, report, explanation);
    if (!done)
        return command.complain(explanation, done.error());
    return command.print(options.json ? json_of(results_of(report)) : text_of(report));
}

} // namespace vexfs
