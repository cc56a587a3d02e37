// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench compare`: the command line around compare().
//
// Threads: one thread.
#include <cstdio>
#include <vector>

#include "bench/cli/command.h"
#include "bench/compare/commands.h"
#include "bench/compare/compare.h"

namespace vexfs {
namespace {

constexpr const char* kSummary =
    "Holds two files of results beside each other. A figure changed if its median moved by more\n"
    "than the tolerance, the spans of its rounds do not overlap, and it is a time that moved\n"
    "further than that figure of 95 in 100 peers. Exit code 0: nothing of ours got worse; 1:\n"
    "something did, or the files have nothing in common; 2: wrong arguments.";

struct CompareOptions {
    Tolerance tolerance;
    bool all = false;
    bool ratios = false;
    bool strict = false;

    void bind(Options& options) {
        options.real("--tolerance", "PERCENT", "movement that is no change (5)", 0, 1000,
                     &tolerance.percent);
        options.real("--once", "PERCENT", "the same of times taken in a single round (30)", 0, 1000,
                     &tolerance.once_percent);
        options.real("--share", "S", "the same of shares such as recall, absolute (0.01)", 0, 1,
                     &tolerance.share);
        options.flag("--ratios", "only ratios to peers: for machines or hours that differ",
                     &ratios);
        options.flag("--strict", "do not allow for how far peers moved, nor for p99.9 and max",
                     &strict);
        options.flag("--all", "also print what did not change", &all);
    }
};

void describe(const char* name, const std::string& path, const ResultFile& file) {
    std::printf("%s %s: commit %s on %s, %s\n", name, path.c_str(), file.machine.commit.c_str(),
                file.machine.processor.c_str(), file.machine.kernel.c_str());
}

int compare_files(const Command& command, const CompareOptions& options, const std::string& first,
                  const std::string& second) {
    std::string complaint;
    const std::optional<ResultFile> before = read_results(first, complaint);
    const std::optional<ResultFile> after = before ? read_results(second, complaint) : std::nullopt;
    if (!after)
        return command.complain(complaint, 1);
    Tolerance tolerance = options.tolerance;
    tolerance.noise = !options.strict;
    Comparison comparison = compare(*before, *after, tolerance);
    if (options.ratios)
        std::erase_if(comparison.changes, [](const Change& change) { return change.unit != "x"; });
    if (comparison.changes.empty())
        return command.complain(first + " and " + second + " have no figure in common", 1);
    describe("A", first, *before);
    describe("B", second, *after);
    std::fputs(text_of(comparison, options.all).c_str(), stdout);
    if (std::fflush(stdout) != 0)
        return command.complain("the comparison could not be written", 1);
    return comparison.count(Verdict::kWorse) == 0 ? 0 : 1;
}

} // namespace

int run_compare(std::span<const char* const> arguments) {
    CompareOptions options;
    Command command("compare", "A.json B.json [options]", kSummary);
    options.bind(command);
    const std::span<const char* const> words = arguments.subspan(2);
    size_t files = 0;
    while (files < words.size() && words[files][0] != '-')
        ++files;
    if (const auto ended = command.begin(words.subspan(files)))
        return *ended;
    if (files != 2)
        return command.complain("two files of results are wanted, before the options", 2);
    return compare_files(command, options, words[0], words[1]);
}

} // namespace vexfs
