// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexfsd/daemon.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace vexfs {

namespace {

// The parent's whole life: the first byte is the exit status, the rest a sentence for stderr.
[[noreturn]] void wait_for_word(int pipe) {
    std::string word;
    std::array<char, 512> piece{};
    for (;;) {
        const ssize_t count = ::read(pipe, piece.data(), piece.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        word.append(piece.data(), static_cast<size_t>(count));
    }
    if (word.empty()) // it was killed
        word = "\1vexfsd: the daemon ended before it served\n";
    std::fputs(word.c_str() + 1, stderr);
    std::fflush(nullptr);
    ::_exit(word[0]);
}

void write_all(int descriptor, const std::string& text) {
    size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = ::write(descriptor, text.data() + done, text.size() - done);
        if (count < 0 && errno != EINTR)
            return; // the parent was killed
        done += count > 0 ? static_cast<size_t>(count) : 0;
    }
}

void redirect(const char* path, int flags, int to) {
    const int opened = ::open(path, flags | O_CLOEXEC, 0644);
    if (opened < 0)
        return;
    ::dup2(opened, to);
    ::close(opened);
}

} // namespace

Result<Daemon> Daemon::split(bool foreground) {
    if (foreground)
        return Daemon(-1);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(code_from_errno(errno), "vexfsd: pipe");
    const pid_t child = ::fork();
    if (child < 0)
        return fail(code_from_errno(errno), "vexfsd: fork");
    if (child > 0) {
        ::close(ends[1]);
        wait_for_word(ends[0]);
    }
    ::close(ends[0]);
    ::setsid();
    if (::chdir("/") != 0)
        return fail(code_from_errno(errno), "vexfsd: chdir");
    return Daemon(ends[1]);
}

Daemon::Daemon(Daemon&& other) noexcept : pipe_(std::exchange(other.pipe_, -1)) {}

Daemon::~Daemon() {
    if (pipe_ >= 0)
        ::close(pipe_);
}

void Daemon::serves(const std::string& log_file) {
    if (pipe_ < 0)
        return;
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect("/dev/null", O_WRONLY, STDOUT_FILENO);
    if (log_file.empty())
        redirect("/dev/null", O_WRONLY, STDERR_FILENO);
    else
        redirect(log_file.c_str(), O_WRONLY | O_APPEND | O_CREAT, STDERR_FILENO);
    write_all(pipe_, std::string(1, '\0'));
    ::close(std::exchange(pipe_, -1));
}

void Daemon::failed(const std::string& sentence) {
    if (pipe_ < 0) {
        std::fputs(sentence.c_str(), stderr);
        return;
    }
    write_all(pipe_, '\1' + sentence);
    ::close(std::exchange(pipe_, -1));
}

void notify_manager(const char* state) {
    const char* const path = std::getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe)
    if (path == nullptr)
        return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const size_t length = std::strlen(path);
    if (length < 2 || length >= sizeof address.sun_path)
        return;
    std::memcpy(address.sun_path, path, length);
    if (path[0] == '@') // an abstract name
        address.sun_path[0] = '\0';
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return;
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    ::sendto(socket, state, std::strlen(state), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), bytes);
    ::close(socket);
}

} // namespace vexfs
