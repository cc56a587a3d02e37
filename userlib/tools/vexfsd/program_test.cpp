// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/testing/mount/scratch_mount.h"
#include "userlib/testing/volume/file_volume.h"

using namespace vexfs;

namespace {

const std::string kProgram = VEXFS_PROGRAM;

bool exists(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0;
}

// A volume, a place to mount it, and what the daemon leaves meanwhile.
struct Mounting : ScratchMount {
    const std::string pid_file = directory() + "/pid";
    const std::string state_file = directory() + "/state";
    const std::string log_file = directory() + "/log";
    const std::string config_file = directory() + "/config";

    Mounting() : ScratchMount(kProgram.substr(0, kProgram.rfind('/'))) {}

    [[nodiscard]] ProgramRun start(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{kProgram,     "--fuse",     point(),
                                           "--pid-file", pid_file,     "--state-file",
                                           state_file,   "--log-file", log_file};
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.push_back(image());
        return run_program(arguments);
    }
    [[nodiscard]] pid_t pid() const { return std::stoi(text_of(pid_file)); }
    [[nodiscard]] std::string at(const std::string& name) const { return point() + "/" + name; }
    [[nodiscard]] nlohmann::json config() const {
        return nlohmann::json::parse(text_of(at(".vexfs/config.json")));
    }
};

} // namespace

TEST_CASE("vexfsd: it returns when the mount serves, and SIGTERM leaves everything in order") {
    if (ScratchMount::is_impossible())
        return;
    const Mounting place;
    const ProgramRun run = place.start();
    CAPTURE(run.err);
    REQUIRE(run.status == 0);
    CHECK(run.out.empty());
    CHECK(run.err.empty());
    const auto state = nlohmann::json::parse(text_of(place.state_file));
    CHECK(state["state"] == "serving");
    CHECK(state["pid"] == place.pid());
    CHECK(state["mountpoint"] == place.point());
    CHECK(
        text_of("/proc/self/mounts").find(place.image() + " " + place.point() + " fuse.vexfs rw") !=
        std::string::npos);
    REQUIRE(::mkdir(place.at("d").c_str(), 0700) == 0);
    std::ofstream(place.at("d/f")) << "not synced by anybody";
    REQUIRE(place.end_daemons(SIGTERM));
    CHECK(!exists(place.at("d")));
    CHECK(!exists(place.pid_file));
    CHECK(!exists(place.state_file));
    CHECK(text_of(place.log_file).find("vexfsd: ended") != std::string::npos);
    CHECK(place.sound());

    REQUIRE(place.start().status == 0);
    CHECK(text_of(place.at("d/f")) == "not synced by anybody");
    struct stat found {};
    REQUIRE(::stat(place.at("d").c_str(), &found) == 0);
    CHECK(found.st_mode == (S_IFDIR | 0700));
    // Whoever unmounts ends the daemon too.
    REQUIRE(::umount2(place.point().c_str(), 0) == 0);
    while (exists(place.pid_file))
        std::this_thread::yield();
}

