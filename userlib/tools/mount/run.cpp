// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/mount/run.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr const char* kDaemon = "vexfsd";

bool is_program(const std::string& path) {
    return ::access(path.c_str(), X_OK) == 0;
}

std::string read_to_end(int descriptor) {
    std::string text;
    std::array<char, 512> piece{};
    for (;;) {
        const ssize_t count = ::read(descriptor, piece.data(), piece.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return text;
        text.append(piece.data(), static_cast<size_t>(count));
    }
}

Result<pid_t> start(std::vector<std::string> arguments, int to_stderr) {
    std::vector<char*> raw;
    for (std::string& argument : arguments)
        raw.push_back(argument.data());
    raw.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    int failed = ::posix_spawn_file_actions_init(&actions);
    if (failed == 0)
        failed = ::posix_spawn_file_actions_adddup2(&actions, to_stderr, STDERR_FILENO);
    pid_t child = 0;
    if (failed == 0)
        failed = ::posix_spawn(&child, raw[0], &actions, nullptr, raw.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return fail(code_from_errno(failed), "vexfsd cannot be started");
    return child;
}

} // namespace

Result<std::string> find_daemon() {
    std::array<char, PATH_MAX> own{};
    const ssize_t length = ::readlink("/proc/self/exe", own.data(), own.size() - 1);
    if (length > 0) {
        const std::string path(own.data(), static_cast<size_t>(length));
        const std::string beside = path.substr(0, path.rfind('/') + 1) + kDaemon;
        if (is_program(beside))
            return beside;
    }
    const char* const variable = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
    const std::string path = variable == nullptr ? "/usr/local/sbin:/usr/sbin:/sbin" : variable;
    for (size_t at = 0; at < path.size();) {
        const size_t colon = std::min(path.find(':', at), path.size());
        const std::string candidate = path.substr(at, colon - at) + "/" + kDaemon;
        if (colon > at && is_program(candidate))
            return candidate;
        at = colon + 1;
    }
    return fail(Code::kENOENT, "vexfsd is neither beside this program nor in PATH");
}

Result<DaemonRun> run_daemon(const std::vector<std::string>& arguments) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(code_from_errno(errno), "no pipe for vexfsd");
    const Result<pid_t> child = start(arguments, ends[1]);
    ::close(ends[1]);
    DaemonRun run;
    if (child) {
        // A daemon that serves has let go of it.
        run.said = read_to_end(ends[0]);
        int status = 0;
        while (::waitpid(*child, &status, 0) < 0 && errno == EINTR)
            ;
        if (WIFEXITED(status))
            run.status = WEXITSTATUS(status);
    }
    ::close(ends[0]);
    if (!child)
        return child.error();
    return run;
}

} // namespace vexfs
