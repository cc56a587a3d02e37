// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or an Error, and the macros that pass an Error up.
//
// The member names are those of std::expected, so that it can become a `using` when both compilers
// have it. Ignoring a Result does not compile. Asking a failed Result for its value is a bug of
// ours and asserts.
//
//     Result<Label> read_label(Device& device);
//     Status open(Device& device) {
//         Label label = VEXFS_TRY(read_label(device));
//         VEXFS_TRY_VOID(check(label));
//         return ok();
//     }
//
// Threads: a value like any other.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error.h"

namespace vexfs {

template <typename T>
class [[nodiscard]] Result {
    static_assert(!std::is_reference_v<T>, "return a pointer to lend something out");
    static_assert(!std::is_same_v<std::remove_cv_t<T>, Error>, "an Error is the failure itself");

  public:
    using value_type = T;
    using error_type = Error;

    Result(Error error) : state_(std::in_place_index<1>, error) {}
    template <typename U = T>
    requires(std::is_constructible_v<T, U&&> && !std::is_same_v<std::decay_t<U>, Result> &&
             !std::is_same_v<std::decay_t<U>, Error>) Result(U&& value)
        : state_(std::in_place_index<0>, std::forward<U>(value)) {}

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & {
        VEXFS_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        VEXFS_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    T value() && {
        VEXFS_ASSERT(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    template <typename U>
    T value_or(U&& fallback) && {
        return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<U>(fallback));
    }

    [[nodiscard]] Error error() const {
        VEXFS_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }

  private:
    std::variant<T, Error> state_;
};

// Success without a value.
template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;
    using error_type = Error;

    Result() = default;
    Result(Error error) : error_(error), failed_(true) {}

    [[nodiscard]] bool has_value() const { return !failed_; }
    explicit operator bool() const { return !failed_; }
    void value() const { VEXFS_ASSERT(!failed_); }
    [[nodiscard]] Error error() const {
        VEXFS_ASSERT(failed_);
        return error_;
    }

  private:
    Error error_{};
    bool failed_ = false;
};

using Status = Result<void>;

inline Status ok() {
    return {};
}

} // namespace vexfs

#define VEXFS_TRY_PASTE_(a, b) a##b
#define VEXFS_TRY_NAME_(count) VEXFS_TRY_PASTE_(vexfs_try_, count)
#define VEXFS_TRY_(name, ...)                                                                      \
    __extension__({                                                                                \
        auto name = (__VA_ARGS__);                                                                 \
        if (!name.has_value())                                                                     \
            return name.error();                                                                   \
        std::move(name).value();                                                                   \
    })

// The value of a Result; on failure the enclosing function returns its Error.
#define VEXFS_TRY(...) VEXFS_TRY_(VEXFS_TRY_NAME_(__COUNTER__), __VA_ARGS__)

// The same as a statement, for a Status or where the value is not wanted.
#define VEXFS_TRY_VOID(...)                                                                        \
    do {                                                                                           \
        auto vexfs_try_status = (__VA_ARGS__);                                                     \
        if (!vexfs_try_status.has_value())                                                         \
            return vexfs_try_status.error();                                                       \
    } while (false)
