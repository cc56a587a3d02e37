// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <atomic>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <map>
#include <unistd.h>

#include "base/mutex.h"

namespace vexfs {
namespace {

constexpr int kBurst = 10;
constexpr int64_t kWindowSeconds = 5;
// Enough for every place and sentence in the program; beyond it the oldest counts are forgotten
// together.
constexpr size_t kSentencesMax = 1024;

// The one piece of process-wide state in VexFS: a process has one stderr.
struct Target {
    std::atomic<LogLevel> level{LogLevel::kInfo};
    std::atomic<int> descriptor{STDERR_FILENO};
    std::atomic<bool> journal{false};
};

Target& target() {
    static Target instance;
    return instance;
}

struct Rate {
    int64_t window_start = 0;
    int passed = 0;
    uint64_t dropped = 0;
};

// Threads: any thread, lock inside.
class RateLimiter {
  public:
    // True if the line may pass; `dropped` is then the number of lines like it that did not since
    // the last one.
    bool pass(const std::string& key, int64_t now, uint64_t& dropped) VEXFS_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (rates_.size() >= kSentencesMax && rates_.find(key) == rates_.end())
            rates_.clear();
        Rate& rate = rates_[key];
        if (now - rate.window_start >= kWindowSeconds) {
            rate.window_start = now;
            rate.passed = 0;
        }
        if (rate.passed >= kBurst) {
            ++rate.dropped;
            return false;
        }
        ++rate.passed;
        dropped = rate.dropped;
        rate.dropped = 0;
        return true;
    }

  private:
    Mutex mutex_;
    std::map<std::string, Rate> rates_ VEXFS_GUARDED_BY(mutex_);
};

RateLimiter& rate_limiter() {
    static RateLimiter instance;
    return instance;
}

const char* word_for(LogLevel level) {
    switch (level) {
    case LogLevel::kError:
        return "error";
    case LogLevel::kWarning:
        return "warning";
    case LogLevel::kInfo:
        return "info";
    case LogLevel::kDebug:
        return "debug";
    }
    return "error";
}

bool needs_quotes(std::string_view text) {
    if (text.empty())
        return true;
    for (unsigned char c : text)
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c >= 0x7f)
            return true;
    return false;
}

std::string quoted(std::string_view text) {
    if (!needs_quotes(text))
        return std::string(text);
    std::string result = "\"";
    for (unsigned char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += static_cast<char>(c);
        } else if (c < ' ' || c >= 0x7f) {
            char escape[5];
            std::snprintf(escape, sizeof escape, "\\x%02x", c);
            result += escape;
        } else {
            result += static_cast<char>(c);
        }
    }
    return result + '"';
}

std::string timestamp(const timespec& now) {
    tm utc{};
    gmtime_r(&now.tv_sec, &utc);
    char text[64];
    const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text + length, sizeof text - length, ".%03ldZ ", now.tv_nsec / 1000000);
    return text;
}

void write_line(std::string_view line) {
    const int descriptor = target().descriptor.load(std::memory_order_relaxed);
    while (!line.empty()) {
        const ssize_t written = ::write(descriptor, line.data(), line.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; // Nobody is left to tell.
        line.remove_prefix(static_cast<size_t>(written));
    }
}

} // namespace

LogField::LogField(std::string_view key, std::string_view text) : key_(key), value_(quoted(text)) {}

LogField::LogField(std::string_view key, double number) : key_(key) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", number);
    value_ = text;
}

LogField::LogField(std::string_view key, const Error& error)
    : key_(key), value_(quoted(std::string(name_of(error.code)) + ": " + error.what)) {}

void set_log_level(LogLevel level) {
    target().level.store(level, std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
    return level <= target().level.load(std::memory_order_relaxed);
}

bool parse_log_level(std::string_view text, LogLevel& level) {
    for (LogLevel candidate :
         {LogLevel::kError, LogLevel::kWarning, LogLevel::kInfo, LogLevel::kDebug})
        if (text == word_for(candidate)) {
            level = candidate;
            return true;
        }
    return false;
}

void set_log_target(int descriptor, bool journal) {
    target().descriptor.store(descriptor, std::memory_order_relaxed);
    target().journal.store(journal, std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view place, std::string_view sentence,
         std::initializer_list<LogField> fields) {
    if (!log_enabled(level))
        return;
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    std::string head = std::string(place) + ": " + std::string(sentence);
    uint64_t dropped = 0;
    if (!rate_limiter().pass(head, now.tv_sec, dropped))
        return;

    std::string line;
    if (target().journal.load(std::memory_order_relaxed))
        line = "<" + std::to_string(static_cast<int>(level)) + ">";
    else
        line = timestamp(now) + word_for(level) + " ";
    line += head;
    for (const LogField& field : fields) {
        line += ' ';
        line += field.key();
        line += '=';
        line += field.value();
    }
    if (dropped > 0)
        line += " dropped=" + std::to_string(dropped);
    write_line(line + '\n');
}

} // namespace vexfs
