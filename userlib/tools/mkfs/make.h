// SPDX-License-Identifier: Apache-2.0
//
// What mkfs.vexfs does once its command line is understood: look, refuse or plan, write, tell.
//
// Threads: one thread.
#pragma once

#include "userlib/tools/mkfs/options.h"

namespace vexfs {

// Prints the result to stdout. On failure `explanation` is a sentence for the user, and what was on
// the target is still there unless writing had begun.
Status make_volume(const MkfsOptions& options, std::string& explanation);

} // namespace vexfs
