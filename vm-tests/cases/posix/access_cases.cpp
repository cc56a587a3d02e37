// SPDX-License-Identifier: Apache-2.0
//
// What other users may do: the mode's three parts, supplementary groups, directories, the sticky
// bit.
#include <sys/wait.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

// Expects that `right` is allowed or EACCES, by access(2) and by open(2).
void expect_right(const char* path, int right, bool allowed) {
    const int flags = right == R_OK ? O_RDONLY : O_WRONLY;
    if (allowed) {
        works(access(path, right));
        if (right != X_OK)
            works(close(works(open(path, flags))));
    } else {
        refused(EACCES, access(path, right));
        if (right != X_OK)
            refused(EACCES, open(path, flags));
    }
}

void expect_rights(const char* path, mode_t bits) {
    expect_right(path, R_OK, (bits & 4) != 0);
    expect_right(path, W_OK, (bits & 2) != 0);
    expect_right(path, X_OK, (bits & 1) != 0);
}

constexpr Case kCases[] = {
    {"access: owner, group and others have their own bits, and only these",
     [] {
         need_root();
         put_file("file");
         works(chown("file", kUser, kGroup));
         for (const mode_t mode : {0700, 0070, 0007, 0421, 0124, 0777, 0000, 0077}) {
             works(chmod("file", mode));
             as_user(kUser, kOtherGroup, [=] { expect_rights("file", mode >> 6); });
             as_user(kOtherUser, kGroup, [=] { expect_rights("file", mode >> 3); });
             as_user(kOtherUser, kOtherGroup, [=] { expect_rights("file", mode); });
         }
     }},
    {"access: a supplementary group counts as the group",
     [] {
         need_root();
         put_file("file", "text");
         works(chown("file", kUser, kGroup));
         works(chmod("file", 0060));
         const unsigned groups[] = {4, kGroup, 5};
         as_user(kOtherUser, kOtherGroup, groups, [] { expect_rights("file", 6); });
     }},
    {"access: root reads and writes everything and executes what anyone may",
     [] {
         need_root();
         put_file("file", "text", 0);
         works(chown("file", kUser, kGroup));
         expect_right("file", R_OK, true);
         expect_right("file", W_OK, true);
         expect_right("file", X_OK, false);
         works(chmod("file", 0001));
         expect_right("file", X_OK, true);
     }},
    {"access: without the right to search a directory nothing below it is reached",
     [] {
         works(mkdir("directory", 0755));
         put_file("directory/file", "text", 0666);
         works(chmod("directory", 0766));
         as_user(kUser, kGroup, [] {
             struct stat is {};
             refused(EACCES, stat("directory/file", &is));
             refused(EACCES, open("directory/file", O_RDONLY));
             refused(EACCES, unlink("directory/file"));
             refused(EACCES, truncate("directory/file", 0));
             refused(EACCES, chmod("directory/file", 0600));
             refused(EACCES, open("directory/none", O_RDWR | O_CREAT, 0644));
             refused(EACCES, chdir("directory"));
             expect(!rest_of(works(open("directory", O_RDONLY))).empty());
         });
     }},
    {"access: a directory that may be searched and not read shows no names",
     [] {
         works(mkdir("directory", 0755));
         put_file("directory/file", "text");
         works(chmod("directory", 0711));
         as_user(kUser, kGroup, [] {
             refused(EACCES, open("directory", O_RDONLY));
             expect_equal(contents_of("directory/file"), "text");
         });
     }},
    {"access: without the right to write a directory no name is made or taken",
     [] {
         works(mkdir("directory", 0755));
         put_file("directory/file", "text", 0666);
         as_user(kUser, kGroup, [] {
             refused(EACCES, open("directory/name", O_RDWR | O_CREAT, 0644));
             refused(EACCES, mkdir("directory/name", 0755));
             refused(EACCES, symlink("x", "directory/name"));
             refused(EACCES, mkfifo("directory/name", 0644));
             refused(EACCES, link("directory/file", "directory/name"));
             refused(EACCES, rename("directory/file", "directory/name"));
             refused(EACCES, unlink("directory/file"));
             write_at(works(open("directory/file", O_WRONLY)), "more", 4);
         });
         expect_equal(contents_of("directory/file"), "textmore");
     }},
    {"access: in a sticky directory a name goes by the hand of its file's or the directory's owner",
     [] {
         need_root();
         works(mkdir("sticky", 0777));
         works(chown("sticky", kUser, kGroup));
         works(chmod("sticky", 01777));
         for (const char* name : {"sticky/a", "sticky/b", "sticky/c"}) {
             put_file(name);
             works(chown(name, kOtherUser, kGroup));
         }
         works(mkdir("sticky/directory", 0777));
         as_user(1, kGroup, [] {
             refused(EPERM, unlink("sticky/a"));
             refused(EPERM, rename("sticky/a", "sticky/d"));
             refused(EPERM, rmdir("sticky/directory"));
         });
         as_user(kOtherUser, kOtherGroup, [] { works(unlink("sticky/a")); });
         as_user(kUser, kOtherGroup, [] { works(unlink("sticky/b")); });
         works(unlink("sticky/c"));
     }},
    {"access: a descriptor keeps the rights that it was opened with",
     [] {
         put_file("file", "text", 0666);
         as_user(kUser, kGroup, [] {
             const int fd = works(open("file", O_RDWR));
             expect(read_at(fd, 4, 0) == "text");
         });
         const int fd = works(open("file", O_RDWR));
         works(chmod("file", 0));
         in_child([&] {
             works(setresgid(kGroup, kGroup, kGroup));
             works(setresuid(kUser, kUser, kUser));
             expect_equal(read_at(fd, 4, 0), "text");
             write_at(fd, "TEXT", 0);
             refused(EACCES, open("file", O_RDONLY));
         });
         expect_equal(contents_of("file"), "TEXT");
     }},
    {"access: a program is run from the filesystem",
     [] {
         put_file("program", "#!/bin/sh\nexit 7\n", 0755);
         const pid_t child = works(fork());
         if (child == 0) {
             execl("./program", "program", nullptr);
             _exit(kCaseFailed);
         }
         int status = 0;
         works(waitpid(child, &status, 0));
         if (WEXITSTATUS(status) == kCaseFailed)
             skip_case("mounted noexec");
         expect_equal(WEXITSTATUS(status), 7);
         works(chmod("program", 0644));
         refused(EACCES, execl("./program", "program", nullptr));
     }},
};

} // namespace

std::span<const Case> access_cases() {
    return kCases;
}

} // namespace vexfs
