// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench instructions`: its options, and the gate.
//
// Threads: one thread.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/cli/command.h"
#include "bench/instructions/callgrind.h"
#include "bench/instructions/cases.h"
#include "bench/instructions/commands.h"
#include "bench/instructions/gate.h"

namespace vexfs {
namespace {

constexpr const char* kSummary =
    "Counts the instructions of small fixed pieces of work under valgrind's callgrind, which "
    "knows\n"
    "no AVX-512: what is counted is the AVX2 path. A busy machine does not change the counts.";

struct InstructionOptions {
    std::string against;
    std::string from;
    double percent = 5;
    bool run = false;
    bool json = false;

    void bind(Options& options) {
        options.text("--against", "FILE", "recorded counts; exit code 1 if one grew", &against);
        options.real("--percent", "P", "how much it may grow (5)", 0, 1000, &percent);
        options.text("--from", "FILE", "counts of an earlier run instead of counting now", &from);
        options.flag("--run", "do the work without counting: what valgrind is given", &run);
        options.flag("--json", "report as JSON", &json);
    }
};

// Valgrind hides AVX-512 and the environment everything above AVX2; threads of libraries would
// count, or not, as they are scheduled.
void fix_environment() {
    for (const auto& [name, value] :
         {std::pair("VEXFS_ISA", "avx2"), std::pair("OPENBLAS_NUM_THREADS", "1"),
          std::pair("OMP_NUM_THREADS", "1")})
        ::setenv(name, value, 1); // NOLINT(concurrency-mt-unsafe): no thread
}

int count(const Command& command, ResultFile& file, std::string line) {
    fix_environment();
    std::error_code error;
    const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
    if (error)
        return command.complain("/proc/self/exe: " + error.message(), 1);
    Result<std::vector<uint64_t>> counts =
        count_instructions(program, {"instructions", "--run"}, all_cases().size());
    if (!counts)
        return command.complain("callgrind", counts.error());
    file.machine = this_machine();
    file.runs = {{std::move(line), "callgrind, AVX2, one thread", instruction_results(*counts)}};
    return 0;
}

std::string table(const std::vector<Measurement>& all) {
    std::string text;
    for (const Measurement& one : all) {
        char line[200];
        std::snprintf(line, sizeof line, "%-16s %12.0f  %s\n", one.text_of("case").c_str(),
                      one.figure("instructions")->median(), one.description.c_str());
        text += line;
    }
    return text;
}

int report(const Command& command, const InstructionOptions& options, const ResultFile& file) {
    const std::vector<Measurement>& measured = file.runs[0].measurements;
    if (options.against.empty())
        return command.print(options.json ? json_of(file) : table(measured));
    std::string complaint;
    const std::optional<ResultFile> recorded = read_results(options.against, complaint);
    if (!recorded)
        return command.complain(complaint, 1);
    if (recorded->runs.size() != 1)
        return command.complain(options.against + ": is not of one run", 1);
    const GateVerdict verdict =
        hold_against(recorded->runs[0].measurements, measured, options.percent);
    std::string text = verdict.text;
    if (recorded->machine.compiler != file.machine.compiler)
        text += "recorded with compiler " + recorded->machine.compiler + ", counted with " +
                file.machine.compiler + "\n";
    const int printed = command.print(text);
    return verdict.passed ? printed : 1;
}

} // namespace

int run_instructions(std::span<const char* const> arguments) {
    InstructionOptions options;
    Command command("instructions", "[options]", kSummary);
    options.bind(command);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    if (options.run)
        return run_all_cases() ? 0 : 1;
    ResultFile file;
    if (options.from.empty()) {
        if (const int failed = count(command, file, command_line(arguments)); failed != 0)
            return failed;
    } else {
        std::string complaint;
        std::optional<ResultFile> read = read_results(options.from, complaint);
        if (!read || read->runs.size() != 1)
            return command.complain(read ? options.from + ": is not of one run" : complaint, 1);
        file = std::move(*read);
    }
    return report(command, options, file);
}

} // namespace vexfs
