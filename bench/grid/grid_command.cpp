// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench grid`: the command line around GridRunner.
//
// Threads: one thread.
#include <chrono>
#include <cstdio>
#include <thread>

#include "bench/cli/command.h"
#include "bench/grid/commands.h"
#include "bench/grid/plan.h"
#include "bench/grid/runner.h"
#include "bench/result/passes.h"

namespace vexfs {
namespace {

constexpr const char* kSummary =
    "Measures the index against its peers over a grid of generated sets, rows by dimensions by\n"
    "filters, and over the sets of a folder, and writes OUT/results.json. A cell that this build\n"
    "has measured is not measured again, so a grid that was interrupted goes on.";

struct GridOptions {
    bool quick = false;
    bool full = false;
    std::string out = "bench/out";
    std::string data;
    std::string with;
    GridPlan changed; // where an option changes the plan
    uint64_t threads = std::max(1U, std::thread::hardware_concurrency());

    void bind(Options& options) {
        options.flag("--quick", "up to 10,000 rows; minutes (what is run by default)", &quick);
        options.flag("--full", "up to 1,000,000 rows; hours", &full);
        options.text("--out", "DIR", "where results, sets and cells are (bench/out)", &out);
        options.text(
            "--data", "DIR",
            "also measure the sets in there: X.base.fbin with\n"
            "                            X.query.fbin, base.fbin with query.fbin, or the idx\n"
            "                            files of the MNIST family",
            &data);
        options.text("--with", "FILE,...", "results to put beside the grid's, of the same commit",
                     &with);
        options.numbers("--rows", "N,N,...", "rows instead of the plan's", 1, 1'000'000'000,
                        &changed.rows);
        options.numbers("--dims", "N,N,...", "dimensions instead of the plan's", 1, 4096,
                        &changed.dims);
        options.reals("--filter", "P,P,...", "percent of rows allowed, instead of the plan's",
                      0.001, 100, &changed.filter_percents);
        options.number("--queries", "N", "queries of a generated set", 1, 1'000'000,
                       &changed.queries);
        options.number("--rounds", "N", "timed rounds", 1, 1000, &changed.rounds);
        options.number("--passes", "N", "measure all cells so many times (quick 4, full 1)", 1, 100,
                       &changed.passes);
        options.number("--values", "N", "rows x dimensions that a cell may have", 1, UINT64_MAX,
                       &changed.values_max);
        options.number("--peer-values", "N", "the same where there are peers; beyond, ours only", 1,
                       UINT64_MAX, &changed.peer_values_max);
        options.numbers("--clients", "N,N,...",
                        "threads that search at once, instead of the plan's", 1, 256,
                        &changed.clients);
        options.text("--external", "FILE,...", "adapters of other indexes, as of ann",
                     &changed.external);
        options.real("--minutes", "N", "begin no cell after that; 0: no end (quick 12, full 130)",
                     0, 100'000, &changed.minutes);
        options.number("--threads", "N", "threads that build (all)", 1, 256, &threads);
        options.choice("--peer", "measured beside ours (all)",
                       {"hnswlib", "faiss", "faiss-sq8", "faiss-ivfpq", "all", "none"},
                       &changed.peer);
    }
    [[nodiscard]] GridPlan plan(const Options& options) const {
        GridPlan plan = full ? GridPlan::full() : GridPlan::quick();
        plan.threads = threads;
        plan.peer = changed.peer;
        plan.external = changed.external;
        if (options.given("--rows"))
            plan.rows = changed.rows;
        if (options.given("--dims"))
            plan.dims = changed.dims;
        if (options.given("--filter"))
            plan.filter_percents = changed.filter_percents;
        if (options.given("--queries"))
            plan.queries = changed.queries;
        if (options.given("--rounds"))
            plan.rounds = changed.rounds;
        if (options.given("--passes"))
            plan.passes = changed.passes;
        if (options.given("--clients"))
            plan.clients = changed.clients;
        if (options.given("--peer-values"))
            plan.peer_values_max = changed.peer_values_max;
        if (options.given("--minutes"))
            plan.minutes = changed.minutes;
        if (options.given("--values"))
            plan.values_max = changed.values_max;
        return plan;
    }
};

// Adds the runs of the files; false with a complaint if one is of another commit or no result.
bool add_files(const std::string& paths, ResultFile& whole, std::string& complaint) {
    for (size_t at = 0; at < paths.size();) {
        const size_t end = std::min(paths.find(',', at), paths.size());
        const std::string path = paths.substr(at, end - at);
        std::optional<ResultFile> file = read_results(path, complaint);
        if (!file)
            return false;
        if (file->machine.commit != whole.machine.commit) {
            complaint =
                path + ": is of commit " + file->machine.commit + ", not " + whole.machine.commit;
            return false;
        }
        for (BenchRun& run : file->runs)
            whole.runs.push_back(std::move(run));
        at = end + 1;
    }
    return true;
}

// Takes what is kept of a cell, or measures it while there is time.
// Threads: one thread.
class GridWork {
  public:
    GridWork(const Command& command, GridRunner& runner, double minutes)
        : command_(command), runner_(runner), minutes_(minutes) {}

