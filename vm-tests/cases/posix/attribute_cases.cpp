// SPDX-License-Identifier: Apache-2.0
//
// Extended attributes: name spaces, sizes, flags and rights.
#include <algorithm>
#include <set>

#include <sys/xattr.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

void put(const char* path, const std::string& name, const std::string& value, int flags = 0) {
    supported(lsetxattr(path, name.c_str(), value.data(), value.size(), flags),
              "extended attributes " + name.substr(0, name.find('.')) + ".*");
}

std::string value_of(const char* path, const std::string& name) {
    std::string value(static_cast<size_t>(works(lgetxattr(path, name.c_str(), nullptr, 0))), '\0');
    expect_equal(works(lgetxattr(path, name.c_str(), value.data(), value.size())), value.size());
    return value;
}

std::set<std::string> names_of(const char* path) {
    std::string list(static_cast<size_t>(works(llistxattr(path, nullptr, 0))), '\0');
    expect_equal(works(llistxattr(path, list.data(), list.size())), list.size());
    std::set<std::string> names;
    for (size_t at = 0; at < list.size(); at = list.find('\0', at) + 1)
        names.insert(list.c_str() + at);
    return names;
}

constexpr Case kCases[] = {
    {"xattr: a value is kept byte for byte, an empty one too",
     [] {
         put_file("file");
         std::string value = pattern(300);
         value[5] = '\0';
         put("file", "user.value", value);
         put("file", "user.empty", "");
         expect(value_of("file", "user.value") == value);
         expect_equal(value_of("file", "user.empty"), "");
         put("file", "user.value", "short");
         expect_equal(value_of("file", "user.value"), "short");
         expect(names_of("file").contains("user.empty"));
     }},
    {"xattr: XATTR_CREATE is EEXIST and XATTR_REPLACE ENODATA when they do not fit",
     [] {
         put_file("file");
         put("file", "user.name", "one", XATTR_CREATE);
         refused(EEXIST, setxattr("file", "user.name", "two", 3, XATTR_CREATE));
         put("file", "user.name", "three", XATTR_REPLACE);
         refused(ENODATA, setxattr("file", "user.none", "x", 1, XATTR_REPLACE));
         expect_equal(value_of("file", "user.name"), "three");
         expect(!names_of("file").contains("user.none"));
     }},
    {"xattr: what does not exist is ENODATA",
     [] {
         put_file("file");
         put("file", "user.name", "value");
         works(removexattr("file", "user.name"));
         char buffer[8];
         refused(ENODATA, getxattr("file", "user.name", buffer, sizeof buffer));
         refused(ENODATA, removexattr("file", "user.name"));
         refused(ENOENT, getxattr("none", "user.name", buffer, sizeof buffer));
     }},
    {"xattr: a buffer that is too small is ERANGE, of none the size is told",
     [] {
         put_file("file");
         put("file", "user.name", "0123456789");
         char buffer[4];
         refused(ERANGE, getxattr("file", "user.name", buffer, sizeof buffer));
         expect_equal(works(getxattr("file", "user.name", nullptr, 0)), 10);
         refused(ERANGE, listxattr("file", buffer, sizeof buffer));
         expect_equal(works(listxattr("file", nullptr, 0)) >= 10, true);
     }},
    {"xattr: a value of 64 KiB is kept, one byte more is E2BIG",
     [] {
         put_file("file");
         put("file", "user.small", "x");
         const std::string value = pattern(65536);
         if (setxattr("file", "user.large", value.data(), value.size(), 0) != 0) {
             expect(errno == ENOSPC || errno == E2BIG);
             skip_case("no value of 64 KiB");
         }
         expect(value_of("file", "user.large") == value);
         refused(E2BIG, setxattr("file", "user.large", (value + "x").data(), 65537, 0));
         expect(value_of("file", "user.large") == value);
     }},
    {"xattr: a hundred names are listed once each",
     [] {
         put_file("file");
         std::set<std::string> names;
         for (int number = 0; number < 100; ++number) {
             names.insert("user.name-" + std::to_string(number));
             put("file", "user.name-" + std::to_string(number), "v" + std::to_string(number));
         }
         std::set<std::string> listed = names_of("file");
         std::erase_if(listed, [](const std::string& name) { return !name.starts_with("user."); });
         expect(listed == names);
         for (const std::string& name : names)
             works(removexattr("file", name.c_str()));
         for (const std::string& name : names_of("file"))
             expect(!name.starts_with("user."));
     }},
    {"xattr: a name has at most 255 bytes",
     [] {
         put_file("file");
         const std::string longest = "user." + std::string(250, 'n');
         put("file", longest, "value");
         expect_equal(value_of("file", longest), "value");
         refused(ERANGE, setxattr("file", (longest + "n").c_str(), "x", 1, 0));
         const int result = setxattr("file", "user.", "x", 1, 0);
         expect(result == -1 && (errno == EINVAL || errno == ERANGE));
     }},
    {"xattr: trusted names are for root and hidden from others",
     [] {
         need_root();
         put_file("file", "", 0666);
         put("file", "trusted.name", "value");
         put("file", "user.name", "value");
         expect_equal(value_of("file", "trusted.name"), "value");
         as_user(kUser, kGroup, [] {
             char buffer[16];
             refused(ENODATA, getxattr("file", "trusted.name", buffer, sizeof buffer));
             refused(EPERM, setxattr("file", "trusted.name", "x", 1, 0));
             expect(!names_of("file").contains("trusted.name"));
             expect(names_of("file").contains("user.name"));
         });
         expect(names_of("file").contains("trusted.name"));
     }},
    {"xattr: security names are kept",
     [] {
         need_root();
         put_file("file");
         put("file", "security.vexfs", "value");
         expect_equal(value_of("file", "security.vexfs"), "value");
         works(removexattr("file", "security.vexfs"));
     }},
    {"xattr: a capability is kept, and goes when the file is written or changes its owner",
     [] {
         need_root();
         const std::string capability("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00"
                                      "\x00\x00\x00\x00\x00\x00\x00\x00",
                                      20);
         put_file("program", "text", 0755);
         put("program", "security.capability", capability);
         expect(value_of("program", "security.capability") == capability);
         put_file("program", "other");
         char buffer[32];
         refused(ENODATA, getxattr("program", "security.capability", buffer, sizeof buffer));
         put("program", "security.capability", capability);
         works(chown("program", kUser, kGroup));
         refused(ENODATA, getxattr("program", "security.capability", buffer, sizeof buffer));
     }},
    {"xattr: access lists are EOPNOTSUPP, or kept whole where there are some",
     [] {
         put_file("file");
         char buffer[64];
         const ssize_t got = getxattr("file", "system.posix_acl_access", buffer, sizeof buffer);
         if (got < 0 && errno == ENODATA)
             skip_case("the filesystem has access lists");
         refused(EOPNOTSUPP, got);
         // Version 2, then tag, permissions and id of owner, group and others.
         constexpr std::string_view kList("\2\0\0\0\1\0\6\0\377\377\377\377\4\0\4\0"
                                          "\377\377\377\377\40\0\4\0\377\377\377\377",
                                          28);
         refused(EOPNOTSUPP,
                 setxattr("file", "system.posix_acl_access", kList.data(), kList.size(), 0));
         refused(EOPNOTSUPP, setxattr("file", "unknown.name", "x", 1, 0));
         refused(EOPNOTSUPP, setxattr("file", "noname", "x", 1, 0));
     }},
    {"xattr: user names are for files and directories, not for links and devices",
     [] {
         works(mkdir("directory", 0755));
         works(symlink("directory", "link"));
         works(mkfifo("fifo", 0644));
         put("directory", "user.name", "value");
         expect_equal(value_of("directory", "user.name"), "value");
         refused(EPERM, lsetxattr("link", "user.name", "x", 1, 0));
         refused(EPERM, lsetxattr("fifo", "user.name", "x", 1, 0));
         char buffer[8];
         expect_equal(works(getxattr("link", "user.name", buffer, sizeof buffer)), 5);
     }},
    {"xattr: the mode decides who reads and writes user names",
     [] {
         put_file("file", "", 0644);
         put("file", "user.name", "value");
         as_user(kUser, kGroup, [] {
             expect_equal(value_of("file", "user.name"), "value");
             refused(EACCES, setxattr("file", "user.name", "x", 1, 0));
             refused(EACCES, removexattr("file", "user.name"));
         });
         works(chmod("file", 0600));
         as_user(kUser, kGroup, [] {
             char buffer[8];
             refused(EACCES, getxattr("file", "user.name", buffer, sizeof buffer));
         });
     }},
    {"xattr: they belong to the file, not to a name, and go with it",
     [] {
         put_file("file");
         put("file", "user.name", "value");
         works(link("file", "second"));
         works(rename("file", "moved"));
         expect_equal(value_of("second", "user.name"), "value");
         works(unlink("second"));
         expect_equal(value_of("moved", "user.name"), "value");
         const int fd = works(open("moved", O_RDWR));
         works(unlink("moved"));
         char buffer[8];
         expect_equal(works(fgetxattr(fd, "user.name", buffer, sizeof buffer)), 5);
         put_file("moved");
         refused(ENODATA, getxattr("moved", "user.name", buffer, sizeof buffer));
     }},
};

} // namespace

std::span<const Case> attribute_cases() {
    return kCases;
}

} // namespace vexfs
