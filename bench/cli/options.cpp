// SPDX-License-Identifier: Apache-2.0
//
// Parsing and help of command-line options.
//
// Threads: one thread.
#include "bench/cli/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vexfs {
namespace {

using Complaint = std::optional<std::string>;

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

Complaint assign_number(std::string_view text, uint64_t low, uint64_t high, uint64_t* into) {
    uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || text.empty())
        return quoted(text) + " is not a whole number";
    if (number < low || number > high)
        return quoted(text) + " is outside " + std::to_string(low) + ".." + std::to_string(high);
    *into = number;
    return std::nullopt;
}

std::string plain(double number) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, number);
    return error == std::errc{} ? std::string(text, end) : std::string("?");
}

Complaint assign_real(std::string_view text, double low, double high, double* into) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || text.empty() || !std::isfinite(number))
        return quoted(text) + " is not a number";
    if (number < low || number > high)
        return quoted(text) + " is outside " + plain(low) + ".." + plain(high);
    *into = number;
    return std::nullopt;
}

// Each of the words between commas, by `assign` into an element.
template <typename Number, typename Assign>
Complaint assign_list(std::string_view text, std::vector<Number>* into, Assign assign) {
    std::vector<Number> parsed;
    while (true) {
        const size_t comma = text.find(',');
        Number number = 0;
        if (Complaint wrong = assign(text.substr(0, comma), &number))
            return wrong;
        parsed.push_back(number);
        if (comma == std::string_view::npos)
            break;
        text.remove_prefix(comma + 1);
    }
    *into = std::move(parsed);
    return std::nullopt;
}

} // namespace

Options::Options(std::string usage, std::string summary)
    : usage_(std::move(usage)), summary_(std::move(summary)) {}

void Options::add(std::string_view name, std::string_view value, std::string_view help,
                  std::function<Complaint(std::string_view)> assign) {
    options_.push_back(
        {std::string(name), std::string(value), std::string(help), std::move(assign)});
}

void Options::text(std::string_view name, std::string_view value, std::string_view help,
                   std::string* into) {
    add(name, value, help, [into](std::string_view text) -> Complaint {
        if (text.empty())
            return "the value is empty";
        *into = text;
        return std::nullopt;
    });
}

void Options::number(std::string_view name, std::string_view value, std::string_view help,
                     uint64_t low, uint64_t high, uint64_t* into) {
    add(name, value, help,
        [=](std::string_view text) { return assign_number(text, low, high, into); });
}

void Options::real(std::string_view name, std::string_view value, std::string_view help, double low,
                   double high, double* into) {
    add(name, value, help,
        [=](std::string_view text) { return assign_real(text, low, high, into); });
}

void Options::reals(std::string_view name, std::string_view value, std::string_view help,
                    double low, double high, std::vector<double>* into) {
    add(name, value, help, [=](std::string_view text) {
        return assign_list(text, into, [=](std::string_view word, double* number) {
            return assign_real(word, low, high, number);
        });
    });
}

void Options::flag(std::string_view name, std::string_view help, bool* into) {
    add(name, "", help, [into](std::string_view) -> Complaint {
        *into = true;
        return std::nullopt;
    });
}

void Options::choice(std::string_view name, std::string_view help,
                     std::initializer_list<std::string_view> accepted, std::string* into) {
    std::vector<std::string> words(accepted.begin(), accepted.end());
    std::string joined;
    for (const std::string& word : words)
        joined += (joined.empty() ? "" : "|") + word;
    add(name, joined, help, [=](std::string_view text) -> Complaint {
        if (std::find(words.begin(), words.end(), text) == words.end())
            return quoted(text) + " is none of " + joined;
        *into = text;
        return std::nullopt;
    });
}

void Options::numbers(std::string_view name, std::string_view value, std::string_view help,
                      uint64_t low, uint64_t high, std::vector<uint64_t>* into) {
    add(name, value, help, [=](std::string_view text) {
        return assign_list(text, into, [=](std::string_view word, uint64_t* number) {
            return assign_number(word, low, high, number);
        });
    });
}

Options::Option* Options::find(std::string_view name) {
    for (Option& option : options_) {
        if (option.name == name)
            return &option;
    }
    return nullptr;
}

Complaint Options::parse(std::span<const char* const> arguments) {
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (word == "--help" || word == "-h") {
            wants_help_ = true;
            return std::nullopt;
        }
        const size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        Option* option = find(name);
        if (option == nullptr)
            return "argument " + std::to_string(i + 1) + ": " + quoted(word) +
                   " is no option of this command";
        if (option->given)
            return std::string(name) + " is given twice";
        option->given = true;
        std::string_view value;
        if (option->value.empty()) {
            if (equals != std::string_view::npos)
                return std::string(name) + " takes no value";
        } else if (equals != std::string_view::npos) {
            value = word.substr(equals + 1);
        } else if (i + 1 < arguments.size()) {
            value = arguments[++i];
        } else {
            return std::string(name) + " needs a value: " + option->value;
        }
        if (Complaint wrong = option->assign(value))
            return std::string(name) + ": " + *wrong;
    }
    return std::nullopt;
}

std::string Options::help() const {
    std::string text = "usage: " + usage_ + "\n" + summary_ + "\n\n";
    for (const Option& option : options_) {
        std::string left = "  " + option.name + (option.value.empty() ? "" : " " + option.value);
        if (left.size() > 27)
            left += "\n" + std::string(28, ' ');
        else
            left.resize(28, ' ');
        text += left + option.help + "\n";
    }
    return text + "  --help                    print this\n";
}

bool Options::given(std::string_view name) const {
    for (const Option& option : options_) {
        if (option.name == name)
            return option.given;
    }
    return false;
}

} // namespace vexfs
