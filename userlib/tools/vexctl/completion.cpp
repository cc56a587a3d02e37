// SPDX-License-Identifier: Apache-2.0
//
// Scripts that complete vexctl's command line, made of the table of subcommands.
//
// The table's texts hold no quote, colon or bracket, so that no shell needs them escaped.
#include <cstdio>

#include "userlib/tools/vexctl/command.h"

namespace vexfs {

namespace {

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : between) + word;
    return text;
}

// "-k", "--hits"
std::vector<std::string> forms_of(const Option& option) {
    std::vector<std::string> forms;
    if (option.letter != '\0')
        forms.push_back(std::string("-") + option.letter);
    forms.push_back(std::string("--") + option.name);
    return forms;
}

std::string options_of(const Command& command) {
    std::vector<std::string> words;
    for (const Option& option : command.options)
        for (const std::string& form : forms_of(option))
            words.push_back(form);
    return joined(words);
}

// What completes operands or values: words of ours, or files if there are none.
std::string bash_reply(const std::vector<std::string>& words) {
    return words.empty() ? "compopt -o filenames 2>/dev/null\n"
                           "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")"
                         : "COMPREPLY=($(compgen -W '" + joined(words) + "' -- \"$word\"))";
}

bool wants_file(const Option& option) {
    return option.value != nullptr && std::string_view(option.value) == "FILE";
}

std::string bash_script() {
    std::string text = "# bash completion of vexctl\n"
                       "_vexctl() {\n"
                       "    local word=${COMP_WORDS[COMP_CWORD]}\n"
                       "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                       "        " +
                       bash_reply(words_of(Operand{"COMMAND", Kind::kCommand, true})) +
                       "\n"
                       "        return\n"
                       "    fi\n"
                       "    case ${COMP_WORDS[1]}/${COMP_WORDS[COMP_CWORD-1]} in\n";
    for (const Command& command : commands())
        for (const Option& option : command.options)
            if (const auto words = words_of(option); wants_file(option) || !words.empty()) {
                std::vector<std::string> cases;
                for (const std::string& form : forms_of(option))
                    cases.push_back(command.name + ("/" + form));
                text += "    " + joined(cases, "|") + ") " + bash_reply(words) + "; return ;;\n";
            }
    text += "    esac\n"
            "    case ${COMP_WORDS[1]}/$word in\n";
    for (const Command& command : commands()) {
        text += std::string("    ") + command.name + "/-*) COMPREPLY=($(compgen -W '" +
                options_of(command) + "' -- \"$word\")) ;;\n";
        if (command.operands.empty())
            continue;
        const std::string first = bash_reply(words_of(command.operands[0]));
        text += std::string("    ") + command.name + "/*) ";
        // An action comes first, a path behind it.
        if (command.operands[0].kind == Kind::kAction)
            text += "if [ \"$COMP_CWORD\" -eq 2 ]; then " + first + "; else " + bash_reply({}) +
                    "; fi ;;\n";
        else
            text += first + " ;;\n";
    }
    return text + "    esac\n"
                  "}\n"
                  "complete -F _vexctl vexctl\n";
}

std::string zsh_value(const Option& option) {
    if (option.value == nullptr)
        return "";
    const std::vector<std::string> words = words_of(option);
    return wants_file(option) ? ":file:_files"
           : !words.empty()   ? ":" + std::string(option.name) + ":(" + joined(words) + ")"
                              : ":" + std::string(option.name) + ": ";
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
            for (const std::string& form : forms_of(option))
                text += " '" + form + "[" + option.help + "]" + zsh_value(option) + "'";
        for (const Operand& operand : command.operands)
            text += operand.kind == Kind::kPath ? std::string(" ':path:_files'")
                    : operand.kind == Kind::kText
                        ? std::string(" ':value: '")
                        : " ':operand:(" + joined(words_of(operand)) + ")'";
        text += " ;;\n";
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
        for (const Option& option : command.options) {
            text += there;
            if (option.letter != '\0')
                text += std::string(" -s ") + option.letter;
            text += std::string(" -l ") + option.name;
            if (wants_file(option))
                text += " -r -F";
            else if (const auto words = words_of(option); !words.empty())
                text += " -x -a '" + joined(words) + "'";
            else if (option.value != nullptr)
                text += " -x";
            text += std::string(" -d '") + option.help + "'\n";
        }
        if (command.operands.empty())
            continue;
        if (command.operands[0].kind == Kind::kPath)
            text += there + " -F\n";
        else
            text += there + " -a '" + joined(words_of(command.operands[0])) + "'\n";
        if (command.operands[0].kind == Kind::kAction)
            text += there + " -F\n";
    }
    return text;
}

} // namespace

int run_completion(const Invocation& invocation) {
    const std::string shell = invocation.operand(0);
    const std::string text = shell == "bash"  ? bash_script()
                             : shell == "zsh" ? zsh_script()
                                              : fish_script();
    std::fputs(text.c_str(), stdout);
    return 0;
}

} // namespace vexfs
