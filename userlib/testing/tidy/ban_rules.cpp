// SPDX-License-Identifier: Apache-2.0
//
// Words that may not stand in the tree, each with where that holds and what to do instead.
#include <algorithm>
#include <vector>

#include "userlib/testing/tidy/lexer.h"
#include "userlib/testing/tidy/rules.h"

namespace vexfs {
namespace {

struct Ban {
    std::string_view word;
    const char* instead;
    bool (*holds)(const SourceFile& file);
};

// The ban tables must spell what they ban.
bool is_table(const SourceFile& file) {
    return file.path == "userlib/testing/tidy/ban_rules.cpp";
}

// Where code runs for users, not for tests, measurements or one person at a terminal.
bool is_product(const SourceFile& file) {
    return file.language == Language::kCpp && !file.is_test() && !under(file.path, "bench") &&
           !under(file.path, "vm-tests");
}
bool is_library(const SourceFile& file) {
    return is_product(file) && !under(file.path, "userlib/tools") &&
           !under(file.path, "userlib/client/examples") && !file.path.ends_with("main.cpp");
}
bool is_cpp(const SourceFile& file) {
    return file.language == Language::kCpp;
}
bool is_user_space(const SourceFile& file) {
    return file.is_c_family() && !under(file.path, "kmod");
}
bool is_test(const SourceFile& file) {
    return file.is_test();
}
// Around foreign code, which has its own locks and generators.
bool is_adapter(const SourceFile& file) {
    return under(file.path, "index/adapters");
}
bool outside_random(const SourceFile& file) {
    return is_user_space(file) && file.path != "base/random.h" && !is_adapter(file);
}
bool outside_mutex(const SourceFile& file) {
    return is_cpp(file) && file.path != "base/mutex.h" && !is_adapter(file);
}
// Each memory_test.cpp has an operator new of its own, which can fail in one way only.
bool outside_guard(const SourceFile& file) {
    return is_cpp(file) && file.path != "base/guard.h" && file.path != "base/guard_test.cpp" &&
           file.path != "index/planner/memory_test.cpp" &&
           file.path != "userlib/testing/memory/memory_test.cpp" &&
           file.path != "userlib/testing/pool/memory_test.cpp";
}
bool outside_assert(const SourceFile& file) {
    return is_product(file) && file.path != "base/assert.cpp";
}
bool outside_diagnostics(const SourceFile& file) {
    return is_library(file) && file.path != "base/assert.cpp" && file.path != "base/log.cpp";
}

bool outside_compat(const SourceFile& file) {
    return under(file.path, "kmod") && file.path != "kmod/compat.h";
}
bool is_module(const SourceFile& file) {
    return under(file.path, "kmod");
}

constexpr const char* kFinish = "finish it, or leave it out and say so in the README";
constexpr const char* kUseMutex = "use the annotated locks of base/mutex.h";
constexpr const char* kUseRandom = "use Random of base/random.h with a seed that is printed";
constexpr const char* kUseSpan = "it cannot know the room: use std::string, snprintf or memcpy";
constexpr const char* kUseLog = "use log() of base/log.h; a library does not own the terminal";
constexpr const char* kNoThrow =
    "return an Error; foreign exceptions end in guard() of base/guard.h";
constexpr const char* kWait = "wait for the condition: a test that sleeps is slow or flaky";
constexpr const char* kUseCompat =
    "compat.h alone knows versions of Linux: name the difference there";
constexpr const char* kUseParse = "it cannot report an error: use std::from_chars";

const std::vector<Ban>& text_bans() {
    static const std::vector<Ban> table = {
        {"TODO", kFinish, nullptr},
        {"FIXME", kFinish, nullptr},
        {"XXX", kFinish, nullptr},
        {"HACK", kFinish, nullptr},
        {"not yet implemented", kFinish, nullptr},
        {"not implemented yet", kFinish, nullptr},
        {"for now", kFinish, nullptr},
        {"lorem ipsum", kFinish, nullptr},
        {"previously", "say how it is; how it was is in git", nullptr},
    };
    return table;
}

const std::vector<Ban>& code_bans() {
    static const std::vector<Ban> table = {
        {"throw", kNoThrow, outside_guard},
        {"catch", kNoThrow, outside_guard},
        {"new", "use std::make_unique or a container", is_cpp},
        {"delete", "let a std::unique_ptr own it", is_cpp},
        {"goto", "return early, or give the step a function", is_cpp},
        {"dynamic_cast", "ask through a virtual function", is_cpp},
        {"typeid", "ask through a virtual function", is_cpp},
        {"co_await", "block: concurrency lives in the few machines with a step()", is_cpp},
        {"using namespace std", "write std::", is_cpp},
        {"assert(", "use VEXFS_ASSERT: it stays on in every build", outside_assert},
        {"abort(", "return an Error, or VEXFS_ASSERT for a bug of ours", outside_assert},
        {"exit(", "return from main: destructors must run", is_library},
        {"std::mutex", kUseMutex, outside_mutex},
        {"std::shared_mutex", kUseMutex, outside_mutex},
        {"std::lock_guard", kUseMutex, outside_mutex},
        {"std::unique_lock", kUseMutex, outside_mutex},
        {"std::scoped_lock", kUseMutex, outside_mutex},
        {"std::condition_variable", kUseMutex, outside_mutex},
        {"rand(", kUseRandom, outside_random},
        {"srand(", kUseRandom, outside_random},
        {"std::mt19937", kUseRandom, outside_random},
        {"std::random_device", kUseRandom, outside_random},
        {"<random>", kUseRandom, outside_random},
        {"strcpy(", kUseSpan, is_user_space},
        {"strcat(", kUseSpan, is_user_space},
        {"sprintf(", kUseSpan, is_user_space},
        {"vsprintf(", kUseSpan, is_user_space},
        {"gets(", kUseSpan, is_user_space},
        {"alloca(", "the stack has no room to check: use a std::vector", is_user_space},
        {"atoi(", kUseParse, is_user_space},
        {"atol(", kUseParse, is_user_space},
        {"atof(", kUseParse, is_user_space},
        {"strtok(", "it keeps global state: use std::string_view", is_user_space},
        {"system(", "start a program with posix_spawn: no shell reads its arguments", is_product},
        {"printf(", kUseLog, outside_diagnostics},
        {"fprintf(", kUseLog, outside_diagnostics},
        {"puts(", kUseLog, outside_diagnostics},
        {"std::cout", kUseLog, outside_diagnostics},
        {"std::cerr", kUseLog, outside_diagnostics},
        {"sleep(", kWait, is_test},
        {"usleep(", kWait, is_test},
        {"nanosleep(", kWait, is_test},
        {"sleep_for", kWait, is_test},
        {"sleep_until", kWait, is_test},
        {"LINUX_VERSION_CODE", kUseCompat, outside_compat},
        {"KERNEL_VERSION(", kUseCompat, outside_compat},
        {"kernel_fpu_begin(", "floating point is the engine's", is_module},
        {"#if 0", "delete it: git remembers", is_user_space},
    };
    return table;
}

// `= delete`, `operator new`, `operator delete`, <new> and placement new own nothing.
bool owns_nothing(std::string_view line, const Ban& ban, size_t at) {
    const std::string_view before = line.substr(0, line.find_last_not_of(' ', at - 1) + 1);
    if (at > 0 && before.ends_with("operator"))
        return true;
    if (ban.word == "delete")
        return at > 0 && before.ends_with('=');
    return ban.word == "new" && (line.substr(at).starts_with("new (") || line.starts_with('#'));
}

// `unique_ptr<T>(new T(...))`, which a private constructor needs; a line may end before the new.
bool is_owned_at_once(const std::vector<std::string>& lines, size_t index, size_t at) {
    const bool same_line = lines[index].rfind("unique_ptr<", at) != std::string::npos;
    return same_line || (index > 0 && lines[index - 1].ends_with('(') &&
                         lines[index - 1].find("unique_ptr<") != std::string::npos);
}

void check_line(const SourceFile& file, const std::vector<std::string>& lines, size_t index,
                const Ban& ban, std::vector<Finding>& found) {
    const std::string& line = lines[index];
    const size_t at = find_word(line, ban.word);
    if (at == std::string::npos || owns_nothing(line, ban, at) ||
        (ban.word == "new" && is_owned_at_once(lines, index, at)))
        return;
    found.push_back({file.path, index + 1, "\"" + std::string(ban.word) + "\": " + ban.instead});
}

// The line from where it says `prefix`, but not in the middle of a longer path; empty if nowhere.
std::string_view text_from(std::string_view line, std::string_view prefix) {
    size_t at = line.find(prefix);
    while (at != std::string_view::npos && at > 0 &&
           (is_word_character(line[at - 1]) || line[at - 1] == '}'))
        at = line.find(prefix, at + 1);
    return at == std::string_view::npos ? std::string_view() : line.substr(at);
}

} // namespace

std::vector<Finding> check_banned_text(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        for (const Ban& ban : text_bans())
            for (size_t i = 0; i < file.lines.size() && !is_table(file); ++i)
                check_line(file, file.lines, i, ban, found);
    return found;
}

std::vector<Finding> check_banned_code(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        for (const Ban& ban : code_bans())
            if (ban.holds(file))
                for (size_t i = 0; i < file.code.size(); ++i)
                    check_line(file, file.code, i, ban, found);
    return found;
}

// A path that exists on one machine only, or a number that means something in one tracker only.
std::vector<Finding> check_machine_path(const Tree& tree, const Arrows&) {
    constexpr const char* kFromCaller = "a path of one machine: take it from the caller";
    static const std::vector<Ban> table = {
        {"/home/", kFromCaller, nullptr},
        {"/root/", kFromCaller, nullptr},
        {"/work/", kFromCaller, nullptr},
        {"/tmp/", "temporary files of ours begin with /tmp/vexfs, or lie in $TMPDIR", nullptr},
        {"issue #", "say what the issue says: a text explains itself", nullptr},
    };
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        for (size_t i = 0; i < file.lines.size() && !is_table(file); ++i)
            for (const Ban& ban : table) {
                const std::string_view text = text_from(file.lines[i], ban.word);
                if (!text.empty() && !text.starts_with("/tmp/vexfs"))
                    found.push_back(
                        {file.path, i + 1, "\"" + std::string(ban.word) + "\": " + ban.instead});
            }
    return found;
}

} // namespace vexfs
