// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/command.h"

#include <algorithm>

namespace vexfs {

namespace {

constexpr size_t kHelpColumn = 26;

Error refuse(std::string sentence, std::string& explanation) {
    explanation = std::move(sentence);
    return fail(Code::kEINVAL, "vexctl: command line");
}

// "-k N", "--ef N"
std::string form_of(const Option& option) {
    std::string text =
        option.letter != '\0' ? std::string("-") + option.letter : std::string("--") + option.name;
    return option.value == nullptr ? text : text + " " + option.value;
}

const Option* find_option(const Command& command, std::string_view word) {
    const auto found =
        std::find_if(command.options.begin(), command.options.end(), [&](const Option& option) {
            return word.size() == 1 ? word[0] == option.letter : word == option.name;
        });
    return found == command.options.end() ? nullptr : &*found;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& each : words)
        text += (text.empty() ? "" : ", ") + each;
    return text;
}

Status check_word(const std::string& word, const std::vector<std::string>& known,
                  std::string& explanation) {
    if (known.empty() || std::find(known.begin(), known.end(), word) != known.end())
        return ok();
    return refuse("'" + word + "' is none of: " + joined(known), explanation);
}

// Walks along the words of a command line.
class Parser {
  public:
    Parser(std::span<const std::string> words, Invocation& invocation, std::string& explanation)
        : words_(words), invocation_(invocation), explanation_(explanation) {}

    Status parse() {
        bool options_end = false;
        for (; at_ < words_.size(); ++at_) {
            const std::string& word = words_[at_];
            if (options_end || word.size() < 2 || word[0] != '-')
                VEXFS_TRY_VOID(take_operand(word));
            else if (word == "--")
                options_end = true;
            else if (word[1] == '-')
                VEXFS_TRY_VOID(take_name(word));
            else
                VEXFS_TRY_VOID(take_letters(word));
        }
        const auto& operands = invocation_.command->operands;
        const size_t given = invocation_.operands.size();
        if (given < operands.size() && operands[given].needed && !invocation_.has("help"))
            return refuse(std::string(operands[given].name) + " is missing", explanation_);
        return ok();
    }

  private:
    Status take_operand(const std::string& word) {
        const auto& operands = invocation_.command->operands;
        const size_t number = invocation_.operands.size();
        if (number >= operands.size())
            return refuse("'" + word + "' is one operand too many", explanation_);
        if (word.empty())
            return refuse("an operand is empty", explanation_);
        VEXFS_TRY_VOID(check_word(word, words_of(operands[number]), explanation_));
        invocation_.operands.push_back(word);
        return ok();
    }

    // `inner`: what follows the option in its own word, if anything does.
    Status take_value(const Option& option, const std::string* inner) {
        std::string value;
        if (option.value != nullptr) {
            if (inner == nullptr && at_ + 1 == words_.size())
                return refuse(std::string("option --") + option.name + " wants " + option.value,
                              explanation_);
            value = inner != nullptr ? *inner : words_[++at_];
            VEXFS_TRY_VOID(check_word(value, words_of(option), explanation_));
        }
        if (!invocation_.options.emplace(option.name, value).second && option.value != nullptr)
            return refuse(std::string("option --") + option.name + " is given twice", explanation_);
        return ok();
    }

    Status take_name(const std::string& word) {
        const size_t equals = word.find('=');
        const std::string name = word.substr(2, equals - 2);
        const Option* const option =
            name.size() < 2 ? nullptr : find_option(*invocation_.command, name);
        if (option == nullptr)
            return refuse("option --" + name + " is not known", explanation_);
        if (equals == std::string::npos)
            return take_value(*option, nullptr);
        if (option->value == nullptr)
            return refuse("option --" + name + " takes no value", explanation_);
        const std::string inner = word.substr(equals + 1);
        return take_value(*option, &inner);
    }

