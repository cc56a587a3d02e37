// SPDX-License-Identifier: Apache-2.0
//
// Globs of fnmatch(3) without flags: bytes, and * takes "/" and a leading ".".
//
// Threads: pure functions, as long as nobody changes the locale.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace vexfs {

// What was expected of a glob that could match nothing, or not what it seems to say; null if it is
// sound.
const char* fault_of_glob(std::string_view glob);

// Of a glob that is sound. ENOMEM.
Result<bool> glob_matches(const std::string& glob, const std::string& name);

} // namespace vexfs
