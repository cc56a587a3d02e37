// SPDX-License-Identifier: Apache-2.0
//
// The table of subcommands. Help, completion and the parser are made of it, so that none of them
// knows an option that the others do not.
//
// Threads: immutable.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace vexfs {

// Options without a value; every subcommand has --help.
struct Option {
    char letter;
    const char* name;
    const char* help;
};

enum class Operand { kNone, kPath, kCommand, kShell };

struct Invocation;

struct Command {
    const char* name;
    const char* summary; // plain words: shells show it
    Operand operand;
    bool operand_needed;
    std::span<const Option> options;
    const char* details; // paragraphs for --help
    int (*run)(const Invocation& invocation);
};

// A command line that was understood.
struct Invocation {
    const Command* command = nullptr;
    std::string operand; // empty: none was given
    bool json = false;
    bool tabs = false;
    bool help = false;
};

std::span<const Command> commands();
const Command* find_command(std::string_view name);
// What an operand may be, for those that name a thing of ours; empty for paths.
std::vector<std::string> words_of(Operand operand);
const char* name_of(Operand operand); // "PATH"

// `vexctl status [-j] [PATH]`
std::string usage_line(const Command& command);
// Everything that --help says.
std::string help_text(const Command& command);
std::string help_text(); // of vexctl

// `words`: those after vexctl. EINVAL with a sentence; what was understood until then is kept.
Status parse_invocation(std::span<const std::string> words, Invocation& invocation,
                        std::string& explanation);

int run_status(const Invocation& invocation);
int run_usage(const Invocation& invocation);
int run_version(const Invocation& invocation);
int run_help(const Invocation& invocation);
int run_completion(const Invocation& invocation);

} // namespace vexfs
