// SPDX-License-Identifier: Apache-2.0
//
// Reading directories: what is listed, where a listing goes on, and that changes do not disturb it.
#include <algorithm>
#include <map>
#include <set>

#include <sys/syscall.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

std::string name_of(int number) {
    return "entry-" + std::to_string(number);
}

void make_entries(const std::string& directory, int begin, int end) {
    for (int number = begin; number < end; ++number)
        works(close(
            works(open((directory + "/" + name_of(number)).c_str(), O_WRONLY | O_CREAT, 0644))));
}

int open_directory(const char* path) {
    return works(open(path, O_RDONLY | O_DIRECTORY));
}

std::map<std::string, int> times_listed(const std::vector<Listed>& entries) {
    std::map<std::string, int> times;
    for (const Listed& entry : entries)
        ++times[entry.name];
    return times;
}

// What was there from beginning to end is listed just once.
void expect_once(const std::vector<Listed>& entries, int begin, int end) {
    const auto times = times_listed(entries);
    for (int number = begin; number < end; ++number) {
        const auto found = times.find(name_of(number));
        if (found == times.end() || found->second != 1)
            fail_case(name_of(number) + " is listed " +
                      std::to_string(found == times.end() ? 0 : found->second) + " times");
    }
}

// What a listing by small reads returns while `change` comes between each two of them.
template <typename Change>
std::vector<Listed> list_while(const char* directory, Change&& change) {
    const int fd = open_directory(directory);
    std::vector<Listed> seen;
    for (std::vector<Listed> some; !(some = next_entries(fd, 1024)).empty(); change())
        seen.insert(seen.end(), some.begin(), some.end());
    return seen;
}

constexpr Case kCases[] = {
    {"readdir: the listing has each name once, with its type and number",
     [] {
         works(mkdir("list", 0755));
         put_file("list/file");
         works(mkdir("list/directory", 0755));
         works(symlink("x", "list/link"));
         works(mkfifo("list/fifo", 0644));
         const std::map<std::string, unsigned char> types{{".", DT_DIR},    {"..", DT_DIR},
                                                          {"file", DT_REG}, {"directory", DT_DIR},
                                                          {"link", DT_LNK}, {"fifo", DT_FIFO}};
         const std::vector<Listed> entries = rest_of(open_directory("list"));
         expect_equal(entries.size(), types.size());
         for (const Listed& entry : entries) {
             const auto type = types.find(entry.name);
             expect(type != types.end());
             expect(entry.type == type->second || entry.type == DT_UNKNOWN);
             expect_equal(entry.ino, stat_of("list/" + entry.name).st_ino);
         }
     }},
    {"readdir: 10,000 entries are listed once each, by small reads and by large ones",
     [] {
         works(mkdir("list", 0755));
         make_entries("list", 0, 10'000);
         for (const size_t buffer_bytes : {size_t{512}, size_t{4096}, size_t{1} << 20}) {
             const std::vector<Listed> entries = rest_of(open_directory("list"), buffer_bytes);
             expect_equal(entries.size(), 10'002);
             expect_once(entries, 0, 10'000);
         }
     }},
    {"readdir: every cookie leads back to the entries behind it",
     [] {
         works(mkdir("list", 0755));
         make_entries("list", 0, 500);
         const int fd = open_directory("list");
         const std::vector<Listed> all = rest_of(fd);
         std::set<int64_t> cookies;
         for (size_t at = 0; at < all.size(); ++at) {
             expect(cookies.insert(all[at].next).second);
             works(lseek(fd, all[at].next, SEEK_SET));
             const std::vector<Listed> rest = next_entries(fd);
             expect_equal(rest.empty(), at + 1 == all.size());
             if (!rest.empty())
                 expect_equal(rest.front().name, all[at + 1].name);
         }
         works(lseek(fd, 0, SEEK_SET));
         expect_equal(rest_of(fd).size(), all.size());
     }},
    {"readdir: a cookie leads on when the entry that gave it is removed",
     [] {
         works(mkdir("list", 0755));
         make_entries("list", 0, 300);
         const int fd = open_directory("list");
         const std::vector<Listed> all = rest_of(fd);
         const size_t at = all.size() / 2;
         if (all[at].name[0] != '.')
             works(unlink(("list/" + all[at].name).c_str()));
         works(lseek(fd, all[at].next, SEEK_SET));
         expect_equal(next_entries(fd).front().name, all[at + 1].name);
     }},
    {"readdir: what stays is listed once while other entries are made",
     [] {
         works(mkdir("list", 0755));
         make_entries("list", 0, 2000);
         int number = 2000;
         const std::vector<Listed> seen = list_while("list", [&] {
             if (number < 8000)
                 make_entries("list", number, number + 20);
             number += 20;
         });
         expect_once(seen, 0, 2000);
         for (const auto& [name, times] : times_listed(seen))
             expect_equal(times, 1);
     }},
    {"readdir: what stays is listed once while other entries are removed",
     [] {
         works(mkdir("list", 0755));
         make_entries("list", 0, 4000);
         int number = 2000;
         const std::vector<Listed> seen = list_while("list", [&] {
             for (int removed = 0; removed < 20 && number < 4000; ++removed)
                 works(unlink(("list/" + name_of(number++)).c_str()));
         });
         expect_once(seen, 0, 2000);
     }},
    {"readdir: removing all that a listing returns empties the directory",
     [] {
         works(mkdir("list", 0755));
         make_entries("list", 0, 3000);
         const int fd = open_directory("list");
         for (;;) {
             const std::vector<Listed> some = next_entries(fd, 2048);
             if (some.empty())
                 break;
             for (const Listed& entry : some)
                 if (entry.name != "." && entry.name != "..")
                     works(unlink(("list/" + entry.name).c_str()));
         }
         works(rmdir("list"));
     }},
    {"readdir: a rewound listing shows what was made and removed since",
     [] {
         works(mkdir("list", 0755));
         put_file("list/first");
         const int fd = open_directory("list");
         expect_equal(rest_of(fd).size(), 3);
         put_file("list/second");
         works(unlink("list/first"));
         works(lseek(fd, 0, SEEK_SET));
         const auto times = times_listed(rest_of(fd));
         expect(times.contains("second") && !times.contains("first"));
     }},
    {"readdir: two descriptors of a directory have places of their own",
     [] {
         works(mkdir("list", 0755));
         make_entries("list", 0, 200);
         const int left = open_directory("list");
         const int right = open_directory("list");
         const std::vector<Listed> begin = next_entries(left, 512);
         expect_equal(rest_of(right).size(), 202);
         expect_equal(begin.size() + rest_of(left).size(), 202);
     }},
    {"readdir: names that begin alike and long names are all listed",
     [] {
         works(mkdir("list", 0755));
         std::vector<std::string> names;
         for (int number = 0; number < 500; ++number)
             names.push_back(std::string(250, 'a') + std::to_string(10'000 + number));
         for (const std::string& name : names)
             put_file("list/" + name);
         expect_names("list", names);
     }},
    {"readdir: a buffer too small for one entry is EINVAL",
     [] {
         works(mkdir("list", 0755));
         put_file("list/" + std::string(200, 'n'));
         const int fd = open_directory("list");
         std::string buffer(16, '\0');
         refused(EINVAL, syscall(SYS_getdents64, fd, buffer.data(), buffer.size()));
         put_file("file");
         refused(ENOTDIR, syscall(SYS_getdents64, works(open("file", O_RDONLY)), buffer.data(),
                                  buffer.size()));
     }},
};

} // namespace

std::span<const Case> listing_cases() {
    return kCases;
}

} // namespace vexfs
