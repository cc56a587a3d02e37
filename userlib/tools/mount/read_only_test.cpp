// SPDX-License-Identifier: Apache-2.0
//
// -o ro: every read works, nothing is written, every change is EROFS.
#include <array>
#include <functional>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <doctest/doctest.h>

#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;

namespace {

const std::string kProgram = VEXFS_PROGRAM;
const std::string kPrograms = kProgram.substr(0, kProgram.rfind('/'));

bool is_read_only(const std::string& path) {
    struct statvfs found {};
    REQUIRE(::statvfs(path.c_str(), &found) == 0);
    return (found.f_flag & ST_RDONLY) != 0;
}

// 0, or the errno of a call that answers -1.
int error_of(long answer) {
    return answer < 0 ? errno : 0;
}

// A tree with something of each kind.
void fill(const std::string& root) {
    std::filesystem::create_directories(root + "/full/below");
    std::filesystem::create_directory(root + "/empty");
    CHECK(write_text(root + "/full/file", "the text of a file\n"));
    CHECK(write_text(root + "/full/below/large", std::string(300'000, 'x')));
    CHECK(::symlink("full/file", (root + "/way").c_str()) == 0);
    CHECK(::mkfifo((root + "/fifo").c_str(), 0644) == 0);
    CHECK(::setxattr((root + "/full/file").c_str(), "user.year", "1926", 4, 0) == 0);
}

// What a call is, and the call: 0 or more if it succeeds.
using Call = std::pair<const char*, std::function<long()>>;

// A message of DROP, as vexfs_ioctl.h has it: size, room, op and version, bytes of the body.
using DropMessage = std::array<uint32_t, 64>;
constexpr DropMessage kDrop{56, 256, 0x82 | 1 << 16, 24};

long drop_rows(int descriptor, DropMessage& message) {
    return ::ioctl(descriptor, _IOC(_IOC_READ | _IOC_WRITE, 0xD5, 0x82, sizeof message),
                   message.data());
}

std::vector<Call> changes_of_names(const std::string& root, const std::string& file) {
    const std::string absent = root + "absent";
    const std::string empty = root + "empty";
    return {
        {"create",
         [=] {
             return ::open(absent.c_str(), O_CREAT | O_CLOEXEC, 0644);
         }},
        {"tmpfile",
         [=] {
             return ::open(root.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
         }},
        {"mkdir",
         [=] {
             return ::mkdir(absent.c_str(), 0755);
         }},
        {"mknod",
         [=] {
             return ::mknod(absent.c_str(), S_IFIFO | 0644, 0);
         }},
        {"mknod of a file",
         [=] {
             return ::mknod(absent.c_str(), S_IFREG | 0644, 0);
         }},
        {"symlink",
         [=] {
             return ::symlink("full", absent.c_str());
         }},
        {"link",
         [=] {
             return ::link(file.c_str(), absent.c_str());
         }},
        {"unlink",
         [=] {
             return ::unlink(file.c_str());
         }},
        {"rmdir",
         [=] {
             return ::rmdir(empty.c_str());
         }},
        {"rename",
         [=] {
             return ::rename(file.c_str(), absent.c_str());
         }},
        {"rename of a directory",
         [=] {
             return ::rename(empty.c_str(), absent.c_str());
         }},
    };
}

// `descriptor`: of the file, for reading.
std::vector<Call> changes_of_files(const std::string& root, const std::string& file,
                                   int descriptor) {
    static constexpr std::array<timespec, 2> kNow{{{0, UTIME_NOW}, {0, UTIME_NOW}}};
    return {
        {"open for writing",
         [=] {
             return ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
         }},
        {"open for both",
         [=] {
             return ::open(file.c_str(), O_RDWR | O_CLOEXEC);
         }},
        {"open truncating",
         [=] {
             return ::open(file.c_str(), O_TRUNC | O_CLOEXEC);
         }},
        {"truncate",
         [=] {
             return ::truncate(file.c_str(), 1);
         }},
        {"chmod",
         [=] {
             return ::chmod(file.c_str(), 0600);
         }},
        {"fchmod",
         [=] {
             return ::fchmod(descriptor, 0600);
         }},
        {"chown",
         [=] {
             return ::chown(file.c_str(), 1, 1);
         }},
        {"lchown",
         [=] {
             return ::lchown((root + "way").c_str(), 1, 1);
         }},
        {"utimensat",
         [=] {
             return ::utimensat(AT_FDCWD, file.c_str(), kNow.data(), 0);
         }},
        {"futimens",
         [=] {
             return ::futimens(descriptor, kNow.data());
         }},
        {"setxattr",
         [=] {
             return ::setxattr(file.c_str(), "user.a", "b", 1, 0);
         }},
        {"fsetxattr",
         [=] {
             return ::fsetxattr(descriptor, "user.a", "b", 1, 0);
         }},
        {"removexattr",
         [=] {
             return ::removexattr(file.c_str(), "user.year");
         }},
    };
}

} // namespace

TEST_CASE("mount: ro lets every read work and writes nothing to the image") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    fill(scratch.point());
    CHECK(scratch.unmount());
    const std::string before = text_of(scratch.image());

    REQUIRE(scratch.mount({"-o", "ro"}).status == 0);
    const std::string& root = scratch.point();
    CHECK(text_of(root + "/way") == "the text of a file\n");
    CHECK(text_of(root + "/full/below/large").size() == 300'000);
    CHECK(text_of(root + "/.vexfs/stats.json").find("\"read_only\": true") != std::string::npos);
    size_t entries = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
        entries += entry.exists() ? 1 : 0;
    CHECK(entries == 7);
    std::array<char, 8> value{};
    CHECK(::getxattr((root + "/full/file").c_str(), "user.year", value.data(), 8) == 4);
    CHECK(::listxattr((root + "/full/file").c_str(), nullptr, 0) > 0);
    const FileDescriptor file(::open((root + "/full/file").c_str(), O_RDONLY | O_CLOEXEC));
    CHECK(::fsync(file.raw()) == 0);
    CHECK(::flock(file.raw(), LOCK_SH) == 0);
    CHECK(is_read_only(root));
    CHECK(text_of(scratch.image()) == before);
    CHECK(!scratch.unmount()); // a file is open
    REQUIRE(scratch.kill_daemons());
    CHECK(text_of(scratch.image()) == before);
}

TEST_CASE("mount: ro after a crash reads what the log holds and does not replay it on the disk") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    REQUIRE(write_synced(scratch.point() + "/kept", "synced"));
    REQUIRE(scratch.kill_daemons());
    const std::string before = text_of(scratch.image());
    REQUIRE(scratch.mount({"-o", "ro"}).status == 0);
    CHECK(text_of(scratch.point() + "/kept") == "synced");
    CHECK(scratch.unmount());
    CHECK(text_of(scratch.image()) == before);
}

TEST_CASE("mount: ro makes every call that would change something EROFS") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    fill(scratch.point());
    CHECK(scratch.unmount());
    const std::string before = text_of(scratch.image());
    REQUIRE(scratch.mount({"-o", "ro"}).status == 0);

    const std::string root = scratch.point() + "/";
    const std::string file = root + "full/file";
    const FileDescriptor open_file(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(open_file.is_open());
    std::vector<Call> changes = changes_of_names(root, file);
    for (const Call& change : changes_of_files(root, file, open_file.raw()))
        changes.push_back(change);
    for (const Call& call : changes) {
        CAPTURE(call.first);
        CHECK(error_of(call.second()) == EROFS);
    }
    DropMessage drop = kDrop;
    CHECK(error_of(drop_rows(open_file.raw(), drop)) == EROFS);
    CHECK(static_cast<int32_t>(drop[5]) == -EROFS); // the reply says it too
    // These want a descriptor for writing, which nobody gets: it is that which they report.
    CHECK(error_of(::fallocate(open_file.raw(), 0, 0, 4096)) == EBADF);
    CHECK(error_of(::ftruncate(open_file.raw(), 0)) == EINVAL);
    CHECK(error_of(::write(open_file.raw(), "x", 1)) == EBADF);
    CHECK(text_of(scratch.image()) == before);
}
