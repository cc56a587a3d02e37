// SPDX-License-Identifier: Apache-2.0
//
// The manual page of a subcommand, made of what --help says.
//
// In the details of the table a line of four blanks is an example; the rest are paragraphs.
#include <algorithm>
#include <cctype>
#include <cstdio>

#include "userlib/tools/vexctl/command.h"

namespace vexfs {

namespace {

constexpr std::string_view kExample = "    ";

std::string escaped(std::string_view text) {
    std::string roff;
    for (const char each : text)
        roff += each == '\\'  ? std::string("\\e")
                : each == '-' ? std::string("\\-")
                              : std::string(1, each);
    // A line that begins so would be a request.
    return roff.starts_with('.') || roff.starts_with('\'') ? "\\&" + roff : roff;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string description_of(const Command& command) {
    std::string roff;
    bool apart = false;
    for (const std::string& line : lines_of(command.details)) {
        if (line.starts_with(kExample))
            continue;
        apart = apart || line.empty();
        if (line.empty())
            continue;
        roff += (apart && !roff.empty() ? ".PP\n" : "") + escaped(line) + "\n";
        apart = false;
    }
    return roff.empty() ? escaped(command.summary) + ".\n" : roff;
}

std::string options_of(const Command& command) {
    std::string roff;
    for (const Option& option : command.options) {
        roff += ".TP\n.B ";
        if (option.letter != '\0')
            roff += std::string("\\-") + option.letter + ", ";
        roff += "\\-\\-" + escaped(option.name);
        if (option.value != nullptr)
            roff += " " + escaped(option.value);
        std::string help = option.help;
        help[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(help[0])));
        roff += "\n" + escaped(help) + ".\n";
    }
    return roff;
}

std::string name_of_page(const std::string& command) {
    std::string title = "VEXCTL\\-";
    for (const char each : command)
        title += static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
    return title;
}

std::string manual_of(const Command& command) {
    const std::string name = std::string("vexctl-") + command.name;
    std::string roff =
        ".\\\" SPDX-License-Identifier: Apache-2.0\n.TH " + name_of_page(command.name) +
        " 8 \"\" VexFS \"System administration\"\n.SH NAME\n" + escaped(name) + " \\- " +
        escaped(command.summary) + "\n.SH SYNOPSIS\n.B " + escaped(usage_line(command)) +
        "\n.SH DESCRIPTION\n" + description_of(command) + ".SH OPTIONS\n" + options_of(command) +
        ".SH EXIT STATUS\n0 if it is done; the others stand in\n"
        ".BR vexctl (8).\n";
    if (const auto examples = examples_of(command); !examples.empty()) {
        roff += ".SH EXAMPLES\n.EX\n";
        for (const std::string& line : examples)
            roff += escaped(line) + "\n";
        roff += ".EE\n";
    }
    return roff + ".SH SEE ALSO\n.BR vexctl (8),\n.BR vexfs (3)\n";
}

} // namespace

std::vector<std::string> examples_of(const Command& command) {
    std::vector<std::string> examples;
    for (const std::string& line : lines_of(command.details))
        if (line.starts_with(kExample))
            examples.push_back(line.substr(kExample.size()));
    return examples;
}

int run_manual(const Invocation& invocation) {
    const Command& command = *find_command(invocation.operand(0));
    if (!invocation.has("examples")) {
        std::fputs(manual_of(command).c_str(), stdout);
        return 0;
    }
    for (const std::string& example : examples_of(command))
        std::printf("%s\n", example.c_str());
    return 0;
}

} // namespace vexfs
