// SPDX-License-Identifier: Apache-2.0
//
// What a case of the suite is, and how it says what it expects.
//
// A case runs in a process of its own, in an empty directory of the filesystem under test: what it
// opens, maps or changes of itself ends with it. The first expectation that does not hold ends the
// process and is the case's result; so does a subject that the filesystem does not support.
//
// Threads: one thread.
#pragma once

#include <cerrno>
#include <concepts>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace vexfs {

struct Case {
    const char* name; // a sentence
    void (*run)();
};

// One table for each *_cases.cpp.
std::span<const Case> access_cases();
std::span<const Case> attribute_cases();
std::span<const Case> data_cases();
std::span<const Case> directory_cases();
std::span<const Case> link_cases();
std::span<const Case> listing_cases();
std::span<const Case> lock_cases();
std::span<const Case> mapping_cases();
std::span<const Case> mode_cases();
std::span<const Case> name_cases();
std::span<const Case> open_cases();
std::span<const Case> rename_cases();
std::span<const Case> sparse_cases();
std::span<const Case> time_cases();
std::span<const Case> volume_cases();

// How a case's process ends.
inline constexpr int kCasePassed = 0;
inline constexpr int kCaseFailed = 1;
inline constexpr int kCaseSkipped = 77;

// Ends the case; the message goes to standard error, which the runner reads.
[[noreturn]] void fail_case(std::string_view message, const char* file = __builtin_FILE(),
                            int line = __builtin_LINE());
[[noreturn]] void skip_case(std::string_view reason);

// The value of a call that must work. Its errno is read here, so the call stands in the argument.
template <std::integral T>
T works(T result, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    if (result < 0)
        fail_case(std::string("the call failed: ") + strerrorname_np(errno), file, line);
    return result;
}

// A call that must fail with just this error.
template <std::integral T>
void refused(int code, T result, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    const int got = errno;
    if (result >= 0)
        fail_case(std::string("the call worked; expected ") + strerrorname_np(code), file, line);
    if (got != code)
        fail_case(std::string(strerrorname_np(got)) + ", expected " + strerrorname_np(code), file,
                  line);
}

// A call that may be beyond the filesystem, which then has to say so: the case is skipped.
template <std::integral T>
T supported(T result, std::string_view what, const char* file = __builtin_FILE(),
            int line = __builtin_LINE()) {
    if (result < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        skip_case(std::string("no ") + std::string(what));
    return works(result, file, line);
}

void expect(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE());

template <typename T>
std::string shown(const T& value) {
    if constexpr (std::is_convertible_v<T, std::string_view>)
        return '"' + std::string(value).substr(0, 80) + '"';
    else
        return std::to_string(value);
}

// What is, and what it should be.
template <typename T, typename U>
void expect_equal(const T& is, const U& should_be, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
    bool same = false;
    if constexpr (std::integral<T> && std::integral<U>)
        same = std::cmp_equal(+is, +should_be);
    else
        same = is == should_be;
    if (!same)
        fail_case(shown(is) + ", expected " + shown(should_be), file, line);
}

// Runs a part of the case in a process of its own; its end is the case's end unless it passes.
void in_child(const std::function<void()>& part);
// The same as another user, without capabilities. Skips the case unless this is root.
void as_user(unsigned uid, unsigned gid, const std::function<void()>& part);
void as_user(unsigned uid, unsigned gid, std::span<const unsigned> groups,
             const std::function<void()>& part);
void need_root();

} // namespace vexfs
