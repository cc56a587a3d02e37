// SPDX-License-Identifier: Apache-2.0
//
// The table of subcommands. Help, completion and the parser are made of it, so that none of them
// knows an option that the others do not.
//
// Threads: immutable.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace vexfs {

// Every subcommand has --help.
struct Option {
    char letter; // '\0': it has a name only
    const char* name;
    const char* value; // nullptr: it takes none; "FILE": a path; "a|b": one of these; else a word
    const char* help;
};

enum class Kind { kPath, kText, kCommand, kShell, kAction };

struct Operand {
    const char* name; // "DIR"
    Kind kind;
    bool needed;
};

struct Invocation;

struct Command {
    const char* name;
    const char* summary; // plain words: shells show it
    std::span<const Operand> operands;
    std::span<const Option> options;
    const char* details; // paragraphs for --help
    int (*run)(const Invocation& invocation);
};

// A command line that was understood.
struct Invocation {
    const Command* command = nullptr;
    std::vector<std::string> operands;
    std::map<std::string, std::string, std::less<>> options; // by name; without a value: ""

    [[nodiscard]] bool has(std::string_view option) const { return options.contains(option); }
    // Its value; "" if it was not given.
    [[nodiscard]] std::string value(std::string_view option) const {
        const auto found = options.find(option);
        return found == options.end() ? "" : found->second;
    }
    // The operand, or what stands for one that was not given.
    [[nodiscard]] std::string operand(size_t i, const char* otherwise = "") const {
        return i < operands.size() ? operands[i] : otherwise;
    }
    [[nodiscard]] bool json() const { return has("json"); }
};

std::span<const Command> commands();
const Command* find_command(std::string_view name);
// What an operand may be, for those that name a thing of ours; empty for paths.
std::vector<std::string> words_of(const Operand& operand);
// Of an option "a|b"; empty for others.
std::vector<std::string> words_of(const Option& option);

// `vexctl status [-j] [PATH]`
std::string usage_line(const Command& command);
// Everything that --help says.
std::string help_text(const Command& command);
std::string help_text(); // of vexctl
// The command lines among its details.
std::vector<std::string> examples_of(const Command& command);

// `words`: those after vexctl. EINVAL with a sentence; what was understood until then is kept.
Status parse_invocation(std::span<const std::string> words, Invocation& invocation,
                        std::string& explanation);

int run_status(const Invocation& invocation);
int run_usage(const Invocation& invocation);
int run_version(const Invocation& invocation);
int run_help(const Invocation& invocation);
int run_manual(const Invocation& invocation);
int run_completion(const Invocation& invocation);
int run_create(const Invocation& invocation);
int run_show(const Invocation& invocation);
int run_list(const Invocation& invocation);
int run_put(const Invocation& invocation);
int run_get(const Invocation& invocation);
int run_rm(const Invocation& invocation);
int run_search(const Invocation& invocation);
int run_import(const Invocation& invocation);
int run_export(const Invocation& invocation);
int run_recall(const Invocation& invocation);
int run_stat(const Invocation& invocation);
int run_explain(const Invocation& invocation);
int run_set(const Invocation& invocation);
int run_compact(const Invocation& invocation);
int run_erase(const Invocation& invocation);
int run_jobs(const Invocation& invocation);
int run_metrics(const Invocation& invocation);
int run_pool(const Invocation& invocation);

} // namespace vexfs
