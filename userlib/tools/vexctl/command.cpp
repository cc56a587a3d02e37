// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/command.h"

#include <algorithm>
#include <array>

namespace vexfs {

namespace {

constexpr Option kJson{'j', "json", "print one JSON document"};
constexpr Option kTabs{'H', "tabs", "print names and exact numbers with a tab between them"};
constexpr Option kHelp{'h', "help", "print this and end"};

constexpr std::array kDocumentOptions{kJson, kHelp};
constexpr std::array kTableOptions{kJson, kTabs, kHelp};
constexpr std::array kTextOptions{kHelp};

constexpr std::array<Command, 5> kCommands{{
    {"status", "how the volume is doing", Operand::kPath, false, kDocumentOptions,
     "Who the volume is, what serves it and for how long, what it holds, what waits to be\n"
     "written, what damage was met, and what is asked of it: rates are averages since the engine\n"
     "started, in which half of the requests took no longer than p50 and 99 of 100 no longer\n"
     "than p99. Configuration and jobs are shown to root.\n"
     "\n"
     "Exit status 7 says that damage was met, 1 that the engine stopped writing.\n",
     run_status},
    {"usage", "where the space goes", Operand::kPath, false, kTableOptions,
     "Where the bytes of the device are, as far as the engine counts them: the sum of the "
     "indented\n"
     "lines is the line above them.\n",
     run_usage},
    {"version", "versions of program, library and engine", Operand::kPath, false, kDocumentOptions,
     "The versions of vexctl and libvexfs; with a path, those of the engine behind it too.\n",
     run_version},
    {"help", "this list, or what one subcommand does", Operand::kCommand, false, kTextOptions, "",
     run_help},
    {"completion", "completion for a shell", Operand::kShell, true, kTextOptions,
     "Prints a script for the shell. For this session of bash:\n"
     "\n"
     "    source <(vexctl completion bash)\n",
     run_completion},
}};

Error refuse(std::string sentence, std::string& explanation) {
    explanation = std::move(sentence);
    return fail(Code::kEINVAL, "vexctl: command line");
}

std::string letters_of(const Command& command) {
    std::string text;
    for (const Option& option : command.options)
        if (option.letter != 'h')
            text += std::string(" [-") + option.letter + "]";
    return text;
}

const Option* find_option(const Command& command, std::string_view word) {
    const auto found =
        std::find_if(command.options.begin(), command.options.end(), [&](const Option& option) {
            return word.size() == 1 ? word[0] == option.letter : word == option.name;
        });
    return found == command.options.end() ? nullptr : &*found;
}

Status take_option(std::string_view word, Invocation& invocation, std::string& explanation) {
    const Option* const option = find_option(*invocation.command, word);
    if (option == nullptr)
        return refuse(std::string("option ") + (word.size() == 1 ? "-" : "--") + std::string(word) +
                          " is not known",
                      explanation);
    invocation.json |= option->letter == kJson.letter;
    invocation.tabs |= option->letter == kTabs.letter;
    invocation.help |= option->letter == kHelp.letter;
    return ok();
}

Status take_operand(const std::string& word, Invocation& invocation, std::string& explanation) {
    const Operand operand = invocation.command->operand;
    if (operand == Operand::kNone || !invocation.operand.empty())
        return refuse("'" + word + "' is one operand too many", explanation);
    if (word.empty())
        return refuse("an operand is empty", explanation);
    const std::vector<std::string> known = words_of(operand);
    if (!known.empty() && std::find(known.begin(), known.end(), word) == known.end()) {
        std::string list;
        for (const std::string& each : known)
            list += (list.empty() ? "" : ", ") + each;
        return refuse("'" + word + "' is none of: " + list, explanation);
    }
    invocation.operand = word;
    return ok();
}

} // namespace

std::span<const Command> commands() {
    return kCommands;
}

const Command* find_command(std::string_view name) {
    const auto* const found = std::find_if(kCommands.begin(), kCommands.end(),
                                           [&](const Command& each) { return each.name == name; });
    return found == kCommands.end() ? nullptr : found;
}

std::vector<std::string> words_of(Operand operand) {
    if (operand == Operand::kShell)
        return {"bash", "zsh", "fish"};
    std::vector<std::string> names;
    if (operand == Operand::kCommand)
        for (const Command& command : kCommands)
            names.emplace_back(command.name);
    return names;
}

const char* name_of(Operand operand) {
    switch (operand) {
    case Operand::kPath:
        return "PATH";
    case Operand::kCommand:
        return "COMMAND";
    case Operand::kShell:
        return "bash|zsh|fish";
    case Operand::kNone:
        break;
    }
    return "";
}

std::string usage_line(const Command& command) {
    std::string text = std::string("vexctl ") + command.name + letters_of(command);
    if (command.operand != Operand::kNone)
        text += std::string(command.operand_needed ? " " : " [") + name_of(command.operand) +
                (command.operand_needed ? "" : "]");
    return text;
}

std::string help_text(const Command& command) {
    std::string text = "usage: " + usage_line(command) + "\n\nPrints " + command.summary + ".\n";
    if (command.details[0] != '\0')
        text += std::string("\n") + command.details;
    text += "\n";
    for (const Option& option : command.options)
        text += std::string("  -") + option.letter + ", --" + option.name +
                std::string(8 - std::string_view(option.name).size(), ' ') + option.help + "\n";
    return text;
}

std::string help_text() {
    std::string text =
        "usage: vexctl COMMAND [OPTION...] [OPERAND]\n"
        "\n"
        "Looks at a mounted VexFS volume. PATH is any file or directory on it, and . "
        "if it is not given.\n"
        "\n";
    for (const Command& command : kCommands) {
        const std::string line = usage_line(command).substr(7); // without the program's name
        text += "  " + line + std::string(line.size() < 30 ? 30 - line.size() : 1, ' ') +
                command.summary + "\n";
    }
    return text + "\nvexctl help COMMAND says more; vexctl(8) has the exit statuses.\n";
}

Status parse_invocation(std::span<const std::string> words, Invocation& invocation,
                        std::string& explanation) {
    if (words.empty())
        return refuse("no subcommand is named", explanation);
    std::string name = words[0];
    if (name == "-h" || name == "--help")
        name = "help";
    if (name == "-V" || name == "--version")
        name = "version";
    invocation.command = find_command(name);
    if (invocation.command == nullptr)
        return refuse("'" + name + "' is no subcommand", explanation);
    bool options_end = false;
    for (const std::string& word : words.subspan(1)) {
        if (options_end || word.size() < 2 || word[0] != '-') {
            VEXFS_TRY_VOID(take_operand(word, invocation, explanation));
        } else if (word == "--") {
            options_end = true;
        } else if (word[1] == '-') {
            if (word.size() == 3)
                return refuse("option " + word + " is not known", explanation);
            VEXFS_TRY_VOID(take_option(std::string_view(word).substr(2), invocation, explanation));
        } else {
            for (size_t i = 1; i < word.size(); ++i)
                VEXFS_TRY_VOID(
                    take_option(std::string_view(word).substr(i, 1), invocation, explanation));
        }
    }
    if (invocation.command->operand_needed && invocation.operand.empty() && !invocation.help)
        return refuse(std::string(name_of(invocation.command->operand)) + " is missing",
                      explanation);
    return ok();
}

} // namespace vexfs
