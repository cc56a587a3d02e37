// SPDX-License-Identifier: Apache-2.0
//
// Scripts that complete vexctl's command line, made of the table of subcommands.
//
// The table's texts hold no quote, colon or bracket, so that no shell needs them escaped.
#include <cstdio>

#include "userlib/tools/vexctl/command.h"

namespace vexfs {

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

std::string options_of(const Command& command) {
    std::vector<std::string> words;
    for (const Option& option : command.options) {
        words.push_back(std::string("-") + option.letter);
        words.push_back(std::string("--") + option.name);
    }
    return joined(words);
}

std::string bash_script() {
    std::string text = "# bash completion of vexctl\n"
                       "_vexctl() {\n"
                       "    local word=${COMP_WORDS[COMP_CWORD]}\n"
                       "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                       "        COMPREPLY=($(compgen -W '" +
                       joined(words_of(Operand::kCommand)) +
                       "' -- \"$word\"))\n"
                       "        return\n"
                       "    fi\n"
                       "    case ${COMP_WORDS[1]}/$word in\n";
    for (const Command& command : commands()) {
        text += std::string("    ") + command.name + "/-*) COMPREPLY=($(compgen -W '" +
                options_of(command) + "' -- \"$word\")) ;;\n";
        if (command.operand == Operand::kPath)
            text += std::string("    ") + command.name +
                    "/*) compopt -o filenames 2>/dev/null\n"
                    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n";
        else
            text += std::string("    ") + command.name + "/*) COMPREPLY=($(compgen -W '" +
                    joined(words_of(command.operand)) + "' -- \"$word\")) ;;\n";
    }
    return text + "    esac\n"
                  "}\n"
                  "complete -F _vexctl vexctl\n";
}

std::string zsh_script() {
    std::string text = "#compdef vexctl\n"
                       "_vexctl() {\n"
                       "    local -a subcommands\n"
                       "    subcommands=(\n";
    for (const Command& command : commands())
        text += std::string("        '") + command.name + ":" + command.summary + "'\n";
    text += "    )\n"
            "    if (( CURRENT == 2 )); then\n"
            "        _describe subcommand subcommands\n"
            "        return\n"
            "    fi\n"
            "    local subcommand=$words[2]\n"
            "    shift words\n"
            "    (( CURRENT-- ))\n"
            "    case $subcommand in\n";
    for (const Command& command : commands()) {
        text += std::string("    ") + command.name + ") _arguments -s";
        for (const Option& option : command.options)
            for (const std::string& form :
                 {std::string("-") + option.letter, std::string("--") + option.name})
                text += " '" + form + "[" + option.help + "]'";
        text += command.operand == Operand::kPath
                    ? " ':path:_files' ;;\n"
                    : " ':operand:(" + joined(words_of(command.operand)) + ")' ;;\n";
    }
    return text + "    esac\n"
                  "}\n"
                  "if [ \"$funcstack[1]\" = _vexctl ]; then _vexctl \"$@\"; "
                  "else compdef _vexctl vexctl; fi\n";
}

std::string fish_script() {
    std::string text = "# fish completion of vexctl\n"
                       "complete -c vexctl -f\n";
    for (const Command& command : commands()) {
        text += std::string("complete -c vexctl -n __fish_use_subcommand -a ") + command.name +
                " -d '" + command.summary + "'\n";
        const std::string there =
            std::string("complete -c vexctl -n '__fish_seen_subcommand_from ") + command.name + "'";
        for (const Option& option : command.options)
            text += there + " -s " + option.letter + " -l " + option.name + " -d '" + option.help +
                    "'\n";
        if (command.operand == Operand::kPath)
            text += there + " -F\n";
        else
            text += there + " -a '" + joined(words_of(command.operand)) + "'\n";
    }
    return text;
}

} // namespace

int run_completion(const Invocation& invocation) {
    const std::string text = invocation.operand == "bash"  ? bash_script()
                             : invocation.operand == "zsh" ? zsh_script()
                                                           : fish_script();
    std::fputs(text.c_str(), stdout);
    return 0;
}

} // namespace vexfs
