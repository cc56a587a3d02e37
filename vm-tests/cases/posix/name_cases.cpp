// SPDX-License-Identifier: Apache-2.0
//
// Names: their length, their bytes, and the paths that are made of them.
#include <algorithm>
#include <climits>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

const std::string kLongest(255, 'n');
const std::string kTooLong(256, 'n');

constexpr Case kCases[] = {
    {"names: 255 bytes are a name for every kind of file",
     [] {
         const char* name = kLongest.c_str();
         put_file(kLongest, "text");
         expect_names(".", {kLongest});
         works(rename(name, "short"));
         works(rename("short", name));
         works(unlink(name));
         works(mkdir(name, 0755));
         works(rmdir(name));
         works(symlink("target", name));
         works(unlink(name));
         works(mkfifo(name, 0644));
         works(unlink(name));
         expect_names(".", {});
     }},
    {"names: 256 bytes are ENAMETOOLONG for every call",
     [] {
         const char* name = kTooLong.c_str();
         put_file("file");
         struct stat is {};
         refused(ENAMETOOLONG, open(name, O_RDWR | O_CREAT, 0644));
         refused(ENAMETOOLONG, open(name, O_RDONLY));
         refused(ENAMETOOLONG, mkdir(name, 0755));
         refused(ENAMETOOLONG, mkfifo(name, 0644));
         refused(ENAMETOOLONG, symlink("target", name));
         refused(ENAMETOOLONG, link("file", name));
         refused(ENAMETOOLONG, rename("file", name));
         refused(ENAMETOOLONG, rename(name, "another"));
         refused(ENAMETOOLONG, unlink(name));
         refused(ENAMETOOLONG, rmdir(name));
         refused(ENAMETOOLONG, lstat(name, &is));
         refused(ENAMETOOLONG, truncate(name, 0));
         refused(ENAMETOOLONG, chmod(name, 0644));
     }},
    {"names: any bytes but the slash and zero make a name",
     [] {
         std::vector<std::string> names;
         for (int byte = 1; byte < 256; ++byte)
             if (byte != '/' && byte != '.')
                 names.emplace_back(1, static_cast<char>(byte));
         names.emplace_back("\xc3\x28");
         names.emplace_back("\xff\xff\xff");
         names.emplace_back("...");
         names.emplace_back(" leading and trailing ");
         for (const std::string& name : names)
             put_file(name, name);
         std::sort(names.begin(), names.end());
         expect_names(".", names);
         for (const std::string& name : names)
             expect_equal(contents_of(name), name);
     }},
    {"names: upper and lower case, composed and decomposed, are different names",
     [] {
         put_file("a", "1");
         put_file("A", "2");
         put_file("\xc3\xa9", "3");
         put_file("e\xcc\x81", "4");
         expect_equal(contents_of("a") + contents_of("A"), "12");
         expect_equal(contents_of("\xc3\xa9") + contents_of("e\xcc\x81"), "34");
     }},
    {"names: a path of PATH_MAX bytes is ENAMETOOLONG, one byte less is a path",
     [] {
         put_file("file", "text");
         std::string path = "file";
         while (path.size() + 2 < PATH_MAX)
             path.insert(0, "./");
         if (path.size() + 1 < PATH_MAX)
             path.insert(2, "/");
         expect_equal(path.size(), PATH_MAX - 1);
         expect_equal(contents_of(path), "text");
         refused(ENAMETOOLONG, open(("." + path).c_str(), O_RDONLY));
     }},
    {"names: dots and double slashes lead where they should",
     [] {
         works(mkdir("directory", 0755));
         put_file("file", "text");
         expect_equal(contents_of(".//directory/.././file"), "text");
         expect_equal(stat_of("directory/..").st_ino, stat_of(".").st_ino);
         expect_equal(stat_of("directory/.").st_ino, stat_of("directory").st_ino);
     }},
    {"names: a trailing slash asks for a directory",
     [] {
         put_file("file");
         works(mkdir("directory/", 0755));
         struct stat is {};
         works(stat("directory/", &is));
         refused(ENOTDIR, stat("file/", &is));
         refused(EISDIR, open("none/", O_WRONLY | O_CREAT, 0644));
         refused(ENOTDIR, rename("file", "another/"));
         works(rename("directory/", "moved/"));
         works(rmdir("moved/"));
     }},
};

} // namespace

std::span<const Case> name_cases() {
    return kCases;
}

} // namespace vexfs
