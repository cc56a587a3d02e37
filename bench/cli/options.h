// SPDX-License-Identifier: Apache-2.0
//
// Command-line options of the form --name VALUE, --name=VALUE and --name, bound to variables.
//
// A command binds its options, parses, and prints help() when asked; help is made from the same
// bindings, so that it cannot name an option that does not exist. A complaint names the option, the
// value and what would have been accepted. It knows nothing of what the options mean.
//
// Threads: one thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vexfs {

class Options {
  public:
    // `usage` is the first line of the help, without the word "usage".
    Options(std::string usage, std::string summary);

    // The bound variables outlive parse(). `value` is the word for the value in the help ("FILE").
    void text(std::string_view name, std::string_view value, std::string_view help,
              std::string* into);
    void number(std::string_view name, std::string_view value, std::string_view help, uint64_t low,
                uint64_t high, uint64_t* into);
    void real(std::string_view name, std::string_view value, std::string_view help, double low,
              double high, double* into);
    void reals(std::string_view name, std::string_view value, std::string_view help, double low,
               double high, std::vector<double>* into);
    void flag(std::string_view name, std::string_view help, bool* into);
    void choice(std::string_view name, std::string_view help,
                std::initializer_list<std::string_view> accepted, std::string* into);
    void numbers(std::string_view name, std::string_view value, std::string_view help, uint64_t low,
                 uint64_t high, std::vector<uint64_t>* into);

    // The complaint, if the arguments are not what was bound. A lone --help sets wants_help and
    // stops.
    [[nodiscard]] std::optional<std::string> parse(std::span<const char* const> arguments);
    [[nodiscard]] bool wants_help() const { return wants_help_; }
    [[nodiscard]] std::string help() const;
    // True if the option stood on the command line.
    [[nodiscard]] bool given(std::string_view name) const;

  private:
    struct Option {
        std::string name;
        std::string value; // empty: a flag
        std::string help;
        std::function<std::optional<std::string>(std::string_view)> assign;
        bool given = false;
    };

    void add(std::string_view name, std::string_view value, std::string_view help,
             std::function<std::optional<std::string>(std::string_view)> assign);
    Option* find(std::string_view name);

    std::string usage_;
    std::string summary_;
    std::vector<Option> options_;
    bool wants_help_ = false;
};

} // namespace vexfs
