// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench report`: the command line around html_of().
//
// Threads: one thread.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "bench/cli/command.h"
#include "bench/report/commands.h"
#include "bench/report/page.h"
#include "bench/report/readme.h"

namespace vexfs {
namespace {

constexpr const char* kSummary =
    "Makes one page of a file of results: curves, latencies, memory, front ends, file systems,\n"
    "what the tests tried, and a table of everything else. The page needs no network and no\n"
    "script. --readme puts a short table between the marks of a Markdown file, --picture writes\n"
    "the picture that stands above it.";

struct ReportOptions {
    std::string from;
    std::string out;
    std::string readme;
    std::string picture;
};

bool write_readme(const ResultFile& results, const std::string& path, std::string& complaint) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    if (!(text << stream.rdbuf())) {
        complaint = path + ": cannot be read";
        return false;
    }
    const auto changed = with_figures(text.str(), readme_table(results));
    if (!changed) {
        complaint = path + ": has no marks for the figures to stand between";
        return false;
    }
    return replace_file(path, *changed, complaint);
}

bool write_picture(const ResultFile& results, const std::string& path, std::string& complaint) {
    const auto picture = readme_picture(results);
    if (!picture) {
        complaint = path + ": no curve with peers is among the results";
        return false;
    }
    return replace_file(path, *picture, complaint);
}

} // namespace

int run_report(std::span<const char* const> arguments) {
    ReportOptions options;
    Command command("report", "--from RESULTS.json --out REPORT.html", kSummary);
    command.text("--from", "FILE", "results, as every benchmark writes them with --json",
                 &options.from);
    command.text("--out", "FILE", "the page; replaced if it is there", &options.out);
    command.text("--readme", "FILE.md", "the file that gets the table", &options.readme);
    command.text("--picture", "FILE.svg", "the picture", &options.picture);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    if (options.from.empty())
        return command.complain("--from is missing", 2);
    if (options.out.empty() && options.readme.empty() && options.picture.empty())
        return command.complain("--out is missing", 2);
    std::string complaint;
    const std::optional<ResultFile> file = read_results(options.from, complaint);
    if (!file)
        return command.complain(complaint, 1);
    if ((!options.out.empty() && !replace_file(options.out, html_of(*file), complaint)) ||
        (!options.readme.empty() && !write_readme(*file, options.readme, complaint)) ||
        (!options.picture.empty() && !write_picture(*file, options.picture, complaint)))
        return command.complain(complaint, 1);
    return 0;
}

} // namespace vexfs
