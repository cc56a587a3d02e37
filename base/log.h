// SPDX-License-Identifier: Apache-2.0
//
// A small structured log: a level, the place it comes from, a sentence, and key=value fields.
//
//     log(LogLevel::kWarning, "label", "copy does not verify", {{"copy", 2}, {"txg", txg}});
//     2026-01-31T12:00:00.123Z warning label: copy does not verify copy=2 txg=77
//
// Lines go to stderr. Under systemd they go to the journal: its own prefix <N> carries the level,
// and the time is left to it. A message that repeats is rate limited per (place, sentence): after a
// burst of 10 in 5 seconds the rest are counted, and the count is printed with the next line that
// passes. An Error is logged once, where it is handled.
//
// Threads: any thread; one line is one write(2).
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vexfs {

enum class LogLevel : int { kError = 3, kWarning = 4, kInfo = 6, kDebug = 7 };

// A key and its value, ready to print. Text is quoted when it holds a space, a quote or a control
// character.
class LogField {
  public:
    LogField(std::string_view key, std::string_view text);
    LogField(std::string_view key, const char* text) : LogField(key, std::string_view(text)) {}
    LogField(std::string_view key, double number);
    template <std::integral T>
    LogField(std::string_view key, T number) : key_(key), value_(std::to_string(number)) {}
    // The name of the errno and the step that failed.
    LogField(std::string_view key, const Error& error);

    [[nodiscard]] std::string_view key() const { return key_; }
    [[nodiscard]] std::string_view value() const { return value_; }

  private:
    std::string_view key_;
    std::string value_;
};

// Lines above this level are dropped. The default is kInfo.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Parses "error", "warning", "info", "debug"; false if it is none of them.
bool parse_log_level(std::string_view text, LogLevel& level);

void log(LogLevel level, std::string_view place, std::string_view sentence,
         std::initializer_list<LogField> fields = {});

// Where lines go: a descriptor that the log does not own (stderr by default), and whether a journal
// reads it.
void set_log_target(int descriptor, bool journal);

} // namespace vexfs
