// SPDX-License-Identifier: Apache-2.0
//
// vexctl: what an operator asks of a mounted volume. Data goes to stdout, everything else to
// stderr; the exit statuses are those of failure.h.
//
// Threads: one thread.
#include <algorithm>
#include <cstdio>

#include "userlib/tools/vexctl/command.h"
#include "userlib/tools/vexctl/failure.h"

int main(int count, char** arguments) {
    using namespace vexfs;
    const std::vector<std::string> words(arguments + std::min(count, 1), arguments + count);
    Invocation invocation;
    std::string explanation;
    if (const Status parsed = parse_invocation(words, invocation, explanation); !parsed) {
        const Command* const command = invocation.command;
        const Failure failure{parsed.error().code, "", explanation,
                              command == nullptr ? "vexctl help lists what there is"
                                                 : "usage: " + usage_line(*command)};
        return print_failure(failure, command == nullptr ? "" : command->name, invocation.json(),
                             kWrongUsage);
    }
    int status = kDone;
    if (invocation.has("help"))
        std::fputs(help_text(*invocation.command).c_str(), stdout);
    else
        status = invocation.command->run(invocation);
    // A full disk or a closed pipe is no success.
    if (std::fflush(stdout) != 0 && status == kDone)
        return print_failure({code_from_errno(errno), "", "what was printed was not taken", ""},
                             invocation.command->name, invocation.json(), kFailed);
    return status;
}
