// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench report`: the command line around html_of().
//
// Threads: one thread.
#include <cstdio>

#include "bench/cli/command.h"
#include "bench/report/commands.h"
#include "bench/report/page.h"

namespace vexfs {
namespace {

constexpr const char* kSummary =
    "Makes one page of a file of results: curves, latencies, memory, file systems, and a table of\n"
    "everything else. The page needs no network and no script.";

} // namespace

int run_report(std::span<const char* const> arguments) {
    std::string from;
    std::string to;
    Command command("report", "--from RESULTS.json --out REPORT.html", kSummary);
    command.text("--from", "FILE", "results, as every benchmark writes them with --json", &from);
    command.text("--out", "FILE", "the page; replaced if it is there", &to);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    if (from.empty() || to.empty())
        return command.complain(from.empty() ? "--from is missing" : "--out is missing", 2);
    std::string complaint;
    const std::optional<ResultFile> file = read_results(from, complaint);
    if (!file || !replace_file(to, html_of(*file), complaint))
        return command.complain(complaint, 1);
    return 0;
}

} // namespace vexfs
