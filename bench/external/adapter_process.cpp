// SPDX-License-Identifier: Apache-2.0
#include "bench/external/adapter_process.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/error.h"

namespace vexfs {

Result<AdapterProcess> AdapterProcess::start(const std::string& path) {
    // A socket, not pipes: writing to a program that has ended is an error then and no signal.
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(code_from_errno(errno), "adapter: a socket");
    FileDescriptor ours(ends[0]);
    const FileDescriptor theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.raw(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.raw(), STDOUT_FILENO);
    std::string word = path;
    char* argv[] = {word.data(), nullptr};
    pid_t child = -1;
    const int error = ::posix_spawn(&child, path.c_str(), &actions, nullptr, argv, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return fail(code_from_errno(error), "adapter: cannot be run");
    return AdapterProcess(child, std::move(ours));
}

AdapterProcess::~AdapterProcess() {
    if (process_ < 0)
        return;
    talk_.close();
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
}

AdapterProcess::AdapterProcess(AdapterProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)), talk_(std::move(other.talk_)),
      rest_(std::move(other.rest_)) {}

Result<std::string> AdapterProcess::ask(const std::string& line) {
    const std::string whole = line + "\n";
    for (size_t sent = 0; sent < whole.size();) {
        const ssize_t now =
            ::send(talk_.raw(), whole.data() + sent, whole.size() - sent, MSG_NOSIGNAL);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            return fail(Code::kEIO, "adapter: it has ended");
        sent += static_cast<size_t>(now);
    }
    size_t looked = 0;
    while (true) {
        const size_t end = rest_.find('\n', looked);
        if (end != std::string::npos) {
            std::string answer = rest_.substr(0, end);
            rest_.erase(0, end + 1);
            return answer;
        }
        looked = rest_.size();
        if (looked > kAnswerBytesMax)
            return fail(Code::kEIO, "adapter: an answer without end");
        char piece[65536];
        const ssize_t got = ::recv(talk_.raw(), piece, sizeof piece, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return fail(Code::kEIO, "adapter: it ended without an answer");
        rest_.append(piece, static_cast<size_t>(got));
    }
}

Status AdapterProcess::pin_to(uint32_t processor) const {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(processor, &only);
    std::error_code error;
    const std::string tasks = "/proc/" + std::to_string(process_) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
        const auto number =
            static_cast<pid_t>(std::strtol(task.path().filename().c_str(), nullptr, 10));
        // A thread that has ended meanwhile needs no processor.
        if (::sched_setaffinity(number, sizeof only, &only) != 0 && errno != ESRCH)
            return fail(code_from_errno(errno), "adapter: pin");
    }
    if (error)
        return fail(code_from_errno(error.value()), "adapter: its threads");
    return ok();
}

uint64_t AdapterProcess::resident_bytes() const {
    std::ifstream file("/proc/" + std::to_string(process_) + "/statm");
    uint64_t total = 0;
    uint64_t resident = 0;
    file >> total >> resident;
    return file ? resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

} // namespace vexfs
