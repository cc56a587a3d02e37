// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>

#include <doctest/doctest.h>

#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;

namespace {

const std::string kProgram = VEXFS_PROGRAM;
const std::string kPrograms = kProgram.substr(0, kProgram.rfind('/'));

ProgramRun mount_vexfs(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kProgram);
    return run_program(arguments);
}

unsigned long flags_of(const std::string& path) {
    struct statvfs found {};
    REQUIRE(::statvfs(path.c_str(), &found) == 0);
    return found.f_flag;
}

} // namespace

TEST_CASE("mount: a wrong command line is exit 1, says what is wrong and mounts nothing") {
    const auto wrong = [](const std::vector<std::string>& arguments, const std::string& sentence) {
        const ProgramRun run = mount_vexfs(arguments);
        CAPTURE(run.err);
        CHECK(run.status == 1);
        CHECK(run.out.empty());
        return run.err.starts_with("mount.vexfs: " + sentence);
    };
    CHECK(wrong({}, "a device and a directory are needed\nusage: "));
    CHECK(wrong({"a", "b", "c"}, "more than a device and a directory is named\n"));
    CHECK(wrong({"a", "b", "-x"}, "option -x is not known\n"));
    CHECK(wrong({"a", "b", "-o"}, "option -o needs a value\n"));
    CHECK(wrong({"a", "b", "-o", "rw,bogus=1"}, "option bogus is not known (-s ignores such"));
    CHECK(wrong({"a", "b", "-o", "mem"}, "option mem needs a value\n"));
    CHECK(wrong({"a", "b", "-o", "ro=1"}, "option ro takes no value\n"));
    CHECK(wrong({"a", "b", "-o", "remount,ro"}, "option remount is not offered: unmount it and"));
    CHECK(wrong({"a", "b", "-o", "relatime"}, "option relatime is not offered: reading a file"));
    CHECK(mount_vexfs({"-h"}).out.starts_with("usage: mount.vexfs"));
    CHECK(mount_vexfs({"-V"}).out.starts_with("mount.vexfs "));
}

TEST_CASE("mount: -f looks and mounts nothing, -v says what would be run") {
    const ScratchFile image(0);
    const ScratchDirectory point;
    const ProgramRun run =
        mount_vexfs({image.path(), point.path(), "-f", "-v", "-o",
                     "ro,nosuid,mem=80M,commit=9,cpus=2,noauto,x-systemd.automount,_netdev"});
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(run.out == kPrograms + "/vexfsd --fuse " + point.path() +
                         " --read-only --memory 80M --commit 9 --cpus 2 --mount-flags nosuid -- " +
                         image.path() + "\n");
    // The later of two words holds.
    CHECK(mount_vexfs({"-fvo", "ro,nodev,rw,dev", image.path(), point.path()}).out ==
          kPrograms + "/vexfsd --fuse " + point.path() + " -- " + image.path() + "\n");
    CHECK(mount_vexfs({"-fso", "bogus,data=ordered", image.path(), point.path()}).status == 0);
    CHECK(std::filesystem::is_empty(point.path()));
}

TEST_CASE(
    "mount: what cannot be mounted is exit 32 with one sentence, and leaves nothing mounted") {
    const ScratchFile zeros(64 << 20);
    const ScratchDirectory point;
    const auto failed = [&](const std::string& device, const std::string& directory) {
        const ProgramRun run = mount_vexfs({device, directory});
        CHECK(run.status == 32);
        CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
        return run.err;
    };
    CHECK(failed("/nonexistent/a", point.path()) ==
          "mount.vexfs: /nonexistent/a: No such file or directory [ENOENT]\n");
    CHECK(failed("/dev/null", point.path()) ==
          "mount.vexfs: /dev/null is neither a block device nor a regular file [EINVAL]\n");
    CHECK(failed(zeros.path(), "/nonexistent/b") ==
          "mount.vexfs: /nonexistent/b: No such file or directory [ENOENT]\n");
    CHECK(failed(zeros.path(), zeros.path()) ==
          "mount.vexfs: " + zeros.path() + " is not a directory [ENOTDIR]\n");
    const std::string no_volume = failed(zeros.path(), point.path());
    CHECK(no_volume.starts_with("vexfsd: " + zeros.path() + ": "));
    CHECK(no_volume.find("not a VexFS volume") != std::string::npos);
    CHECK(text_of("/proc/self/mountinfo").find(point.path()) == std::string::npos);
}

