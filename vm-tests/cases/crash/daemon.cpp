// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/crash/daemon.h"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vexfs {

pid_t start_program_to(const std::vector<std::string>& arguments, const std::string& log) {
    std::vector<std::string> copies = arguments;
    std::vector<char*> raw;
    for (std::string& argument : copies)
        raw.push_back(argument.data());
    raw.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       0644);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t process = -1;
    if (::posix_spawnp(&process, raw[0], &actions, nullptr, raw.data(), environ) != 0)
        process = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    return process;
}

int wait_for(pid_t process) {
    int status = 0;
    if (process < 0 || ::waitpid(process, &status, 0) != process || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

int run_program_to(const std::vector<std::string>& arguments, const std::string& log) {
    return wait_for(start_program_to(arguments, log));
}

Daemon::~Daemon() {
    end(SIGKILL);
    while (::umount2(mountpoint().c_str(), MNT_DETACH) == 0) {
    }
}

std::optional<std::string> Daemon::format(const std::string& size) const {
    if (run_program_to({bin_ + "/mkfs.vexfs", "-q", "--size", size, image()}, log()) != 0)
        return "mkfs.vexfs failed, see " + log();
    if (::mkdir(mountpoint().c_str(), 0755) != 0)
        return mountpoint() + " cannot be made";
    return std::nullopt;
}

std::string Daemon::left_behind() const {
    constexpr std::string_view kKey = "\"module_fs\": ";
    std::ifstream stream(state_file());
    for (std::string line; std::getline(stream, line);)
        if (const size_t at = line.find(kKey); at != std::string::npos)
            return line.substr(at + kKey.size(), line.find(',') - at - kKey.size());
    return {};
}

std::optional<std::string> Daemon::start() const {
    std::vector<std::string> arguments{bin_ + "/vexfsd",
                                       module_ ? "--module" : "--fuse",
                                       mountpoint(),
                                       "--pid-file",
                                       folder_ + "/pid",
                                       "--log-file",
                                       log(),
                                       "--state-file",
                                       state_file()};
    if (const std::string number = left_behind(); !number.empty())
        arguments.insert(arguments.end(), {"--recover", number});
    arguments.push_back(image());
    if (run_program_to(arguments, log()) != 0)
        return "vexfsd did not start, see " + log();
    return std::nullopt;
}

void Daemon::end(int signal) const {
    pid_t daemon = 0;
    std::ifstream(folder_ + "/pid") >> daemon;
    if (daemon <= 0 || ::kill(daemon, signal) != 0)
        return;
    const int file = ::open(image().c_str(), O_RDWR | O_CLOEXEC);
    while (file >= 0 && ::flock(file, LOCK_EX | LOCK_NB) != 0)
        std::this_thread::yield();
    ::close(file);
    ::unlink((folder_ + "/pid").c_str());
}

std::optional<std::string> Daemon::check() const {
    if (run_program_to({bin_ + "/fsck.vexfs", "-n", image()}, log()) != 0)
        return "fsck.vexfs found something, see " + log();
    return std::nullopt;
}

} // namespace vexfs
