// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/vexctl/command.h"

namespace vexfs {

int run_help(const Invocation& invocation) {
    const std::string text =
        invocation.operands.empty() ? help_text() : help_text(*find_command(invocation.operand(0)));
    std::fputs(text.c_str(), stdout);
    return 0;
}

} // namespace vexfs
