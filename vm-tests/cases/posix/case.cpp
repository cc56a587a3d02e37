// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/case.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vexfs {

namespace {

[[noreturn]] void end_case(const std::string& message, int status) {
    // Nothing can be done about a message that cannot be written; the status still tells.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message.data(), message.size());
    _exit(status);
}

} // namespace

void fail_case(std::string_view message, const char* file, int line) {
    std::string_view name = file;
    name.remove_prefix(name.rfind('/') + 1);
    end_case(std::string(name) + ":" + std::to_string(line) + ": " + std::string(message),
             kCaseFailed);
}

void skip_case(std::string_view reason) {
    end_case(std::string(reason), kCaseSkipped);
}

void expect(bool holds, const char* file, int line) {
    if (!holds)
        fail_case("does not hold", file, line);
}

void in_child(const std::function<void()>& part) {
    const pid_t child = works(fork());
    if (child == 0) {
        works(prctl(PR_SET_PDEATHSIG, SIGKILL));
        part();
        _exit(kCasePassed);
    }
    int status = 0;
    works(waitpid(child, &status, 0));
    if (WIFSIGNALED(status))
        fail_case("a child died of signal " + std::to_string(WTERMSIG(status)));
    if (WEXITSTATUS(status) != kCasePassed)
        _exit(WEXITSTATUS(status)); // it has said why
}

void need_root() {
    if (geteuid() != 0)
        skip_case("not run by root");
}

void as_user(unsigned uid, unsigned gid, std::span<const unsigned> groups,
             const std::function<void()>& part) {
    need_root();
    in_child([&] {
        works(setgroups(groups.size(), groups.data()));
        works(setresgid(gid, gid, gid));
        works(setresuid(uid, uid, uid));
        part();
    });
}

void as_user(unsigned uid, unsigned gid, const std::function<void()>& part) {
    as_user(uid, gid, {}, part);
}

} // namespace vexfs
