// SPDX-License-Identifier: Apache-2.0
//
// rename(2) and its flags.
#include <cstdio>

#include <sys/wait.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

// Skips the case if the filesystem does not know the flag.
void rename_with(unsigned flag, const char* from, const char* to) {
    const int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, flag);
    if (result < 0 && errno == EINVAL)
        skip_case("no such flag of renameat2");
    works(result);
}

constexpr Case kCases[] = {
    {"rename: a file keeps its number, contents and metadata",
     [] {
         put_file("from", pattern(10'000), 0604);
         const struct stat before = stat_of("from");
         works(rename("from", "to"));
         const struct stat after = stat_of("to");
         expect(!exists("from"));
         expect_equal(after.st_ino, before.st_ino);
         expect_equal(after.st_mode, before.st_mode);
         expect_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
         expect(contents_of("to") == pattern(10'000));
     }},
    {"rename: a file takes the place of another, whose open descriptors live on",
     [] {
         put_file("from", "source");
         put_file("to", "target");
         const int replaced = works(open("to", O_RDWR));
         const int moved = works(open("from", O_RDWR));
         works(rename("from", "to"));
         expect_equal(contents_of("to"), "source");
         expect_equal(read_at(replaced, 10, 0), "target");
         expect_equal(stat_of(replaced).st_nlink, 0);
         write_at(moved, "S", 0);
         expect_equal(contents_of("to"), "Source");
         write_at(replaced, "gone", 0);
         expect_equal(contents_of("to"), "Source");
         expect_names(".", {"to"});
     }},
    {"rename: onto another name of the same file does nothing",
     [] {
         put_file("first", "text");
         works(link("first", "second"));
         works(rename("first", "second"));
         expect_names(".", {"first", "second"});
         works(rename("first", "first"));
         expect_equal(stat_of("first").st_nlink, 2);
     }},
    {"rename: both directories' times and the file's ctime move",
     [] {
         works(mkdir("left", 0755));
         works(mkdir("right", 0755));
         put_file("left/file");
         expect_moves("left", Moves::kBoth, [] {
             expect_moves("right", Moves::kBoth, [] { works(rename("left/file", "right/file")); });
         });
         const Times before = times_of("right/file");
         let_time_pass();
         works(rename("right/file", "right/moved"));
         expect(is_later(times_of("right/moved").change, before.change));
     }},
    {"rename: a directory moves with all that is below it, and .. with it",
     [] {
         works(mkdir("left", 0755));
         works(mkdir("right", 0755));
         works(mkdir("left/tree", 0755));
         works(mkdir("left/tree/below", 0755));
         put_file("left/tree/below/file", "text");
         const int inside = works(open("left/tree", O_RDONLY | O_DIRECTORY));
         const nlink_t left = stat_of("left").st_nlink;
         works(rename("left/tree", "right/tree"));
         expect_equal(contents_of("right/tree/below/file"), "text");
         expect_equal(stat_of("right/tree/..").st_ino, stat_of("right").st_ino);
         struct stat up {};
         works(fstatat(inside, "..", &up, 0));
         expect_equal(up.st_ino, stat_of("right").st_ino);
         for (const Listed& entry : rest_of(inside))
             if (entry.name == "..")
                 expect_equal(entry.ino, up.st_ino);
         if (left != 1) { // a filesystem that does not count subdirectories says 1
             expect_equal(stat_of("left").st_nlink, left - 1);
             expect_equal(stat_of("right").st_nlink, left);
         }
     }},
    {"rename: a directory takes the place of an empty one only",
     [] {
         works(mkdir("from", 0755));
         works(mkdir("empty", 0755));
         works(mkdir("full", 0755));
         put_file("full/file");
         const int refusal = rename("from", "full");
         expect(refusal == -1 && (errno == ENOTEMPTY || errno == EEXIST));
         works(rename("from", "empty"));
         expect_names(".", {"empty", "full"});
     }},
    {"rename: a file and a directory do not replace each other",
     [] {
         put_file("file");
         works(mkdir("directory", 0755));
         refused(EISDIR, rename("file", "directory"));
         refused(ENOTDIR, rename("directory", "file"));
         refused(ENOTDIR, rename("file", "file/name"));
         expect_names(".", {"directory", "file"});
     }},
    {"rename: a directory does not move into itself",
     [] {
         works(mkdir("directory", 0755));
         works(mkdir("directory/below", 0755));
         works(mkdir("directory/below/deep", 0755));
         refused(EINVAL, rename("directory", "directory/name"));
         refused(EINVAL, rename("directory", "directory/below/deep/name"));
         refused(EINVAL, rename("directory", "directory/below/deep"));
         const int refusal = rename("directory/below/deep", "directory");
         expect(refusal == -1 && (errno == ENOTEMPTY || errno == EEXIST));
         refused(EBUSY, rename("directory/.", "name"));
         refused(EBUSY, rename("directory/..", "name"));
     }},
    {"rename: what does not exist is ENOENT",
     [] {
         put_file("file");
         refused(ENOENT, rename("none", "name"));
         refused(ENOENT, rename("file", "none/name"));
         refused(ENOENT, rename("none", "file"));
         expect_names(".", {"file"});
     }},
    {"rename: RENAME_NOREPLACE is EEXIST when the name is taken",
     [] {
         put_file("from", "source");
         put_file("taken", "target");
         works(mkdir("directory", 0755));
         rename_with(RENAME_NOREPLACE, "from", "free");
         refused(EEXIST, renameat2(AT_FDCWD, "free", AT_FDCWD, "taken", RENAME_NOREPLACE));
         refused(EEXIST, renameat2(AT_FDCWD, "free", AT_FDCWD, "directory", RENAME_NOREPLACE));
         refused(EEXIST, renameat2(AT_FDCWD, "free", AT_FDCWD, "free", RENAME_NOREPLACE));
         expect_equal(contents_of("taken"), "target");
         expect_equal(contents_of("free"), "source");
     }},
    {"rename: RENAME_EXCHANGE swaps two files",
     [] {
         put_file("left", "left");
         put_file("right", "right");
         rename_with(RENAME_EXCHANGE, "left", "right");
         expect_equal(contents_of("left"), "right");
         expect_equal(contents_of("right"), "left");
         refused(ENOENT, renameat2(AT_FDCWD, "left", AT_FDCWD, "none", RENAME_EXCHANGE));
         refused(EINVAL, renameat2(AT_FDCWD, "left", AT_FDCWD, "right",
                                   RENAME_EXCHANGE | RENAME_NOREPLACE));
     }},
    {"rename: RENAME_EXCHANGE swaps a full directory and a file of another directory",
     [] {
         works(mkdir("one", 0755));
         works(mkdir("two", 0755));
         works(mkdir("one/tree", 0755));
         put_file("one/tree/file", "text");
         put_file("two/plain", "plain");
         rename_with(RENAME_EXCHANGE, "one/tree", "two/plain");
         expect_equal(contents_of("one/tree"), "plain");
         expect_equal(contents_of("two/plain/file"), "text");
         expect_equal(stat_of("two/plain/..").st_ino, stat_of("two").st_ino);
         refused(EINVAL, renameat2(AT_FDCWD, "two", AT_FDCWD, "two/plain", RENAME_EXCHANGE));
     }},
    {"rename: a reader of the target always finds one file or the other",
     [] {
         put_file("target", "even");
         const pid_t writer = works(fork());
         if (writer == 0) {
             for (int i = 0; i < 500; ++i) {
                 put_file("next", i % 2 == 0 ? "odd!" : "even");
                 works(rename("next", "target"));
             }
             _exit(kCasePassed);
         }
         int status = 0;
         while (works(waitpid(writer, &status, WNOHANG)) == 0) {
             const std::string is = contents_of("target");
             expect(is == "even" || is == "odd!");
         }
         expect_equal(status, 0);
     }},
    {"rename: a name in a sticky directory is for its owner",
     [] {
         works(mkdir("sticky", 01777));
         works(chmod("sticky", 01777));
         put_file("sticky/theirs", "text", 0666);
         as_user(kUser, kGroup, [] {
             put_file("sticky/mine");
             refused(EPERM, rename("sticky/theirs", "sticky/taken"));
             refused(EPERM, rename("sticky/mine", "sticky/theirs"));
             refused(EPERM, unlink("sticky/theirs"));
             works(rename("sticky/mine", "sticky/renamed"));
         });
         as_user(kOtherUser, kGroup, [] {
             refused(EPERM, renameat2(AT_FDCWD, "sticky/theirs", AT_FDCWD, "sticky/renamed",
                                      RENAME_EXCHANGE));
             refused(EPERM, unlink("sticky/renamed"));
         });
     }},
    {"rename: the right to write is asked of both directories",
     [] {
         works(mkdir("open", 0777));
         works(chmod("open", 0777));
         works(mkdir("closed", 0755));
         put_file("open/file");
         put_file("closed/file");
         as_user(kUser, kGroup, [] {
             refused(EACCES, rename("open/file", "closed/name"));
             refused(EACCES, rename("closed/file", "open/name"));
             works(rename("open/file", "open/name"));
         });
     }},
    {"rename: another's directory does not leave its parent without the right to write it",
     [] {
         works(mkdir("open", 0777));
         works(chmod("open", 0777));
         works(mkdir("there", 0777));
         works(chmod("there", 0777));
         works(mkdir("open/directory", 0755));
         as_user(kUser, kGroup, [] {
             refused(EACCES, rename("open/directory", "there/directory"));
             works(rename("open/directory", "open/renamed"));
         });
     }},
};

} // namespace

std::span<const Case> rename_cases() {
    return kCases;
}

} // namespace vexfs
