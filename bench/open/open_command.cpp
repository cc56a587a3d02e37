// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench open`: how long it takes until a collection answers, after a clean stop and a kill.
//
// Threads: one thread.
#include <cstdio>
#include <filesystem>

#include "bench/cli/command.h"
#include "bench/open/commands.h"
#include "bench/open/open_report.h"
#include "userlib/device/scratch_file.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Makes a collection in an image file, links all of it, and opens it again and again, each "
    "time\n"
    "in a process of its own: after a clean stop, and after SIGKILL in the middle of puts that\n"
    "write rows anew and sync. Full speed is reached with the first 50 searches of which the\n"
    "middle one takes at most a quarter longer than in the end.";

void bind(Options& command, OpenOptions& options) {
    command.text("--programs", "DIR", "of mkfs.vexfs (beside this program)", &options.programs);
    command.number("--rows", "N", "in the collection (100000)", 1000, 10'000'000, &options.rows);
    command.number("--dim", "N", "of a vector (128)", 1, 2048, &options.dim);
    command.number("--rows-a-file", "N", "(1000)", 1, 100'000, &options.rows_a_file);
    command.number("--rounds", "N", "opens after each kind of stop (3)", 1, 100, &options.rounds);
    command.number("--memory", "MIB", "of the volume (512)", 64, 65'536, &options.memory_mib);
    command.text("--folder", "DIR", "that keeps the image; one that is there is not made again",
                 &options.folder);
    command.flag("--json", "one JSON document", &options.json);
}

Status run(OpenBenchReport& report, std::string& explanation) {
    const ScratchDirectory scratch;
    OpenRun run(report.options,
                report.options.folder.empty() ? scratch.path() : report.options.folder);
    if (!run.is_filled())
        report.fill = VEXFS_TRY(run.fill(explanation));
    for (uint64_t round = 0; round < report.options.rounds; ++round) {
        report.clean.push_back(VEXFS_TRY(run.open()));
        VEXFS_TRY_VOID(run.kill());
        report.killed.push_back(VEXFS_TRY(run.open()));
    }
    return ok();
}

} // namespace

int run_open(std::span<const char* const> arguments) {
    OpenBenchReport report;
    Command command("open", "[options]", kSummary);
    bind(command, report.options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    std::error_code unknown;
    if (report.options.programs.empty())
        report.options.programs =
            std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
    report.machine = this_machine();
    report.command = command_line(arguments);
    std::string explanation;
    const Status done = run(report, explanation);
    if (!done)
        return command.complain(explanation, done.error());
    return command.print(report.options.json ? json_of(results_of(report)) : text_of(report));
}

} // namespace vexfs