TEST_CASE("mount: a value that vexfsd refuses is exit 1, and its usage is not shown") {
    const ScratchFile image(64 << 20);
    const ScratchDirectory point;
    const ProgramRun run = mount_vexfs({image.path(), point.path(), "-o", "mem=lots"});
    CHECK(run.status == 1);
    CHECK(run.err.starts_with("vexfsd: 'lots' is no size: "));
    CHECK(run.err.find("usage") == std::string::npos);
    CHECK(mount_vexfs({image.path(), point.path(), "-o", "compress=gzip"})
              .err.starts_with("vexfsd: 'gzip' is no compression: "));
    CHECK(mount_vexfs({image.path(), point.path(), "-o", "cold=91"})
              .err.starts_with("vexfsd: --cold is 0 to 90 percent, not '91'"));
    CHECK(mount_vexfs({image.path(), point.path(), "-o", "cache=lru"})
              .err.starts_with("vexfsd: 'lru' is no policy of the cache: "));
    CHECK(mount_vexfs({image.path(), point.path(), "-o", "pool=slab"})
              .err.starts_with("vexfsd: 'slab' is no pool: "));
}

TEST_CASE("mount: files that were written are there at the next mount") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    const ProgramRun first = scratch.mount();
    CAPTURE(first.err);
    REQUIRE(first.status == 0);
    CHECK(first.err.empty());
    std::filesystem::create_directory(scratch.point() + "/full");
    CHECK(write_text(scratch.point() + "/full/file", "the text of a file\n"));
    CHECK(write_text(scratch.point() + "/large", std::string(300'000, 'x')));
    CHECK(scratch.unmount());
    CHECK(!std::filesystem::exists(scratch.point() + "/full"));
    REQUIRE(scratch.mount().status == 0);
    CHECK(text_of(scratch.point() + "/full/file") == "the text of a file\n");
    CHECK(text_of(scratch.point() + "/large") == std::string(300'000, 'x'));
    CHECK(scratch.unmount());
}

TEST_CASE("mount: a block device is mounted like a file") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    const ScratchFile file(96 << 20);
    const auto loop = LoopDevice::attach(file);
    if (!loop) {
        MESSAGE("skipped: no loop device is available");
        return;
    }
    REQUIRE(run_program({scratch.program("mkfs.vexfs"), "-q", loop->path()}).status == 0);
    const ProgramRun run = mount_vexfs({loop->path(), scratch.point()});
    CAPTURE(run.err);
    REQUIRE(run.status == 0);
    CHECK(write_text(scratch.point() + "/a", "on a device"));
    CHECK(text_of("/proc/self/mountinfo").find(" fuse.vexfs " + loop->path() + " ") !=
          std::string::npos);
    CHECK(scratch.unmount());
}

TEST_CASE("mount: nodev, nosuid, noexec and noatime reach the kernel") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    constexpr unsigned long kAsked = ST_NODEV | ST_NOSUID | ST_NOEXEC | ST_NOATIME | ST_RDONLY;
    CHECK((flags_of(scratch.point()) & kAsked) == 0);
    CHECK(scratch.unmount());
    REQUIRE(scratch.mount({"-o", "nodev,nosuid,noexec,noatime,ro"}).status == 0);
    CHECK((flags_of(scratch.point()) & kAsked) == kAsked);
    CHECK(scratch.unmount());
}

TEST_CASE("mount: mem=, commit=, cpus= and what compresses are what the mount says of itself") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(
        scratch
            .mount({"-o", "mem=80M,commit=9,cpus=3,compress=zstd:5,cold=30,pool=z3fold,cache=arc"})
            .status == 0);
    const std::string config = text_of(scratch.point() + "/.vexfs/config.json");
    CHECK(config.find("\"memory_bytes\": 83886080") != std::string::npos);
    CHECK(config.find("\"commit_ms\": 9000") != std::string::npos);
    CHECK(config.find("\"compression\": \"zstd:5\"") != std::string::npos);
    CHECK(config.find("\"cold_percent\": 30") != std::string::npos);
    CHECK(config.find("\"pool\": \"z3fold\"") != std::string::npos);
    CHECK(config.find("\"cache_policy\": \"arc\"") != std::string::npos);
    CHECK(config.find("\"threads_max\": 3") != std::string::npos);
    CHECK(config.find("\"allow_other\": true") != std::string::npos);
    CHECK(scratch.unmount());
}

TEST_CASE("mount: what is mounted or locked is exit 32 and names its holder") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    const std::vector<pid_t> serving = scratch.daemons();
    REQUIRE(serving.size() == 1);
    const ScratchDirectory elsewhere;
    ProgramRun run = mount_vexfs({scratch.image(), elsewhere.path()});
    CAPTURE(run.err);
    CHECK(run.status == 32);
    CHECK(run.err.find(scratch.image() + " is in use: process " + std::to_string(serving[0])) !=
          std::string::npos);
    CHECK(run.err.ends_with("[EBUSY]\n"));
    CHECK(text_of("/proc/self/mountinfo").find(elsewhere.path()) == std::string::npos);
    CHECK(scratch.times_mounted() == 1);
    CHECK(scratch.unmount());

    const FileDescriptor held(::open(scratch.image().c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(held.raw(), LOCK_EX) == 0);
    run = scratch.mount();
    CHECK(run.status == 32);
    CHECK(run.err.find("process " + std::to_string(::getpid())) != std::string::npos);
    CHECK(scratch.times_mounted() == 0);
}

TEST_CASE("mount: the mount of a killed daemon is replaced, and what was synced is there") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    REQUIRE(write_synced(scratch.point() + "/kept", "synced"));
    REQUIRE(scratch.kill_daemons());
    CHECK((::access(scratch.point().c_str(), F_OK) != 0 && errno == ENOTCONN));
    CHECK(scratch.times_mounted() == 1);
    const ProgramRun again = scratch.mount();
    CAPTURE(again.err);
    REQUIRE(again.status == 0);
    CHECK(scratch.times_mounted() == 1);
    CHECK(text_of(scratch.point() + "/kept") == "synced");
    CHECK(scratch.unmount());
    CHECK(scratch.times_mounted() == 0);
}

