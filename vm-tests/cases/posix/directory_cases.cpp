// SPDX-License-Identifier: Apache-2.0
//
// Directories: made, removed, their links and their group.
#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

constexpr Case kCases[] = {
    {"mkdir: a directory is empty and has the mode less the umask",
     [] {
         umask(027);
         works(mkdir("directory", 0777));
         expect_equal(permissions_of("directory"), 0750);
         expect_names("directory", {});
         expect(S_ISDIR(stat_of("directory").st_mode));
     }},
    {"mkdir: each subdirectory is a link of its parent",
     [] {
         works(mkdir("parent", 0755));
         if (stat_of("parent").st_nlink == 1)
             skip_case("subdirectories are not counted"); // allowed, as Btrfs does
         expect_equal(stat_of("parent").st_nlink, 2);
         works(mkdir("parent/one", 0755));
         works(mkdir("parent/two", 0755));
         put_file("parent/file");
         expect_equal(stat_of("parent").st_nlink, 4);
         works(rmdir("parent/one"));
         expect_equal(stat_of("parent").st_nlink, 3);
     }},
    {"mkdir: a name that is taken is EEXIST, whatever it is",
     [] {
         put_file("file");
         works(symlink("nowhere", "link"));
         works(mkdir("directory", 0755));
         for (const char* name : {"file", "link", "directory", ".", ".."})
             refused(EEXIST, mkdir(name, 0755));
         refused(ENOENT, mkdir("none/name", 0755));
         refused(ENOTDIR, mkdir("file/name", 0755));
     }},
    {"mkdir: the parent's times move",
     [] {
         works(mkdir("parent", 0755));
         expect_moves("parent", Moves::kBoth, [] { works(mkdir("parent/child", 0755)); });
         expect_moves("parent", Moves::kBoth, [] { works(rmdir("parent/child")); });
         expect_moves("parent", Moves::kNothing, [] { refused(ENOENT, rmdir("parent/child")); });
     }},
    {"mkdir: a set-group-id directory gives its group, and the bit to directories",
     [] {
         need_root();
         works(mkdir("parent", 0777));
         works(chown("parent", 0, kGroup));
         works(chmod("parent", 02777));
         as_user(kUser, kOtherGroup, [] {
             put_file("parent/file");
             works(mkdir("parent/directory", 0755));
             works(mkfifo("parent/fifo", 0644));
             works(symlink("target", "parent/link"));
         });
         for (const char* name :
              {"parent/file", "parent/directory", "parent/fifo", "parent/link"}) {
             expect_equal(stat_of(name).st_gid, kGroup);
             expect_equal(stat_of(name).st_uid, kUser);
         }
         expect_equal(permissions_of("parent/directory"), 02755);
         expect_equal(permissions_of("parent/file"), 0644);
     }},
    {"mkdir: without the bit a file has the group of who makes it",
     [] {
         works(mkdir("parent", 0777));
         works(chmod("parent", 0777));
         as_user(kUser, kOtherGroup, [] { put_file("parent/file"); });
         expect_equal(stat_of("parent/file").st_gid, kOtherGroup);
     }},
    {"mkdir: a thousand levels are no limit",
     [] {
         for (int level = 0; level < 1000; ++level) {
             works(mkdir("d", 0755));
             works(chdir("d"));
         }
         put_file("file", "deep");
         expect_equal(contents_of("file"), "deep");
         works(unlink("file"));
         for (int level = 0; level < 1000; ++level) {
             works(chdir(".."));
             works(rmdir("d"));
         }
     }},
    {"rmdir: only an empty directory goes",
     [] {
         works(mkdir("directory", 0755));
         put_file("directory/file");
         int refusal = rmdir("directory");
         expect(refusal == -1 && (errno == ENOTEMPTY || errno == EEXIST));
         works(unlink("directory/file"));
         works(mkdir("directory/below", 0755));
         refusal = rmdir("directory");
         expect(refusal == -1 && (errno == ENOTEMPTY || errno == EEXIST));
         works(rmdir("directory/below"));
         works(rmdir("directory"));
         refused(ENOENT, rmdir("directory"));
     }},
    {"rmdir: what is no directory is ENOTDIR",
     [] {
         put_file("file");
         works(mkdir("directory", 0755));
         works(symlink("directory", "link"));
         works(mkfifo("fifo", 0644));
         for (const char* name : {"file", "link", "fifo", "file/below"})
             refused(ENOTDIR, rmdir(name));
     }},
    {"rmdir: . is EINVAL, .. is ENOTEMPTY",
     [] {
         works(mkdir("directory", 0755));
         works(mkdir("directory/below", 0755));
         refused(EINVAL, rmdir("directory/."));
         refused(ENOTEMPTY, rmdir("directory/below/.."));
     }},
    {"rmdir: a directory that someone stands in goes",
     [] {
         works(mkdir("directory", 0755));
         works(chdir("directory"));
         works(rmdir("../directory"));
         refused(ENOENT, open("file", O_WRONLY | O_CREAT, 0644));
         refused(ENOENT, mkdir("below", 0755));
         expect_equal(stat_of(".").st_nlink, 0);
     }},
};

} // namespace

std::span<const Case> directory_cases() {
    return kCases;
}

} // namespace vexfs
