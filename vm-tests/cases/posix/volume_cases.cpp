// SPDX-License-Identifier: Apache-2.0
//
// What the filesystem says of itself and of a file beyond stat.
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

struct statvfs room() {
    struct statvfs is {};
    works(statvfs(".", &is));
    return is;
}

struct statx extended(const char* path) {
    struct statx is {};
    works(statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &is));
    return is;
}

bool is_before(const statx_timestamp& left, const statx_timestamp& right) {
    return left.tv_sec != right.tv_sec ? left.tv_sec < right.tv_sec : left.tv_nsec < right.tv_nsec;
}

constexpr Case kCases[] = {
    {"statfs: sizes and limits are told, and free is at most all",
     [] {
         const struct statvfs is = room();
         expect_equal(is.f_namemax, 255);
         expect(is.f_bsize >= 512 && is.f_frsize >= 512);
         expect(is.f_blocks > 0);
         expect(is.f_bfree <= is.f_blocks && is.f_bavail <= is.f_bfree);
         expect(is.f_ffree <= is.f_files);
     }},
    {"statfs: what is written is no longer available",
     [] {
         const int fd = works(open("file", O_RDWR | O_CREAT, 0644));
         const struct statvfs before = room();
         std::string bytes(16 << 20, '\0');
         uint64_t state = 88172645463325252; // nothing that can be compressed
         for (char& byte : bytes) {
             state ^= state << 13;
             state ^= state >> 7;
             state ^= state << 17;
             byte = static_cast<char>(state);
         }
         write_at(fd, bytes, 0);
         works(fsync(fd));
         const uint64_t taken = (before.f_bavail - room().f_bavail) * before.f_frsize;
         expect(before.f_bavail > room().f_bavail && taken >= bytes.size() * 9 / 10);
     }},
    {"stat: st_blocks follows what is written",
     [] {
         const int fd = works(open("file", O_RDWR | O_CREAT, 0644));
         expect_equal(stat_of(fd).st_blocks, 0);
         write_at(fd, pattern(1 << 20), 0);
         works(fsync(fd));
         expect(stat_of(fd).st_blocks > 0);
         expect(stat_of(fd).st_blksize >= 512);
         works(ftruncate(fd, 0));
         works(fsync(fd));
         expect_equal(stat_of(fd).st_blocks, 0);
     }},
    {"stat: numbers differ from file to file, and the device is one",
     [] {
         put_file("first");
         put_file("second");
         works(mkdir("directory", 0755));
         expect(stat_of("first").st_ino != stat_of("second").st_ino);
         expect_equal(stat_of("first").st_dev, stat_of("directory").st_dev);
         expect_equal(stat_of("first").st_dev, stat_of(".").st_dev);
     }},
    {"statx: the time of birth is that of making and never moves",
     [] {
         put_file("file", "text");
         const struct statx before = extended("file");
         if ((before.stx_mask & STATX_BTIME) == 0)
             skip_case("no time of birth");
         expect(!is_before(before.stx_ctime, before.stx_btime));
         let_time_pass();
         put_file("file", "changed");
         works(chmod("file", 0600));
         const timespec past[] = {{1000, 0}, {1000, 0}};
         works(utimensat(AT_FDCWD, "file", past, 0));
         works(rename("file", "moved"));
         const struct statx after = extended("moved");
         expect(!is_before(after.stx_btime, before.stx_btime));
         expect(!is_before(before.stx_btime, after.stx_btime));
         let_time_pass();
         put_file("file");
         expect(is_before(after.stx_btime, extended("file").stx_btime));
     }},
    {"statx: it agrees with stat",
     [] {
         put_file("file", pattern(12'345), 0640);
         const struct statx is = extended("file");
         const struct stat was = stat_of("file");
         expect_equal(is.stx_ino, was.st_ino);
         expect_equal(is.stx_size, was.st_size);
         expect_equal(is.stx_mode, was.st_mode);
         expect_equal(is.stx_nlink, was.st_nlink);
         expect_equal(is.stx_mtime.tv_nsec, was.st_mtim.tv_nsec);
         expect_equal(makedev(is.stx_dev_major, is.stx_dev_minor), was.st_dev);
     }},
};

} // namespace

std::span<const Case> volume_cases() {
    return kCases;
}

} // namespace vexfs
