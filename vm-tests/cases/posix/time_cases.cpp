// SPDX-License-Identifier: Apache-2.0
//
// The three times of a file: set by hand, and moved by what happens to it.
#include <ctime>

#include <sys/xattr.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

constexpr timespec kLeft{1'000'000'000, 123'456'789};
constexpr timespec kRight{2'000'000'000, 987'654'321};

int set_times(const char* path, timespec access, timespec modification, int flags = 0) {
    const timespec both[] = {access, modification};
    return utimensat(AT_FDCWD, path, both, flags);
}

bool same(const timespec& left, const timespec& right) {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

constexpr Case kCases[] = {
    {"utimensat: nanoseconds are kept, before 1970 and after 2038 as well",
     [] {
         put_file("file");
         works(set_times("file", kLeft, kRight));
         expect(same(times_of("file").access, kLeft));
         expect(same(times_of("file").modification, kRight));
         for (const int64_t second :
              {-1'000'000'000LL, -1LL, 0LL, 4'000'000'000LL, 9'000'000'000LL}) {
             const timespec time{second, 999'999'999};
             works(set_times("file", time, time));
             expect(same(times_of("file").modification, time));
             expect(same(times_of("file").access, time));
         }
     }},
    {"utimensat: UTIME_OMIT leaves a time as it is",
     [] {
         put_file("file");
         works(set_times("file", kLeft, kLeft));
         works(set_times("file", {0, UTIME_OMIT}, kRight));
         expect(same(times_of("file").access, kLeft));
         expect(same(times_of("file").modification, kRight));
         works(set_times("file", kRight, {0, UTIME_OMIT}));
         expect(same(times_of("file").access, kRight));
         const Times before = times_of("file");
         let_time_pass();
         works(set_times("file", {0, UTIME_OMIT}, {0, UTIME_OMIT}));
         expect(times_of("file") == before);
     }},
    {"utimensat: UTIME_NOW is the time of the call",
     [] {
         put_file("file");
         works(set_times("file", kLeft, kLeft));
         timespec before{}, after{};
         works(clock_gettime(CLOCK_REALTIME_COARSE, &before));
         works(set_times("file", {0, UTIME_NOW}, {0, UTIME_NOW}));
         works(clock_gettime(CLOCK_REALTIME, &after));
         expect(!is_later(before, times_of("file").modification));
         expect(!is_later(times_of("file").modification, after));
         works(set_times("file", kLeft, {0, UTIME_NOW}));
         expect(same(times_of("file").access, kLeft));
         expect(!is_later(before, times_of("file").modification));
     }},
    {"utimensat: ctime moves to the time of the call",
     [] {
         put_file("file");
         const Times before = times_of("file");
         let_time_pass();
         works(set_times("file", kLeft, kLeft));
         expect(is_later(times_of("file").change, before.change));
     }},
    {"utimensat: a symbolic link has times of its own",
     [] {
         put_file("file");
         works(symlink("file", "link"));
         works(set_times("file", kLeft, kLeft));
         works(set_times("link", kRight, kRight, AT_SYMLINK_NOFOLLOW));
         expect(same(times_of("link").modification, kRight));
         expect(same(times_of("file").modification, kLeft));
         works(set_times("link", kRight, kRight));
         expect(same(times_of("file").modification, kRight));
     }},
    {"utimensat: any time is for the owner, the present one for who may write",
     [] {
         put_file("file", "", 0666);
         as_user(kUser, kGroup, [] {
             refused(EPERM, set_times("file", kLeft, kLeft));
             refused(EPERM, set_times("file", {0, UTIME_NOW}, {0, UTIME_OMIT}));
             works(set_times("file", {0, UTIME_NOW}, {0, UTIME_NOW}));
         });
         works(chmod("file", 0644));
         as_user(kUser, kGroup, [] {
             refused(EACCES, set_times("file", {0, UTIME_NOW}, {0, UTIME_NOW}));
         });
     }},
    {"utimensat: nanoseconds that are none are EINVAL",
     [] {
         put_file("file");
         refused(EINVAL, set_times("file", {0, 1'000'000'000}, kLeft));
         refused(EINVAL, set_times("file", kLeft, {0, -1}));
         refused(ENOENT, set_times("none", kLeft, kLeft));
     }},
    {"times: a file that is made has the present time in all of them",
     [] {
         timespec before{}, after{};
         works(clock_gettime(CLOCK_REALTIME_COARSE, &before));
         put_file("file");
         works(mkdir("directory", 0755));
         works(symlink("x", "link"));
         works(mkfifo("fifo", 0644));
         works(clock_gettime(CLOCK_REALTIME, &after));
         for (const char* name : {"file", "directory", "link", "fifo"}) {
             const Times times = times_of(name);
             for (const timespec& time : {times.access, times.modification, times.change}) {
                 expect(!is_later(before, time));
                 expect(!is_later(time, after));
             }
         }
     }},
    {"times: writing, cutting and growing a file move mtime and ctime",
     [] {
         put_file("file", "text");
         const int fd = works(open("file", O_RDWR));
         expect_moves("file", Moves::kBoth, [&] { write_at(fd, "x", 0); });
         expect_moves("file", Moves::kBoth, [&] { works(ftruncate(fd, 2)); });
         expect_moves("file", Moves::kBoth, [&] { works(ftruncate(fd, 5000)); });
         expect_moves("file", Moves::kBoth, [&] { works(truncate("file", 0)); });
         expect_moves("file", Moves::kNothing, [&] { expect_equal(works(write(fd, "", 0)), 0); });
     }},
    {"times: reading and looking move neither mtime nor ctime",
     [] {
         put_file("file", "text");
         works(mkdir("directory", 0755));
         put_file("directory/name");
         expect_moves("file", Moves::kNothing, [] {
             expect_equal(contents_of("file"), "text");
             works(access("file", R_OK));
         });
         expect_moves("directory", Moves::kNothing, [] { expect_names("directory", {"name"}); });
     }},
    {"times: writing to a file does not move its directory's",
     [] {
         works(mkdir("directory", 0755));
         put_file("directory/file");
         expect_moves("directory", Moves::kNothing, [] {
             write_at(works(open("directory/file", O_WRONLY)), "text", 0);
             works(chmod("directory/file", 0600));
         });
         expect_moves("directory", Moves::kBoth, [] { put_file("directory/more"); });
     }},
    {"times: an extended attribute moves ctime only",
     [] {
         put_file("file");
         supported(setxattr("file", "user.first", "x", 1, 0), "user extended attributes");
         expect_moves("file", Moves::kChange,
                      [] { works(setxattr("file", "user.name", "value", 5, 0)); });
         expect_moves("file", Moves::kChange, [] { works(removexattr("file", "user.name")); });
     }},
    {"times: a refused call moves nothing",
     [] {
         works(mkdir("directory", 0755));
         put_file("directory/file", "text");
         expect_moves("directory", Moves::kNothing, [] {
             refused(EEXIST, mkdir("directory/file", 0755));
             refused(ENOTDIR, rmdir("directory/file"));
         });
         expect_moves("directory/file", Moves::kNothing,
                      [] { refused(EINVAL, truncate("directory/file", -1)); });
     }},
};

} // namespace

std::span<const Case> time_cases() {
    return kCases;
}

} // namespace vexfs
