// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/holder.h"

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace vexfs {

namespace {

namespace fs = std::filesystem;

constexpr size_t kCommandChars = 120;

struct LockLine {
    pid_t pid = 0;
    dev_t device = 0;
    ino_t inode = 0;
};

// "7: FLOCK  ADVISORY  WRITE 1234 fe:00:10952781 0 EOF"; a waiting lock has "->" behind the number.
std::optional<LockLine> parse_lock(const std::string& line) {
    std::istringstream words(line);
    std::string number, type, mode, access, place;
    long pid = 0;
    words >> number >> type >> mode >> access >> pid >> place;
    unsigned major_number = 0;
    unsigned minor_number = 0;
    uint64_t inode = 0;
    if (!words || type != "FLOCK" ||
        std::sscanf(place.c_str(), "%x:%x:%" SCNu64, &major_number, &minor_number, &inode) != 3)
        return std::nullopt;
    return LockLine{static_cast<pid_t>(pid), makedev(major_number, minor_number), inode};
}

// Some file systems state another device in /proc/locks than in stat(2); the open files of the
// process decide then.
bool has_open(pid_t pid, const struct stat& wanted) {
    std::error_code error;
    fs::directory_iterator entry("/proc/" + std::to_string(pid) + "/fd", error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        struct stat found {};
        if (::stat(entry->path().c_str(), &found) == 0 && found.st_dev == wanted.st_dev &&
            found.st_ino == wanted.st_ino)
            return true;
    }
    return false;
}

std::string command_of(pid_t pid) {
    const std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
    std::ostringstream read; // unlike an iterator it throws nothing if the process has ended
    read << file.rdbuf();
    std::string command = read.str();
    while (!command.empty() && command.back() == '\0')
        command.pop_back();
    for (char& character : command)
        if (static_cast<unsigned char>(character) < ' ')
            character = ' ';
    if (command.size() > kCommandChars)
        command.replace(kCommandChars, std::string::npos, "...");
    return command;
}

bool is_alive(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line))
        return false;
    // The state follows the command, which stands in parentheses and may contain any character.
    const size_t end = line.rfind(')');
    const bool parsed = end != std::string::npos && end + 2 < line.size();
    return parsed && line[end + 2] != 'Z' && line[end + 2] != 'X';
}

} // namespace

std::vector<LockHolder> lock_holders(int descriptor) {
    std::vector<LockHolder> holders;
    struct stat wanted {};
    if (::fstat(descriptor, &wanted) != 0)
        return holders;
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        const auto lock = parse_lock(line);
        if (!lock || lock->inode != wanted.st_ino)
            continue;
        if (lock->device != wanted.st_dev && !has_open(lock->pid, wanted))
            continue;
        if (lock->pid <= 0)
            holders.push_back({0, {}});
        else if (is_alive(lock->pid))
            holders.push_back({lock->pid, command_of(lock->pid)});
    }
    return holders;
}

std::string describe(const LockHolder& holder) {
    if (holder.pid == 0)
        return "a process that cannot be seen from here (another container or user)";
    return "process " + std::to_string(holder.pid) + " (" + holder.command + ")";
}

std::optional<std::string> mount_point(dev_t device) {
    const std::string wanted = std::to_string(major(device)) + ':' + std::to_string(minor(device));
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string id, parent, place, root, point;
        words >> id >> parent >> place >> root >> point;
        if (place == wanted)
            return point;
    }
    return std::nullopt;
}

std::optional<std::string> loop_device_over(dev_t file_system, ino_t inode) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/sys/block", error)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with("loop"))
            continue;
        std::ifstream file(entry.path() / "loop/backing_file");
        std::string backing;
        struct stat found {};
        if (std::getline(file, backing) && ::stat(backing.c_str(), &found) == 0 &&
            found.st_dev == file_system && found.st_ino == inode)
            return "/dev/" + name;
    }
    return std::nullopt;
}

} // namespace vexfs
