// SPDX-License-Identifier: Apache-2.0
//
// The one place where an exception becomes an Error.
//
// VexFS throws nothing, but the standard library throws bad_alloc and foreign libraries throw what
// they like. guard() wraps a verb at the border of such code: nothing may cross a thread, a C frame
// or a module's interface as an exception. The wrapped code must leave its objects usable when it
// is cut off at any allocation.
//
// Threads: pure.
#pragma once

#include <new>
#include <utility>

#include "base/result.h"

namespace vexfs {

// Calls `verb`, which returns a Result. bad_alloc becomes ENOMEM; anything else becomes
// `otherwise`.
template <typename Verb>
auto guard(Error otherwise, Verb&& verb) -> decltype(std::forward<Verb>(verb)()) {
    try {
        return std::forward<Verb>(verb)();
    } catch (const std::bad_alloc&) {
        return fail(Code::kENOMEM, otherwise.what);
    } catch (...) {
        return otherwise;
    }
}

} // namespace vexfs
