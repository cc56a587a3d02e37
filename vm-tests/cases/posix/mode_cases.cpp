// SPDX-License-Identifier: Apache-2.0
//
// chmod and chown: who may, and what they clear.
#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

constexpr uid_t kSameUser = static_cast<uid_t>(-1);
constexpr gid_t kSameGroup = static_cast<gid_t>(-1);

constexpr Case kCases[] = {
    {"chmod: every mode is kept, of files and of directories",
     [] {
         put_file("file");
         works(mkdir("directory", 0755));
         for (mode_t mode = 0; mode <= 07777; mode += 0123) {
             works(chmod("file", mode));
             expect_equal(permissions_of("file"), mode);
             works(chmod("directory", mode));
             expect_equal(permissions_of("directory"), mode);
         }
         works(chmod("directory", 0755));
     }},
    {"chmod: ctime moves, mtime does not",
     [] {
         put_file("file");
         expect_moves("file", Moves::kChange, [] { works(chmod("file", 0600)); });
         const int fd = works(open("file", O_RDONLY));
         expect_moves("file", Moves::kChange, [&] { works(fchmod(fd, 0640)); });
     }},
    {"chmod: it follows a symbolic link",
     [] {
         put_file("file", "", 0644);
         works(symlink("file", "link"));
         works(chmod("link", 0600));
         expect_equal(permissions_of("file"), 0600);
         expect_equal(permissions_of("link"), 0777);
     }},
    {"chmod: it is for the owner and root",
     [] {
         put_file("file", "", 0666);
         as_user(kUser, kGroup, [] { refused(EPERM, chmod("file", 0600)); });
         works(chown("file", kUser, kGroup));
         as_user(kUser, kGroup, [] { works(chmod("file", 0600)); });
         expect_equal(permissions_of("file"), 0600);
     }},
    {"chmod: an owner outside of the file's group cannot set its group id bit",
     [] {
         put_file("file");
         need_root();
         works(chown("file", kUser, kGroup));
         as_user(kUser, kOtherGroup, [] { works(chmod("file", 02755)); });
         expect_equal(permissions_of("file"), 0755);
         const unsigned groups[] = {kGroup};
         as_user(kUser, kOtherGroup, groups, [] { works(chmod("file", 02755)); });
         expect_equal(permissions_of("file"), 02755);
     }},
    {"chmod: the sticky bit of a directory is for its owner",
     [] {
         need_root();
         works(mkdir("directory", 0755));
         works(chown("directory", kUser, kGroup));
         as_user(kUser, kGroup, [] { works(chmod("directory", 01755)); });
         expect_equal(permissions_of("directory"), 01755);
     }},
    {"chown: owner and group change together and one by one",
     [] {
         need_root();
         put_file("file");
         works(chown("file", kUser, kGroup));
         works(chown("file", kSameUser, kOtherGroup));
         expect_equal(stat_of("file").st_uid, kUser);
         expect_equal(stat_of("file").st_gid, kOtherGroup);
         works(chown("file", kOtherUser, kSameGroup));
         expect_equal(stat_of("file").st_uid, kOtherUser);
         expect_equal(stat_of("file").st_gid, kOtherGroup);
         works(chown("file", 4'000'000'000, 4'000'000'001));
         expect_equal(stat_of("file").st_uid, 4'000'000'000);
         expect_equal(stat_of("file").st_gid, 4'000'000'001);
     }},
    {"chown: lchown changes the link, chown its target",
     [] {
         need_root();
         put_file("file");
         works(symlink("file", "link"));
         works(lchown("link", kUser, kGroup));
         expect_equal(stat_of("link").st_uid, kUser);
         expect_equal(stat_of("file").st_uid, 0);
         works(chown("link", kOtherUser, kOtherGroup));
         expect_equal(stat_of("file").st_uid, kOtherUser);
         expect_equal(stat_of("link").st_uid, kUser);
     }},
    {"chown: ctime moves, mtime does not",
     [] {
         need_root();
         put_file("file");
         expect_moves("file", Moves::kChange, [] { works(chown("file", kUser, kGroup)); });
     }},
    {"chown: an owner may give a file to a group of theirs and to nobody else",
     [] {
         need_root();
         put_file("file");
         works(chown("file", kUser, kGroup));
         const unsigned groups[] = {kOtherGroup};
         as_user(kUser, kGroup, groups, [] {
             works(chown("file", kSameUser, kOtherGroup));
             works(chown("file", kUser, kGroup));
             refused(EPERM, chown("file", kOtherUser, kSameGroup));
             refused(EPERM, chown("file", kSameUser, 5));
         });
         as_user(kOtherUser, kGroup, [] { refused(EPERM, chown("file", kSameUser, kGroup)); });
         expect_equal(stat_of("file").st_uid, kUser);
     }},
    {"chown: the set-id bits of a program go",
     [] {
         need_root();
         put_file("file");
         works(chown("file", kUser, kGroup));
         const unsigned groups[] = {kOtherGroup};
         works(chmod("file", 06755));
         as_user(kUser, kGroup, groups, [] { works(chown("file", kSameUser, kOtherGroup)); });
         expect_equal(permissions_of("file"), 0755);
         works(chmod("file", 06755));
         works(chown("file", kOtherUser, kOtherGroup));
         expect_equal(permissions_of("file"), 0755);
     }},
    {"chown: the set-group-id bit of a directory stays",
     [] {
         need_root();
         works(mkdir("directory", 0755));
         works(chmod("directory", 02755));
         works(chown("directory", kUser, kGroup));
         expect_equal(permissions_of("directory"), 02755);
     }},
    {"chown: writing or cutting clears the set-id bits",
     [] {
         need_root();
         put_file("file", "text", 0777);
         works(chmod("file", 06777));
         as_user(kUser, kGroup, [] { write_at(works(open("file", O_WRONLY)), "x", 0); });
         expect_equal(permissions_of("file"), 0777);
         works(chmod("file", 06777));
         as_user(kUser, kGroup, [] { works(truncate("file", 1)); });
         expect_equal(permissions_of("file"), 0777);
     }},
    {"chmod: what does not exist is ENOENT, what is no directory ENOTDIR",
     [] {
         put_file("file");
         refused(ENOENT, chmod("none", 0644));
         refused(ENOTDIR, chmod("file/below", 0644));
         refused(ENOENT, chown("none", kSameUser, kSameGroup));
         refused(ENOTDIR, chown("file/below", kSameUser, kSameGroup));
     }},
};

} // namespace

std::span<const Case> mode_cases() {
    return kCases;
}

} // namespace vexfs