    Status take_letters(const std::string& word) {
        for (size_t i = 1; i < word.size(); ++i) {
            const Option* const option =
                find_option(*invocation_.command, std::string_view(word).substr(i, 1));
            if (option == nullptr)
                return refuse(std::string("option -") + word[i] + " is not known", explanation_);
            const std::string inner = word.substr(i + 1);
            VEXFS_TRY_VOID(take_value(*option, inner.empty() ? nullptr : &inner));
            if (option->value != nullptr)
                break;
        }
        return ok();
    }

    std::span<const std::string> words_;
    Invocation& invocation_;
    std::string& explanation_;
    size_t at_ = 0;
};

} // namespace

const Command* find_command(std::string_view name) {
    const auto all = commands();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Command& each) { return each.name == name; });
    return found == all.end() ? nullptr : &*found;
}

namespace {

// "a|b|c"
std::vector<std::string> split(const std::string& all) {
    std::vector<std::string> words;
    for (size_t at = 0; at <= all.size();) {
        const size_t stop = std::min(all.find('|', at), all.size());
        words.push_back(all.substr(at, stop - at));
        at = stop + 1;
    }
    return words;
}

} // namespace

std::vector<std::string> words_of(const Operand& operand) {
    if (operand.kind == Kind::kShell)
        return {"bash", "zsh", "fish"};
    if (operand.kind == Kind::kAction)
        return split(operand.name);
    std::vector<std::string> names;
    if (operand.kind == Kind::kCommand)
        for (const Command& command : commands())
            names.emplace_back(command.name);
    return names;
}

std::vector<std::string> words_of(const Option& option) {
    const std::string all = option.value == nullptr ? "" : option.value;
    return all.find('|') == std::string::npos ? std::vector<std::string>() : split(all);
}

std::string usage_line(const Command& command) {
    std::string text = std::string("vexctl ") + command.name;
    size_t shown = 0;
    for (const Option& option : command.options)
        shown += option.letter != 'h' ? 1 : 0;
    if (shown > 4)
        text += " [OPTION...]";
    else
        for (const Option& option : command.options)
            if (option.letter != 'h')
                text += " [" + form_of(option) + "]";
    for (const Operand& operand : command.operands)
        text += operand.needed ? std::string(" ") + operand.name
                               : " [" + std::string(operand.name) + "]";
    return text;
}

std::string help_text(const Command& command) {
    std::string text =
        "usage: " + usage_line(command) + "\n\n" + command.name + ": " + command.summary + ".\n";
    if (command.details[0] != '\0')
        text += std::string("\n") + command.details;
    text += "\n";
    for (const Option& option : command.options) {
        std::string line = option.letter != '\0' ? std::string("  -") + option.letter + ", --"
                                                 : std::string("      --");
        line += option.name;
        if (option.value != nullptr)
            line += std::string(" ") + option.value;
        text += line + (line.size() + 1 < kHelpColumn ? std::string(kHelpColumn - line.size(), ' ')
                                                      : "\n" + std::string(kHelpColumn, ' '));
        text += std::string(option.help) + "\n";
    }
    return text;
}

std::string help_text() {
    std::string text = "usage: vexctl COMMAND [OPTION...] [OPERAND...]\n"
                       "\n"
                       "Finds files by vectors, manages those vectors, and looks at the volume. A "
                       "path is any file or\n"
                       "directory on a mounted VexFS volume, or IMAGE:/PATH, one in an image that "
                       "is not mounted.\n"
                       "\n";
    for (const Command& command : commands()) {
        std::string line = std::string("  ") + command.name;
        for (const Operand& operand : command.operands)
            line += operand.needed ? std::string(" ") + operand.name
                                   : " [" + std::string(operand.name) + "]";
        text += line + std::string(line.size() < 28 ? 28 - line.size() : 1, ' ') + command.summary +
                "\n";
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
    return Parser(words.subspan(1), invocation, explanation).parse();
}

} // namespace vexfs
