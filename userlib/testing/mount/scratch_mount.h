// SPDX-License-Identifier: Apache-2.0
//
// A volume in an image file, and a directory to mount it at: for tests that go the way of a user,
// through programs and the kernel. At the end the mount and its daemon are gone, whatever happened.
//
// It finds daemons by the mount point in their command line, so that it sees none of another test.
//
// Threads: one thread.
#pragma once

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "userlib/device/run_program.h"

namespace vexfs {

// What of it can be read: a file of /proc ends when its process does.
inline std::string text_of(const std::string& path) {
    const std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

// Whether all of it was taken.
inline bool write_text(const std::string& path, const std::string& text) {
    std::ofstream stream(path, std::ios::binary);
    stream << text;
    stream.close();
    return stream.good();
}

// Whether all of it was taken and is durable.
inline bool write_synced(const std::string& path, const std::string& text) {
    const FileDescriptor file(::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644));
    return file.is_open() &&
           ::write(file.raw(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
           ::fsync(file.raw()) == 0;
}

class ScratchMount {
  public:
    // `programs`: the folder of mkfs.vexfs, vexfsd and mount.vexfs. `name`: of the mount point.
    explicit ScratchMount(std::string programs, const std::string& name = "mnt")
        : programs_(std::move(programs)), image_(directory_.path() + "/volume.img"),
          point_(directory_.path() + "/" + name) {
        std::filesystem::create_directory(point_);
        VEXFS_ASSERT(
            run_program({programs_ + "/mkfs.vexfs", "-q", "-L", "trial", "--size", "96M", image_})
                .status == 0);
    }
    ~ScratchMount() { end(); }
    ScratchMount(const ScratchMount&) = delete;
    ScratchMount& operator=(const ScratchMount&) = delete;

    // Whether this machine does not mount FUSE for us; then a test that needs it says so and ends.
    static bool is_impossible() {
        if (::geteuid() == 0 && FileDescriptor(::open("/dev/fuse", O_RDWR | O_CLOEXEC)).is_open())
            return false;
        std::fputs("skipped: mounting needs root and /dev/fuse\n", stderr);
        return true;
    }

    [[nodiscard]] const std::string& image() const { return image_; }
    [[nodiscard]] const std::string& point() const { return point_; }
    [[nodiscard]] const std::string& directory() const { return directory_.path(); }
    [[nodiscard]] std::string program(const std::string& name) const {
        return programs_ + "/" + name;
    }

    // With mount.vexfs and these arguments.
    [[nodiscard]] ProgramRun mount(const std::vector<std::string>& arguments = {}) const {
        std::vector<std::string> all{program("mount.vexfs"), image_, point_};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return run_program(all);
    }

    // Unmounts in order; whether the daemon ended by itself within a minute.
    [[nodiscard]] bool unmount() const {
        const std::vector<pid_t> serving = daemons();
        if (::umount2(point_.c_str(), 0) != 0)
            return false;
        bool ended = true;
        for (const pid_t pid : serving)
            ended &= wait_for_end(pid);
        return ended;
    }

    // The daemons that serve this mount point or try to.
    [[nodiscard]] std::vector<pid_t> daemons() const {
        std::vector<pid_t> found;
        std::error_code ended;
        for (const auto& process : std::filesystem::directory_iterator("/proc", ended)) {
            const std::string name = process.path().filename();
            if (name.find_first_not_of("0123456789") != std::string::npos)
                continue;
            const std::string line = text_of(process.path() / "cmdline");
            const std::string own = point_ + '\0'; // a whole argument
            if (line.substr(0, line.find('\0')).ends_with("vexfsd") &&
                line.find(own) != std::string::npos)
                found.push_back(std::stoi(name));
        }
        return found;
    }

    // How often something is mounted there.
    [[nodiscard]] size_t times_mounted() const {
        std::ifstream table("/proc/self/mountinfo");
        size_t times = 0;
        for (std::string line; std::getline(table, line);)
            times += line.find(" " + point_ + " ") != std::string::npos ? 1 : 0;
        return times;
    }

    // Sends each daemon the signal and waits for its end; SIGKILL is as a crash would be.
    [[nodiscard]] bool end_daemons(int signal) const {
        bool ended = true;
        for (const pid_t pid : daemons())
            ended &= ::kill(pid, signal) == 0 && wait_for_end(pid);
        return ended;
    }
    [[nodiscard]] bool kill_daemons() const { return end_daemons(SIGKILL); }

    // Whether fsck.vexfs finds nothing.
    [[nodiscard]] bool sound() const {
        return run_program({program("fsck.vexfs"), "-n", image_}).status == 0;
    }

  private:
    static bool wait_for_end(pid_t pid) {
        const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        if (!process.is_open())
            return true; // gone already
        pollfd wanted{process.raw(), POLLIN, 0};
        return ::poll(&wanted, 1, 60'000) == 1;
    }

    void end() const {
        const std::vector<pid_t> serving = daemons();
        while (::umount2(point_.c_str(), MNT_DETACH) == 0)
            ;
        for (const pid_t pid : serving)
            if (!wait_for_end(pid))
                ::kill(pid, SIGKILL);
    }

    const ScratchDirectory directory_;
    const std::string programs_;
    const std::string image_;
    const std::string point_;
};

} // namespace vexfs
