// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench ann`: the command line around AnnRun.
//
// Threads: one thread.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <unistd.h>

#include "bench/ann/ann_data.h"
#include "bench/ann/ann_options.h"
#include "bench/ann/ann_run.h"
#include "bench/ann/commands.h"
#include "bench/ann/report.h"
#include "bench/cli/command.h"
#include "bench/machine/machine.h"

namespace vexfs {
namespace {

constexpr const char* kSummary =
    "Builds our index and a peer's on the same rows, sweeps the search effort of both side by "
    "side\n"
    "on one pinned core, and prints queries per second at recall 0.95 and 0.99, latency, build "
    "time,\n"
    "memory and the ratios. Answers are judged by distances computed here, not by the indexes.";

Status run_modes(const AnnOptions& options, AnnRun& run, VectorSet& set,
                 const ExactDistance& distance, const Truth& truth) {
    if (options.churn_rounds == 0 && !options.small_sets)
        VEXFS_TRY_VOID(run.search(set, distance, truth));
    if (options.small_sets || options.quick) {
        VEXFS_TRY_VOID(run.small(set, 1'000));
        if (!options.quick)
            VEXFS_TRY_VOID(run.small(set, 10'000));
    }
    if (options.churn_rounds != 0 || options.quick)
        return run.churn(set, options.quick ? 3 : static_cast<uint32_t>(options.churn_rounds));
    return ok();
}

int measure(const Command& command, const AnnOptions& options, index::Isa isa,
            std::span<const char* const> arguments) {
    Report report;
    report.machine = this_machine();
    report.processor = static_cast<uint32_t>(options.processor);
    report.command = command_line(arguments);
    report.isa = index::name_of(isa);
    VectorSet set;
    std::string complaint;
    if (!load_set(options, set, report.data, complaint))
        return command.complain(complaint, 1);
    if (options.k > set.base.rows)
        return command.complain("--k: there are fewer rows than that", 1);
    const ExactDistance distance(options.metric_value(), set.base, set.queries);
    Truth truth;
    const bool whole = options.churn_rounds == 0 && !options.small_sets;
    if (whole && !load_truth(options, set, distance, truth, report.data, complaint))
        return command.complain(complaint, 1);
    if (!whole)
        report.data.truth = "computed";
    AnnRun run(options, isa, report);
    const Status done = run_modes(options, run, set, distance, truth);
    if (!done)
        return command.complain("run", done.error());
    return command.print(options.json ? json_of(results_of(report)) : text_of(report));
}

// For FAISS: a thread of it that spins at a barrier takes the processor from the one that it waits
// for, if somebody else has the other. OpenMP reads this once, when a program is loaded: the
// program starts itself anew. Who has set the variable has chosen.
void wait_asleep(const Command& command, std::span<const char* const> arguments) {
    constexpr const char* kPolicy = "OMP_WAIT_POLICY";
    if (std::getenv(kPolicy) != nullptr) // NOLINT(concurrency-mt-unsafe): no thread
        return;
    ::setenv(kPolicy, "passive", 1); // NOLINT(concurrency-mt-unsafe): no thread
    std::vector<char*> words;
    for (const char* const argument : arguments)
        words.push_back(const_cast<char*>(argument)); // execv() changes none of them
    words.push_back(nullptr);
    ::execv("/proc/self/exe", words.data());
    command.complain("/proc/self/exe cannot be run: FAISS's threads spin where they wait", 0);
}

} // namespace

int run_ann(std::span<const char* const> arguments) {
    AnnOptions options;
    Command command("ann", "--base FILE --query FILE [options]", kSummary);
    options.bind(command);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    if (const std::string wrong = options.complaint(); !wrong.empty())
        return command.complain(wrong, 2);
    if (options.with_faiss())
        wait_asleep(command, arguments);
    // Read once, where the kernels are chosen: it must stand before any of them is asked for.
    if (!options.isa.empty())
        ::setenv("VEXFS_ISA", options.isa.c_str(), 1); // NOLINT(concurrency-mt-unsafe): no thread
    const index::Isa isa = index::chosen_isa();
    if (!options.isa.empty() && options.isa != index::name_of(isa))
        return command.complain("--isa " + options.isa + ": this machine lacks it", 1);
    return measure(command, options, isa, arguments);
}

} // namespace vexfs
