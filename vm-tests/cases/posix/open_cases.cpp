// SPDX-License-Identifier: Apache-2.0
//
// What open(2) does with each of its flags, and files that have no name.
#include <sys/syscall.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

std::string way_to(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

constexpr Case kCases[] = {
    {"open: a file that is made is empty and has the mode less the umask",
     [] {
         umask(027);
         const int fd = works(open("file", O_RDWR | O_CREAT | O_EXCL, 0666));
         expect_equal(stat_of(fd).st_size, 0);
         expect_equal(permissions_of("file"), 0640);
         expect_equal(stat_of(fd).st_nlink, 1);
         expect_equal(stat_of(fd).st_uid, geteuid());
     }},
    {"open: a mode without any right holds for later opens, not for this one",
     [] {
         const int fd = works(open("file", O_RDWR | O_CREAT, 0));
         write_at(fd, "text", 0);
         expect_equal(read_at(fd, 10, 0), "text");
         expect_equal(permissions_of("file"), 0);
     }},
    {"open: O_EXCL refuses every name that exists, a dangling symbolic link too",
     [] {
         put_file("file");
         works(mkdir("directory", 0755));
         works(symlink("nowhere", "link"));
         for (const char* name : {"file", "directory", "link"})
             refused(EEXIST, open(name, O_RDWR | O_CREAT | O_EXCL, 0644));
         expect(!exists("nowhere"));
     }},
    {"open: O_CREAT through a dangling symbolic link makes its target",
     [] {
         works(symlink("target", "link"));
         const int fd = works(open("link", O_WRONLY | O_CREAT, 0644));
         write_at(fd, "text", 0);
         expect_equal(contents_of("target"), "text");
     }},
    {"open: O_TRUNC empties a file and moves its times",
     [] {
         put_file("file", pattern(100'000));
         expect_moves("file", Moves::kBoth, [] { works(open("file", O_WRONLY | O_TRUNC)); });
         expect_equal(stat_of("file").st_size, 0);
         expect_equal(contents_of("file"), "");
     }},
    {"open: O_APPEND writes at the end, wherever the position is",
     [] {
         put_file("file", "begin ");
         const int fd = works(open("file", O_RDWR | O_APPEND));
         const int other = works(open("file", O_WRONLY | O_APPEND));
         expect_equal(works(write(fd, "one ", 4)), 4);
         expect_equal(works(write(other, "two ", 4)), 4);
         works(lseek(fd, 0, SEEK_SET));
         expect_equal(works(write(fd, "three", 5)), 5);
         expect_equal(contents_of("file"), "begin one two three");
         expect_equal(works(lseek(fd, 0, SEEK_CUR)), 19);
     }},
    {"open: O_NOFOLLOW is ELOOP for a symbolic link, O_PATH opens the link itself",
     [] {
         put_file("file");
         works(symlink("file", "link"));
         refused(ELOOP, open("link", O_RDONLY | O_NOFOLLOW));
         const int fd = works(open("link", O_PATH | O_NOFOLLOW));
         expect(S_ISLNK(stat_of(fd).st_mode));
         char byte = 0;
         refused(EBADF, read(fd, &byte, 1));
     }},
    {"open: a path of too many symbolic links, or of a circle of them, is ELOOP",
     [] {
         works(symlink("second", "first"));
         works(symlink("first", "second"));
         refused(ELOOP, open("first", O_RDONLY));
         refused(ELOOP, open("first/name", O_RDONLY));
         refused(ELOOP, open("first", O_WRONLY | O_CREAT, 0644));
     }},
    {"open: O_DIRECTORY is ENOTDIR for anything else",
     [] {
         put_file("file");
         refused(ENOTDIR, open("file", O_RDONLY | O_DIRECTORY));
         refused(ENOTDIR, open("file/", O_RDONLY));
         refused(ENOTDIR, open("file/below", O_RDONLY));
     }},
    {"open: a directory is EISDIR for writing and has no bytes to read",
     [] {
         works(mkdir("directory", 0755));
         refused(EISDIR, open("directory", O_WRONLY));
         refused(EISDIR, open("directory", O_RDWR));
         refused(EISDIR, open("directory", O_RDONLY | O_TRUNC));
         const int fd = works(open("directory", O_RDONLY));
         char byte = 0;
         refused(EISDIR, read(fd, &byte, 1));
     }},
    {"open: what does not exist is ENOENT",
     [] {
         refused(ENOENT, open("none", O_RDWR));
         refused(ENOENT, open("none/name", O_RDWR | O_CREAT, 0644));
         refused(ENOENT, open("", O_RDWR));
     }},
    {"open: a descriptor allows what its flags say",
     [] {
         put_file("file", "text");
         char byte = 0;
         const int reads = works(open("file", O_RDONLY));
         const int writes = works(open("file", O_WRONLY));
         refused(EBADF, write(reads, "x", 1));
         refused(EINVAL, ftruncate(reads, 0));
         refused(EBADF, read(writes, &byte, 1));
         expect_equal(contents_of("file"), "text");
     }},
    {"open: O_TMPFILE makes a file without a name, which linkat may give",
     [] {
         const int fd = supported(open(".", O_RDWR | O_TMPFILE, 0640), "O_TMPFILE");
         write_at(fd, "text", 0);
         expect_equal(stat_of(fd).st_nlink, 0);
         expect_names(".", {});
         works(linkat(AT_FDCWD, way_to(fd).c_str(), AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
         expect_equal(stat_of(fd).st_nlink, 1);
         expect_equal(contents_of("named"), "text");
         expect_equal(permissions_of("named"), 0640);
         works(unlink("named"));
         expect_equal(read_at(fd, 10, 0), "text");
     }},
    {"open: O_TMPFILE with O_EXCL can never be given a name",
     [] {
         const int fd = supported(open(".", O_RDWR | O_TMPFILE | O_EXCL, 0640), "O_TMPFILE");
         refused(ENOENT,
                 linkat(AT_FDCWD, way_to(fd).c_str(), AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
         expect_names(".", {});
     }},
    {"open: a file without names is read and written until its last descriptor closes",
     [] {
         const int fd = works(open("file", O_RDWR | O_CREAT, 0644));
         const int second = works(open("file", O_RDWR));
         works(unlink("file"));
         refused(ENOENT, open("file", O_RDONLY));
         expect_equal(stat_of(fd).st_nlink, 0);
         write_at(fd, pattern(300'000), 0);
         works(close(fd));
         expect(read_at(second, 300'000, 0) == pattern(300'000));
         works(ftruncate(second, 10));
         works(fchmod(second, 0600));
         works(fsync(second));
         expect_equal(stat_of(second).st_size, 10);
         put_file("file", "another");
         expect_equal(read_at(second, 3, 0), pattern(3));
     }},
    {"open: a file whose last name is gone cannot be linked again",
     [] {
         const int fd = works(open("file", O_RDWR | O_CREAT, 0644));
         works(unlink("file"));
         refused(ENOENT,
                 linkat(AT_FDCWD, way_to(fd).c_str(), AT_FDCWD, "again", AT_SYMLINK_FOLLOW));
     }},
    {"open: a removed directory that is open lists and takes nothing",
     [] {
         works(mkdir("directory", 0755));
         const int fd = works(open("directory", O_RDONLY | O_DIRECTORY));
         works(rmdir("directory"));
         refused(ENOENT, openat(fd, "name", O_WRONLY | O_CREAT, 0644));
         refused(ENOENT, mkdirat(fd, "name", 0755));
         expect_equal(stat_of(fd).st_nlink, 0);
         char buffer[1024];
         refused(ENOENT, syscall(SYS_getdents64, fd, buffer, sizeof buffer));
     }},
    {"open: O_DIRECT reads what was written through the cache, and the other way round",
     [] {
         put_file("file", pattern(262144));
         const int fd = open("file", O_RDWR | O_DIRECT);
         if (fd < 0 && errno == EINVAL)
             skip_case("no O_DIRECT");
         works(fd);
         alignas(4096) static char block[65536];
         expect_equal(works(pread(fd, block, sizeof block, 131072)), sizeof block);
         expect(std::string_view(block, sizeof block) == pattern(262144).substr(131072, 65536));
         std::fill(std::begin(block), std::end(block), 'd');
         expect_equal(works(pwrite(fd, block, sizeof block, 4096)), sizeof block);
         const std::string is = contents_of("file");
         expect(is.substr(4096, sizeof block) == std::string(sizeof block, 'd'));
         expect(is.substr(0, 4096) == pattern(4096));
         expect_equal(works(pread(fd, block, sizeof block, 262144)), 0);
     }},
    {"open: O_SYNC and O_DSYNC writes are there at once",
     [] {
         for (const int flag : {O_SYNC, O_DSYNC}) {
             const int fd = works(open("file", O_RDWR | O_CREAT | O_TRUNC | flag, 0644));
             write_at(fd, pattern(50'000), 0);
             expect(contents_of("file") == pattern(50'000));
         }
     }},
    {"open: O_NOATIME is for the owner",
     [] {
         put_file("file", "text", 0666);
         works(close(works(open("file", O_RDONLY | O_NOATIME))));
         as_user(kUser, kGroup, [] { refused(EPERM, open("file", O_RDONLY | O_NOATIME)); });
     }},
};

} // namespace

std::span<const Case> open_cases() {
    return kCases;
}

} // namespace vexfs
