// SPDX-License-Identifier: Apache-2.0
//
// Names that are given and taken: link, unlink, symlink, and the special files of mknod.
#include <climits>

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

std::string target_of(const char* link) {
    std::string target(PATH_MAX, '\0');
    target.resize(static_cast<size_t>(works(readlink(link, target.data(), target.size()))));
    return target;
}

constexpr Case kCases[] = {
    {"link: two names are one file",
     [] {
         put_file("first", "text");
         works(mkdir("below", 0755));
         works(link("first", "below/second"));
         expect_equal(stat_of("first").st_ino, stat_of("below/second").st_ino);
         expect_equal(stat_of("first").st_nlink, 2);
         put_file("below/second", "another");
         expect_equal(contents_of("first"), "another");
         works(unlink("first"));
         expect_equal(stat_of("below/second").st_nlink, 1);
         expect_equal(contents_of("below/second"), "another");
     }},
    {"link: the file's ctime and the directory's times move",
     [] {
         put_file("file");
         works(mkdir("to", 0755));
         expect_moves("to", Moves::kBoth, [] {
             expect_moves("file", Moves::kChange, [] { works(link("file", "to/name")); });
         });
         expect_moves("to", Moves::kBoth, [] {
             expect_moves("file", Moves::kChange, [] { works(unlink("to/name")); });
         });
     }},
    {"link: what cannot be linked is refused",
     [] {
         put_file("file");
         put_file("taken");
         works(mkdir("directory", 0755));
         refused(EEXIST, link("file", "taken"));
         refused(EEXIST, link("file", "directory"));
         refused(EEXIST, link("file", "file"));
         refused(EPERM, link("directory", "name"));
         refused(ENOENT, link("none", "name"));
         refused(ENOENT, link("file", "none/name"));
         refused(ENOTDIR, link("file", "taken/name"));
         expect_equal(stat_of("file").st_nlink, 1);
     }},
    {"link: a symbolic link is linked itself unless it is to be followed",
     [] {
         put_file("file");
         works(symlink("file", "link"));
         works(link("link", "hard"));
         expect(S_ISLNK(stat_of("hard").st_mode));
         expect_equal(stat_of("link").st_nlink, 2);
         works(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
         expect_equal(stat_of("followed").st_ino, stat_of("file").st_ino);
     }},
    {"link: special files have further names as well",
     [] {
         works(mkfifo("fifo", 0644));
         works(link("fifo", "second"));
         expect(S_ISFIFO(stat_of("second").st_mode));
         expect_equal(stat_of("fifo").st_nlink, 2);
     }},
    {"link: names are given up to a limit, and then it is EMLINK",
     [] {
         constexpr unsigned kTries = 70'000;
         put_file("file");
         works(mkdir("names", 0755));
         unsigned links = 1;
         while (links < kTries) {
             if (link("file", ("names/" + std::to_string(links)).c_str()) != 0) {
                 refused(EMLINK, -1);
                 break;
             }
             ++links;
         }
         expect_equal(stat_of("file").st_nlink, links);
         expect(links > 1000);
         works(unlink("names/1"));
         works(link("file", "names/1"));
     }},
    {"unlink: a directory is EISDIR, a missing name ENOENT",
     [] {
         works(mkdir("directory", 0755));
         put_file("file");
         refused(EISDIR, unlink("directory"));
         refused(ENOENT, unlink("none"));
         refused(ENOTDIR, unlink("file/below"));
         refused(ENOTDIR, unlink("file/"));
     }},
    {"unlink: a symbolic link goes, its target stays",
     [] {
         put_file("file", "text");
         works(symlink("file", "link"));
         works(unlink("link"));
         expect_equal(contents_of("file"), "text");
         expect(!exists("link"));
     }},
    {"unlink: the space of a file comes back",
     [] {
         const int fd = works(open("file", O_RDWR | O_CREAT, 0644));
         write_at(fd, pattern(8 << 20), 0);
         works(fsync(fd));
         expect(stat_of(fd).st_blocks > 0);
         works(close(fd));
         works(unlink("file"));
         put_file("file");
         expect_equal(stat_of("file").st_blocks, 0);
     }},
    {"symlink: the target is kept byte for byte and is the size",
     [] {
         for (const size_t size :
              {size_t{1}, size_t{59}, size_t{255}, size_t{4094}, size_t{4095}}) {
             const std::string target(size, 'x');
             works(symlink(target.c_str(), "link"));
             expect(target_of("link") == target);
             expect_equal(stat_of("link").st_size, size);
             works(unlink("link"));
         }
         works(symlink("\xff\xfe/\x01", "link"));
         expect_equal(target_of("link"), "\xff\xfe/\x01");
         expect_equal(permissions_of("link"), 0777);
     }},
    {"symlink: a target of 4,096 bytes is ENAMETOOLONG, an empty one ENOENT",
     [] {
         refused(ENAMETOOLONG, symlink(std::string(4096, 'x').c_str(), "link"));
         refused(ENOENT, symlink("", "link"));
         put_file("file");
         refused(EEXIST, symlink("target", "file"));
         char buffer[8];
         refused(EINVAL, readlink("file", buffer, sizeof buffer));
     }},
    {"symlink: readlink fills a short buffer and no more",
     [] {
         works(symlink("0123456789", "link"));
         char buffer[8] = "zzzzzzz";
         expect_equal(works(readlink("link", buffer, 4)), 4);
         expect_equal(std::string_view(buffer, 7), "0123zzz");
     }},
    {"symlink: it is followed into directories and out of them",
     [] {
         works(mkdir("directory", 0755));
         put_file("directory/file", "text");
         works(symlink("directory", "link"));
         works(symlink("../directory/./file", "directory/back"));
         expect_equal(contents_of("link/back"), "text");
         expect(S_ISDIR(stat_of("link/").st_mode));
     }},
    {"mkfifo: bytes pass through it",
     [] {
         works(mkfifo("fifo", 0640));
         expect(S_ISFIFO(stat_of("fifo").st_mode));
         expect_equal(permissions_of("fifo"), 0640);
         refused(EEXIST, mkfifo("fifo", 0640));
         const int fd = works(open("fifo", O_RDWR | O_NONBLOCK));
         expect_equal(works(write(fd, "text", 4)), 4);
         char buffer[8];
         expect_equal(works(read(fd, buffer, sizeof buffer)), 4);
         works(close(fd));
         refused(ENXIO, open("fifo", O_WRONLY | O_NONBLOCK)); // nobody reads
     }},
    {"mknod: devices keep their numbers",
     [] {
         need_root();
         works(mknod("character", S_IFCHR | 0600, makedev(1, 3)));
         works(mknod("block", S_IFBLK | 0600, makedev(4095, 1048575)));
         expect(S_ISCHR(stat_of("character").st_mode));
         expect(S_ISBLK(stat_of("block").st_mode));
         expect_equal(stat_of("character").st_rdev, makedev(1, 3));
         expect_equal(stat_of("block").st_rdev, makedev(4095, 1048575));
         refused(EEXIST, mknod("block", S_IFBLK | 0600, makedev(1, 1)));
     }},
    {"mknod: a regular file is made, a device is for root",
     [] {
         works(mknod("file", S_IFREG | 0644, 0));
         expect(S_ISREG(stat_of("file").st_mode));
         works(chmod(".", 0777));
         as_user(kUser, kGroup, [] {
             refused(EPERM, mknod("device", S_IFCHR | 0600, makedev(1, 3)));
             works(mknod("fifo", S_IFIFO | 0600, 0));
         });
         expect_equal(stat_of("fifo").st_uid, kUser);
     }},
    {"mknod: a socket is bound, connected to and removed",
     [] {
         sockaddr_un address{};
         address.sun_family = AF_UNIX;
         std::string_view("socket").copy(address.sun_path, sizeof address.sun_path - 1);
         const auto* where = reinterpret_cast<const sockaddr*>(&address);
         const int server = works(socket(AF_UNIX, SOCK_STREAM, 0));
         works(bind(server, where, sizeof address));
         works(listen(server, 1));
         expect(S_ISSOCK(stat_of("socket").st_mode));
         works(connect(works(socket(AF_UNIX, SOCK_STREAM, 0)), where, sizeof address));
         refused(EADDRINUSE, bind(works(socket(AF_UNIX, SOCK_STREAM, 0)), where, sizeof address));
         works(unlink("socket"));
         expect(!exists("socket"));
     }},
};

} // namespace

std::span<const Case> link_cases() {
    return kCases;
}

} // namespace vexfs