    void take(const GridCell& cell, std::vector<BenchRun>& runs) {
        std::optional<ResultFile> found = runner_.kept(cell);
        const double before = minutes();
        if (found) {
            std::fprintf(stderr, "   measured before with this build\n");
        } else if (minutes_ > 0 && before >= minutes_) {
            std::fprintf(stderr, "   LEFT: %g minutes are over\n", minutes_);
            ++left_;
            return;
        } else {
            std::string complaint;
            found = runner_.run(cell, complaint);
            std::fprintf(stderr, "   %.1f s\n", (minutes() - before) * 60);
            if (!found) {
                command_.complain("FAILED: " + complaint, 1);
                ++failed_;
                return;
            }
        }
        for (BenchRun& run : found->runs)
            runs.push_back(std::move(run));
    }
    [[nodiscard]] size_t failed() const { return failed_; }
    [[nodiscard]] size_t left() const { return left_; }

  private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] double minutes() const {
        return std::chrono::duration<double>(Clock::now() - start_).count() / 60;
    }

    const Command& command_;
    GridRunner& runner_;
    const double minutes_;
    const Clock::time_point start_ = Clock::now();
    size_t failed_ = 0;
    size_t left_ = 0;
};

int measure(const Command& command, const GridOptions& options, const GridPlan& plan,
            const char* program) {
    std::string complaint;
    std::vector<GridSet> sets;
    if (!options.data.empty() && (sets = sets_in(options.data)).empty())
        return command.complain("--data " + options.data + ": no set is there", 1);
    GridRunner runner(options.out, program);
    ResultFile whole{this_machine(), {}};
    if (!runner.prepare(complaint) || !add_files(options.with, whole, complaint))
        return command.complain(complaint, 1);
    std::vector<std::string> left_out;
    const std::vector<GridCell> cells = cells_of(plan, sets, left_out);
    for (const std::string& line : left_out)
        command.complain("left out: " + line, 0);
    GridWork work(command, runner, plan.minutes);
    std::vector<std::vector<BenchRun>> runs(cells.size());
    for (uint64_t pass = 0; pass < plan.passes; ++pass) {
        for (size_t i = 0; i < cells.size(); ++i) {
            const GridCell cell = in_pass(cells[i], pass);
            std::fprintf(stderr, "== cell %zu of %zu: %s\n", pass * cells.size() + i + 1,
                         plan.passes * cells.size(), cell.name.c_str());
            work.take(cell, runs[i]);
        }
    }
    for (std::vector<BenchRun>& of_cell : runs)
        if (!of_cell.empty())
            whole.runs.push_back(joined(std::move(of_cell)));
    const std::string path = options.out + "/results.json";
    if (!replace_file(path, json_of(whole), complaint))
        return command.complain(complaint, 1);
    std::fprintf(stderr, "== %zu of %zu cells are in %s\n",
                 plan.passes * cells.size() - work.failed() - work.left(),
                 plan.passes * cells.size(), path.c_str());
    if (work.left() > 0)
        std::fprintf(stderr, "== %zu cells are left for the next run of the same command\n",
                     work.left());
    return work.failed() == 0 ? 0 : 1;
}

} // namespace

int run_grid(std::span<const char* const> arguments) {
    GridOptions options;
    Command command("grid", "[--quick|--full] [options]", kSummary);
    options.bind(command);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    if (options.quick && options.full)
        return command.complain("--quick and --full are one or the other", 2);
    return measure(command, options, options.plan(command), arguments[0]);
}

} // namespace vexfs
