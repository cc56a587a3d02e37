// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"
#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;

namespace {

// A volume that is closed at the end; `result` is that of opening it.
struct Opened {
    explicit Opened(const std::string& path) : result(vexfs_open(path.c_str(), &volume, &reason)) {}
    ~Opened() { vexfs_close(volume); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    vexfs_volume* volume = nullptr;
    vexfs_reason reason{};
    int result;
};

// The text of a report, or the sentence that says why there is none.
std::string report(const Opened& opened, const char* name, int expected) {
    char* text = nullptr;
    size_t bytes = 0;
    vexfs_reason reason{};
    const int result = vexfs_report(opened.volume, name, &text, &bytes, &reason);
    CHECK(result == expected);
    std::string all = result == 0 ? std::string(text, bytes) : reason.text;
    CHECK((result != 0 || text[bytes] == '\0'));
    std::free(text);
    return all;
}

} // namespace

TEST_CASE("client: what is on no volume is ENOTTY, and the reason says so") {
    const ScratchDirectory directory;
    const Opened elsewhere(directory.path());
    CHECK(elsewhere.result == -ENOTTY);
    CHECK(std::string(elsewhere.reason.text) == "this is not on a VexFS volume");
    CHECK(elsewhere.volume == nullptr);
    CHECK(Opened("/proc/self/mountinfo").result == -ENOTTY);
    const Opened absent(directory.path() + "/absent");
    CHECK(absent.result == -ENOENT);
    CHECK(std::string(absent.reason.text) == "No such file or directory");
    CHECK(vexfs_open((directory.path() + "/absent").c_str(), nullptr, nullptr) == -ENOENT);
    // Opening a fifo would wait for a writer.
    const std::string fifo = directory.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(Opened(fifo).result == -EINVAL);
    vexfs_close(nullptr);
}

TEST_CASE("client: a file of a volume leads to its root, its engine and its reports") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(VEXFS_PROGRAMS);
    REQUIRE(scratch.mount().status == 0);
    std::filesystem::create_directory(scratch.point() + "/below");
    REQUIRE(write_text(scratch.point() + "/below/file", "text"));
    for (const char* path : {"", "/below", "/below/file", "/.vexfs/stats.json"}) {
        CAPTURE(path);
        const Opened opened(scratch.point() + path);
        REQUIRE(opened.result == 0);
        CHECK(vexfs_root(opened.volume) == scratch.point());
        CHECK(vexfs_source(opened.volume) == scratch.image());
        CHECK(std::string(vexfs_type(opened.volume)) == "fuse.vexfs");
        vexfs_hello_reply hello{};
        CHECK(vexfs_hello(opened.volume, &hello, nullptr) == 0);
        CHECK(hello.abi_max == VEXFS_ABI_VERSION);
        CHECK(hello.front_end == VEXFS_FRONT_END_FUSE);
        CHECK(std::string(reinterpret_cast<const char*>(hello.engine)) == vexfs_version());
        CHECK(report(opened, "stats.json", 0).find("\"vexfs.stats/1\"") != std::string::npos);
        CHECK(report(opened, "config.json", 0).ends_with("}\n"));
        CHECK(report(opened, "absent.json", -ENOENT) ==
              scratch.point() + "/.vexfs/absent.json: No such file or directory");
        CHECK(report(opened, "../below/file", -EINVAL) == "'../below/file' is no name of a report");
    }
    CHECK(scratch.unmount());
}

TEST_CASE("client: what was synced is there after the engine was killed") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(VEXFS_PROGRAMS);
    REQUIRE(scratch.mount({"-o", "commit=3600"}).status == 0);
    REQUIRE(write_text(scratch.point() + "/kept", "text"));
    {
        const Opened opened(scratch.point());
        REQUIRE(opened.result == 0);
        CHECK(vexfs_sync(opened.volume, nullptr) == 0);
        REQUIRE(scratch.kill_daemons());
        // Each call says that nobody is there.
        vexfs_reason reason{};
        CHECK(vexfs_sync(opened.volume, &reason) == -ENOTCONN);
        CHECK(std::string(reason.text) == "the engine behind the mount has ended");
        CHECK(report(opened, "stats.json", -ENOTCONN) ==
              scratch.point() + "/.vexfs/stats.json: " + reason.text);
    }
    const Opened dead(scratch.point());
    CHECK(dead.result == -ENOTCONN);
    CHECK(std::string(dead.reason.text) == "the engine behind the mount has ended");
    REQUIRE(scratch.mount().status == 0);
    CHECK(text_of(scratch.point() + "/kept") == "text");
    CHECK(scratch.unmount());
}

TEST_CASE("client: a mount point with blanks is found, and a part that is mounted elsewhere too") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(VEXFS_PROGRAMS, "a mount\\ with\tblanks");
    REQUIRE(scratch.mount().status == 0);
    {
        const Opened opened(scratch.point());
        REQUIRE(opened.result == 0);
        CHECK(vexfs_root(opened.volume) == scratch.point());
        CHECK(report(opened, "stats.json", 0).size() > 100);
    }
    // A bind mount of a directory: the root is where it was.
    std::filesystem::create_directory(scratch.point() + "/part");
    const std::string part = scratch.directory() + "/part";
    std::filesystem::create_directory(part);
    REQUIRE(::mount((scratch.point() + "/part").c_str(), part.c_str(), nullptr, MS_BIND, nullptr) ==
            0);
    {
        const Opened opened(part);
        CHECK(opened.result == 0);
        CHECK(vexfs_root(opened.volume) == scratch.point());
        // The root is out of reach, as in a container: messages still are answered.
        CHECK(::umount2(scratch.point().c_str(), MNT_DETACH) == 0);
        const Opened alone(part);
        CHECK(alone.result == 0);
        CHECK(vexfs_root(alone.volume) == nullptr);
        CHECK(vexfs_source(alone.volume) == nullptr);
        CHECK(vexfs_sync(alone.volume, nullptr) == 0);
        CHECK(report(alone, "stats.json", -ENOENT) ==
              "the root of the volume is not mounted where you can reach it");
    }
    CHECK(::umount2(part.c_str(), MNT_DETACH) == 0);
}