TEST_CASE("mount: after a failed mount over a dead one nothing is mounted") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    REQUIRE(scratch.kill_daemons());
    const ScratchFile zeros(64 << 20);
    CHECK(mount_vexfs({zeros.path(), scratch.point()}).status == 32);
    CHECK(scratch.times_mounted() == 0);
}

TEST_CASE("mount: mount(8) and fstab reach it, and umount ends it") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    const std::string sbin = scratch.directory() + "/sbin";
    std::filesystem::create_directory(sbin);
    std::filesystem::create_symlink(kProgram, sbin + "/mount.vexfs");
    const std::string table = scratch.directory() + "/fstab";
    CHECK(write_text(
        table, scratch.image() + " " + scratch.point() +
                   " vexfs noauto,nofail,user,_netdev,x-systemd.automount,mem=80M,nodev 0 0\n"));
    // In namespaces of its own, where /usr/sbin is ours plus the machine's, and whose end is the
    // end of everything in them.
    const std::string script = R"(set -e
        mount -t overlay overlay -o lowerdir="$1":/usr/sbin /usr/sbin || exit 77
        mount -v -t vexfs -o ro,noexec "$2" "$3"
        grep "$2 $3 fuse.vexfs ro,.*noexec" /proc/self/mounts
        umount "$3"
        ! grep " $3 " /proc/self/mounts
        if mount -t vexfs -o bogus "$2" "$3"; then exit 3; fi
        mount -T "$4" "$3"
        grep "$2 $3 fuse.vexfs rw,.*nodev" /proc/self/mounts
        grep 83886080 "$3/.vexfs/config.json"
        umount "$3")";
    const ProgramRun run =
        run_program({"unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                     "bash", "-c", script, "bash", sbin, scratch.image(), scratch.point(), table});
    if (run.status == 77 || run.status == 127) {
        MESSAGE("skipped: no namespace to put mount.vexfs into /sbin");
        return;
    }
    CAPTURE(run.out);
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(run.err.find("option bogus is not known") != std::string::npos);
    CHECK(scratch.times_mounted() == 0);
}
