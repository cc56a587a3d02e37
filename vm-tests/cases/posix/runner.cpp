// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/runner.h"

#include <array>
#include <chrono>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vexfs {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void be_the_case(const Case& what, const std::string& directory, int report) {
    works(prctl(PR_SET_PDEATHSIG, SIGKILL));
    works(setpgid(0, 0));
    works(dup2(report, STDERR_FILENO));
    works(chdir(directory.c_str()));
    umask(0); // a case names the modes that it means
    what.run();
    _exit(kCasePassed);
}

// Reads until the case and all of its children have closed the pipe; false: it took too long.
bool read_report(int report, unsigned seconds_max, std::string& message) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_max);
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd waits{report, POLLIN, 0};
        if (left.count() <= 0 || poll(&waits, 1, static_cast<int>(left.count())) == 0)
            return false;
        const ssize_t got = read(report, buffer.data(), buffer.size());
        if (got <= 0)
            return true;
        message.append(buffer.data(), static_cast<size_t>(got));
    }
}

CaseResult verdict(int status, std::string message) {
    if (WIFSIGNALED(status))
        return {Outcome::kFailed,
                "it died of signal " + std::to_string(WTERMSIG(status)) + message};
    switch (WEXITSTATUS(status)) {
    case kCasePassed:
        return {Outcome::kPassed, ""};
    case kCaseSkipped:
        return {Outcome::kSkipped, std::move(message)};
    default:
        return {Outcome::kFailed, std::move(message)};
    }
}

CaseResult run_in(const Case& what, const std::string& directory, unsigned seconds_max) {
    std::array<int, 2> pipe_ends{};
    if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0)
        return {Outcome::kFailed, "no pipe"};
    const pid_t child = fork();
    if (child == 0)
        be_the_case(what, directory, pipe_ends[1]);
    close(pipe_ends[1]);
    std::string message;
    int status = 0;
    const bool in_time = child > 0 && read_report(pipe_ends[0], seconds_max, message);
    close(pipe_ends[0]);
    if (child < 0)
        return {Outcome::kFailed, "no process"};
    if (!in_time)
        kill(-child, SIGKILL);
    waitpid(child, &status, 0);
    if (!in_time)
        return {Outcome::kFailed, "it took more than " + std::to_string(seconds_max) + " s"};
    return verdict(status, std::move(message));
}

} // namespace

CaseResult run_case(const Case& what, const std::string& directory, unsigned seconds_max) {
    const auto begin = std::chrono::steady_clock::now();
    std::error_code error;
    fs::create_directory(directory, error);
    if (error)
        return {Outcome::kFailed, directory + ": " + error.message()};
    CaseResult result = run_in(what, directory, seconds_max);
    fs::remove_all(directory, error);
    if (error && result.outcome != Outcome::kFailed)
        result = {Outcome::kFailed, "what it left cannot be removed: " + error.message()};
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    result.seconds = took.count();
    return result;
}

} // namespace vexfs