TEST_CASE("vexfsd: what was synced outlives kill -9, and the next start replaces the dead mount") {
    if (ScratchMount::is_impossible())
        return;
    const Mounting place;
    REQUIRE(place.start().status == 0);
    const std::string text(100'000, 's');
    REQUIRE(write_synced(place.at("synced"), text));
    std::ofstream(place.at("not synced")) << "text";
    REQUIRE(place.kill_daemons());
    errno = 0;
    CHECK(!exists(place.at("synced")));
    CHECK(errno == ENOTCONN);
    const ProgramRun again = place.start();
    CAPTURE(again.err);
    REQUIRE(again.status == 0);
    CHECK(text_of(place.at("synced")) == text);
    CHECK(text_of(place.log_file).find("the mount of an engine that has ended is replaced") ==
          std::string::npos); // said before the log file was opened: the terminal's
    REQUIRE(place.end_daemons(SIGTERM));
    CHECK(!exists(place.at("synced")));
    CHECK(place.sound());
}

TEST_CASE("vexfsd: a daemon whose mount was taken away leaves alone what stands there since") {
    if (ScratchMount::is_impossible())
        return;
    const Mounting place;
    REQUIRE(place.start().status == 0);
    const pid_t daemon = place.pid();
    REQUIRE(::kill(daemon, SIGSTOP) == 0); // so that it learns of both at once
    REQUIRE(::umount2(place.point().c_str(), MNT_DETACH) == 0);
    REQUIRE(::mount("none", place.point().c_str(), "tmpfs", 0, nullptr) == 0);
    REQUIRE(::kill(daemon, SIGCONT) == 0);
    while (!place.daemons().empty())
        std::this_thread::yield();
    CHECK(place.times_mounted() == 1);
    REQUIRE(::umount2(place.point().c_str(), 0) == 0);
}

TEST_CASE("vexfsd: an application's ioctl reaches the engine, and the reply is as long as it is") {
    if (ScratchMount::is_impossible())
        return;
    const Mounting place;
    REQUIRE(place.start().status == 0);
    std::ofstream(place.at("f")) << "text";
    union {
        vexfs_msg msg;
        char bytes[4096];
    } message;
    const auto send = [&](int descriptor, uint16_t op) {
        std::memset(&message, 0x55, sizeof message);
        message.msg = {};
        message.msg.size = sizeof message.msg;
        message.msg.room = sizeof message;
        message.msg.op = op;
        message.msg.version = VEXFS_ABI_VERSION;
        return ::ioctl(descriptor, VEXFS_IOC(op, sizeof message), &message);
    };
    for (const std::string& path : {place.at("f"), place.point()}) {
        CAPTURE(path);
        const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(send(file.raw(), VEXFS_OP_HELLO) == 0);
        vexfs_hello_reply hello;
        std::memcpy(&hello, message.bytes + sizeof message.msg, sizeof hello);
        CHECK(hello.front_end == VEXFS_FRONT_END_FUSE);
        REQUIRE(message.msg.size < sizeof message);
        CHECK(message.bytes[message.msg.size] == 0x55);
        CHECK(send(file.raw(), VEXFS_OP_SYNC) == 0);
        CHECK(send(file.raw(), VEXFS_OP_SCHEMA_GET) == -1);
        CHECK(errno == ENODATA);
        CHECK(message.msg.status == -ENODATA);
        CHECK(send(file.raw(), VEXFS_OP_URING) == -1);
        CHECK(errno == EOPNOTSUPP);
        CHECK(message.msg.status == -EOPNOTSUPP);
        CHECK(send(file.raw(), 0x3F) == -1);
        CHECK(errno == ENOTTY);
    }
    const FileDescriptor writer(::open(place.at("f").c_str(), O_WRONLY | O_CLOEXEC));
    CHECK(send(writer.raw(), VEXFS_OP_HELLO) == -1);
    CHECK(errno == EBADF);
}

TEST_CASE("vexfsd: SIGHUP reads the configuration file again, and a wrong one changes nothing") {
    if (ScratchMount::is_impossible())
        return;
    const Mounting place;
    std::ofstream(place.config_file) << R"({"log_level": "error", "commit": 7})";
    REQUIRE(place.start({"--config", place.config_file}).status == 0);
    CHECK(place.config()["commit_ms"] == 7000);
    std::ofstream(place.config_file) << R"({"log_level": "info", "commit": 9})";
    REQUIRE(::kill(place.pid(), SIGHUP) == 0);
    while (place.config()["commit_ms"] != 9000)
        std::this_thread::yield();
    std::ofstream(place.config_file) << R"({"comit": 11})";
    REQUIRE(::kill(place.pid(), SIGHUP) == 0);
    while (text_of(place.log_file).find("'comit' is not known") == std::string::npos)
        std::this_thread::yield();
    CHECK(place.config()["commit_ms"] == 9000);
}

TEST_CASE("vexfsd: a service manager is told when the mount serves and when it ends") {
    if (ScratchMount::is_impossible())
        return;
    const Mounting place;
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = place.directory() + "/notify";
    std::memcpy(address.sun_path, path.c_str(), path.size());
    REQUIRE(::bind(socket.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const auto told = [&] {
        std::string text(100, '\0');
        const ssize_t count = ::recv(socket.raw(), text.data(), text.size(), 0);
        text.resize(count > 0 ? static_cast<size_t>(count) : 0);
        return text;
    };
    REQUIRE(::setenv("NOTIFY_SOCKET", path.c_str(), 1) == 0); // NOLINT: one thread
    const ProgramRun run = place.start();
    ::unsetenv("NOTIFY_SOCKET"); // NOLINT: one thread
    REQUIRE(run.status == 0);
    CHECK(told() == "READY=1");
    REQUIRE(place.end_daemons(SIGTERM));
    CHECK(told() == "STOPPING=1");
}

TEST_CASE("vexfsd: what cannot be served is refused in a sentence, and leaves no mount") {
    const Mounting place;
    const auto refused = [&](const std::vector<std::string>& arguments, int status,
                             const std::string& sentence) {
        std::vector<std::string> all = arguments;
        all.insert(all.begin(), VEXFS_PROGRAM);
        const ProgramRun run = run_program(all);
        CAPTURE(run.err);
        CHECK(run.status == status);
        CHECK(run.err.find("vexfsd: " + sentence) == 0);
        CHECK(text_of("/proc/self/mounts").find(place.point()) == std::string::npos);
    };
    const std::string& image = place.image();
    refused({}, 2, "no target is named");
    refused({image}, 2, "no front end is named");
    refused({"--fuse", place.point(), image, image}, 2, "more than one target");
    refused({"--bogus", image}, 2, "option --bogus is not known");
    refused({"--fuse", place.point(), "--commit", "0", image}, 2, "--commit is a number");
    refused({"--fuse", place.point(), "--memory", "lots", image}, 2, "'lots' is no size");
    refused({"--fuse", place.point(), "--log-level", "loud", image}, 2, "'loud' is no log");
    refused({"--module", place.point(), "--doorbell", "gong", image}, 2, "'gong' is no doorbell");
    refused({"--module", place.point(), "--recover", "0", image}, 2, "--recover is a number");
    for (const char* poll : {"10001", "0", "now and then"})
        refused({"--module", place.point(), "--poll", poll, image}, 2,
                "--poll is off or auto, or is a number from 1 to 10000");
    refused({"--fuse", place.point(), "--poll", "10", image}, 2, "--poll goes with --module");
    for (const char* where : {"-f", "--read-only"}) { // with and without a daemon
        refused({"--fuse", place.point(), where, "/nonexistent/a"}, 1, "/nonexistent/a: No such");
        refused({"--fuse", place.point(), where, "--memory", "1M", image}, 1, "mem= is at least");
        refused({"--fuse", image, where, image}, 1, image + " is not a directory [ENOTDIR]");
        refused({"--fuse", "/nonexistent/b", where, image}, 1, "/nonexistent/b: No such");
        const FileVolume bare(uint64_t{64} << 20, false);
        refused({"--fuse", place.point(), where, bare.path()}, 1,
                bare.path() + ": it holds a store without a root directory");
    }
    CHECK(run_program({VEXFS_PROGRAM, "--help"}).out.find("usage: vexfsd") == 0);
    CHECK(run_program({VEXFS_PROGRAM, "--version"}).out.find("vexfsd ") == 0);
    if (ScratchMount::is_impossible())
        return;
    REQUIRE(place.start().status == 0);
    const ProgramRun second = run_program({VEXFS_PROGRAM, "--fuse", place.point(), image});
    CHECK(second.status == 1);
    CHECK(second.err.find("is in use: process " + std::to_string(place.pid())) !=
          std::string::npos);
}
