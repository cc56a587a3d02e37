// SPDX-License-Identifier: Apache-2.0
#include "bench/child/child.h"

#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userlib/device/file_descriptor.h"

namespace vexfs {

Status
run_child_raw(ChildEnd end, std::span<std::byte> report,
              const std::function<Status(const std::function<void(const void*)>& tell)>& body) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return fail(code_from_errno(errno), "child: pipe");
    const FileDescriptor in(ends[0]);
    FileDescriptor out(ends[1]);
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0)
        return fail(code_from_errno(errno), "child: fork");
    if (child == 0) {
        const Status done = body([&](const void* told) {
            // A report that does not arrive is an end without one, which the parent sees.
            if (::write(out.raw(), told, report.size()) != static_cast<ssize_t>(report.size()))
                ::_exit(1);
        });
        if (!done)
            std::fprintf(stderr, "vexfs-bench: %s (%s)\n", done.error().what,
                         name_of(done.error().code));
        ::_exit(done ? 0 : 1);
    }
    out = FileDescriptor();
    ssize_t got = 0;
    do
        got = ::read(in.raw(), report.data(), report.size());
    while (got < 0 && errno == EINTR);
    if (end == ChildEnd::kKilled)
        ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const bool as_meant = end == ChildEnd::kKilled
                              ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                              : WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (got != static_cast<ssize_t>(report.size()) || !as_meant)
        return fail(Code::kEIO, "a part of the measurement failed");
    return ok();
}

} // namespace vexfs
