// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <string>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

// What is logged while it lives, read back from a pipe.
class Capture {
  public:
    explicit Capture(bool journal) {
        REQUIRE(pipe(ends_) == 0);
        set_log_target(ends_[1], journal);
    }
    ~Capture() {
        set_log_target(STDERR_FILENO, false);
        set_log_level(LogLevel::kInfo);
        close(ends_[0]);
        if (ends_[1] >= 0)
            close(ends_[1]);
    }
    std::string text() {
        close(ends_[1]);
        ends_[1] = -1;
        std::string all;
        char piece[4096];
        for (ssize_t n; (n = read(ends_[0], piece, sizeof piece)) > 0;)
            all.append(piece, static_cast<size_t>(n));
        return all;
    }

  private:
    int ends_[2] = {-1, -1};
};

size_t count_of(const std::string& text, const std::string& needle) {
    size_t count = 0;
    for (size_t at = text.find(needle); at != std::string::npos; at = text.find(needle, at + 1))
        ++count;
    return count;
}

} // namespace

TEST_CASE("log: a line carries level, place, sentence and fields, quoted where needed") {
    Capture capture(false);
    log(LogLevel::kWarning, "label", "copy does not verify",
        {{"copy", 2},
         {"path", "a b\n"},
         {"cause", fail(Code::kEBADMSG, "label: checksum")},
         {"name", "plain"}});
    const std::string text = capture.text();
    CHECK(text.find("Z warning label: copy does not verify copy=2 path=\"a b\\x0a\" "
                    "cause=\"EBADMSG: label: checksum\" name=plain\n") != std::string::npos);
    CHECK(count_of(text, "\n") == 1);
}

TEST_CASE("log: lines above the level are dropped") {
    Capture capture(false);
    log(LogLevel::kDebug, "test", "not shown at level info");
    set_log_level(LogLevel::kDebug);
    log(LogLevel::kDebug, "test", "shown at level debug");
    const std::string text = capture.text();
    CHECK(text.find("not shown") == std::string::npos);
    CHECK(text.find("shown at level debug") != std::string::npos);
}

TEST_CASE("log: the journal gets its prefix and no time") {
    Capture capture(true);
    log(LogLevel::kError, "test", "for the journal");
    CHECK(capture.text() == "<3>test: for the journal\n");
}

TEST_CASE("log: a sentence that repeats is limited, another one is not") {
    Capture capture(false);
    for (int i = 0; i < 1000; ++i)
        log(LogLevel::kError, "test", "the same again", {{"i", i}});
    log(LogLevel::kError, "test", "something else");
    const std::string text = capture.text();
    // The window may turn once while the loop runs.
    CHECK(count_of(text, "the same again") >= 10);
    CHECK(count_of(text, "the same again") <= 20);
    CHECK(count_of(text, "something else") == 1);
}

TEST_CASE("log: level names are parsed, others refused") {
    LogLevel level = LogLevel::kInfo;
    CHECK(parse_log_level("debug", level));
    CHECK(level == LogLevel::kDebug);
    CHECK_FALSE(parse_log_level("verbose", level));
}
