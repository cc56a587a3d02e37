// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/exclusive_file.h"

#include <array>
#include <csignal>

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "userlib/device/aligned_buffer.h"
#include "userlib/device/file_device.h"
#include "userlib/device/run_program.h"
#include "userlib/device/scratch_file.h"

using namespace vexfs;

namespace {

// A process that opens a device, reports how that went, and holds it until it is told to end or is
// killed.
class Rival {
  public:
    explicit Rival(const std::string& path) {
        std::array<int, 2> to_rival{};
        std::array<int, 2> from_rival{};
        REQUIRE(::pipe(to_rival.data()) == 0);
        REQUIRE(::pipe(from_rival.data()) == 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::close(to_rival[1]);
            live(path, to_rival[0], from_rival[1]);
        }
        ::close(to_rival[0]);
        ::close(from_rival[1]);
        orders_ = FileDescriptor(to_rival[1]);
        char code = 0;
        const FileDescriptor report(from_rival[0]);
        REQUIRE(::read(report.raw(), &code, 1) == 1);
        opened_ = code == 0;
    }
    ~Rival() { end(0); }

    // Ends it by a signal, or, with 0, by its own return.
    void end(int signal) {
        if (pid_ == 0)
            return;
        if (signal != 0)
            ::kill(pid_, signal);
        orders_.close();
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool opened() const { return opened_; }

  private:
    [[noreturn]] static void live(const std::string& path, int orders, int report) {
        std::string explanation;
        auto device = FileDevice::open(path, {}, explanation);
        const char code = device ? 0 : 1;
        char none = 0;
        if (::write(report, &code, 1) == 1)
            while (::read(orders, &none, 1) > 0) {
            }
        if (device)
            std::move(device).value().reset();
        ::_exit(0);
    }

    FileDescriptor orders_;
    pid_t pid_ = 0;
    bool opened_ = false;
};

Code open_error(const std::string& path, std::string& explanation, bool read_only = false) {
    const auto file = open_exclusive(path, read_only, true, explanation);
    REQUIRE(!file.has_value());
    return file.error().code;
}

} // namespace

TEST_CASE("lock: the second process is told who holds the file, and gets it when that one ends") {
    ScratchFile file(16 * kBlockBytes);
    Rival rival(file.path());
    REQUIRE(rival.opened());
    for (bool read_only : {false, true}) {
        std::string explanation;
        CHECK(open_error(file.path(), explanation, read_only) == Code::kEBUSY);
        CAPTURE(explanation);
        CHECK(explanation.find(file.path() + " is in use: process " + std::to_string(rival.pid()) +
                               " (") == 0);
        CHECK(explanation.find("vexfs_userlib_device_test") != std::string::npos);
    }
    rival.end(0);
    std::string explanation;
    CHECK(open_exclusive(file.path(), false, true, explanation));
}

TEST_CASE("lock: a killed holder leaves nothing behind") {
    ScratchFile file(16 * kBlockBytes);
    for (int round = 0; round < 5; ++round) {
        Rival rival(file.path());
        REQUIRE(rival.opened());
        rival.end(SIGKILL);
        std::string explanation;
        const auto opened = open_exclusive(file.path(), false, true, explanation);
        CAPTURE(explanation);
        CHECK(opened.has_value());
    }
}

TEST_CASE("lock: of two processes that fight for a file one wins") {
    ScratchFile file(16 * kBlockBytes);
    std::string explanation;
    const auto held = open_exclusive(file.path(), false, true, explanation);
    REQUIRE(held.has_value());
    Rival rival(file.path());
    CHECK(!rival.opened());
}

TEST_CASE("lock: readers share a file and keep a writer out") {
    ScratchFile file(16 * kBlockBytes);
    std::string explanation;
    const auto one = open_exclusive(file.path(), true, true, explanation);
    const auto two = open_exclusive(file.path(), true, true, explanation);
    CHECK(one.has_value());
    CHECK(two.has_value());
    CHECK(open_error(file.path(), explanation) == Code::kEBUSY);
}

TEST_CASE("lock: the backing store of a loop device is busy, and so is an open block device") {
    ScratchFile file(1 << 20);
    auto loop = LoopDevice::attach(file);
    if (!loop) {
        MESSAGE("skipped: no loop device is available");
        return;
    }
    std::string explanation;
    CHECK(open_error(file.path(), explanation) == Code::kEBUSY);
    CHECK(explanation == file.path() + " is in use: it is the backing store of " + loop->path());

    Rival rival(loop->path());
    REQUIRE(rival.opened());
    for (bool read_only : {false, true}) {
        CHECK(open_error(loop->path(), explanation, read_only) == Code::kEBUSY);
        CHECK(explanation.find(loop->path() + " is in use: process " +
                               std::to_string(rival.pid())) == 0);
    }
    rival.end(SIGKILL);
    const auto opened = open_exclusive(loop->path(), false, true, explanation);
    CAPTURE(explanation);
    CHECK(opened.has_value());
}

TEST_CASE("lock: a mounted block device is busy, and the mount point is named") {
    ScratchFile file(8 << 20);
    auto loop = LoopDevice::attach(file);
    const std::string folder = file.path() + ".mnt";
    if (!loop || !run_program({"mke2fs", "-q", "-F", "-t", "ext4", file.path()}) ||
        ::mkdir(folder.c_str(), 0700) != 0 ||
        ::mount(loop->path().c_str(), folder.c_str(), "ext4", MS_RDONLY, "") != 0) {
        ::rmdir(folder.c_str());
        MESSAGE("skipped: it takes a loop device, mke2fs and the right to mount");
        return;
    }
    std::string explanation;
    CHECK(open_error(loop->path(), explanation) == Code::kEBUSY);
    CHECK(explanation == loop->path() + " is in use: it is mounted on " + folder);
    CHECK(::umount(folder.c_str()) == 0);
    ::rmdir(folder.c_str());
    CHECK(open_exclusive(loop->path(), false, true, explanation));
}
