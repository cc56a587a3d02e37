// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/scratch.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include <sys/syscall.h>

namespace vexfs {

void put_file(const std::string& path, std::string_view contents, mode_t mode, const char* file,
              int line) {
    const int fd = works(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, mode), file, line);
    write_at(fd, contents, 0);
    works(close(fd), file, line);
}

std::string contents_of(const std::string& path, const char* file, int line) {
    const int fd = works(open(path.c_str(), O_RDONLY), file, line);
    std::string contents = read_at(fd, static_cast<size_t>(stat_of(fd).st_size) + 1, 0);
    works(close(fd), file, line);
    return contents;
}

std::string read_at(int fd, size_t size, off_t offset) {
    std::string contents(size, '\0');
    size_t done = 0;
    while (done < size) {
        const ssize_t got = works(
            pread(fd, contents.data() + done, size - done, offset + static_cast<off_t>(done)));
        if (got == 0)
            break;
        done += static_cast<size_t>(got);
    }
    contents.resize(done);
    return contents;
}

void write_at(int fd, std::string_view contents, off_t offset) {
    while (!contents.empty()) {
        const ssize_t put = works(pwrite(fd, contents.data(), contents.size(), offset));
        contents.remove_prefix(static_cast<size_t>(put));
        offset += put;
    }
}

std::string pattern(size_t size_bytes, unsigned seed) {
    std::string bytes(size_bytes, '\0');
    for (size_t i = 0; i < size_bytes; ++i)
        bytes[i] = static_cast<char>(1 + (i * 7 + i / 4096 * 13 + size_t{seed} * 31) % 251);
    return bytes;
}

struct stat stat_of(const std::string& path, const char* file, int line) {
    struct stat is {};
    works(lstat(path.c_str(), &is), file, line);
    return is;
}

struct stat stat_of(int fd) {
    struct stat is {};
    works(fstat(fd, &is));
    return is;
}

mode_t permissions_of(const std::string& path) {
    return stat_of(path).st_mode & 07777;
}

bool exists(const std::string& path) {
    struct stat is {};
    if (lstat(path.c_str(), &is) == 0)
        return true;
    refused(ENOENT, -1);
    return false;
}

std::vector<Listed> next_entries(int directory, size_t buffer_bytes) {
    std::vector<char> buffer(buffer_bytes);
    const long size = works(syscall(SYS_getdents64, directory, buffer.data(), buffer.size()));
    std::vector<Listed> entries;
    for (long at = 0; at < size;) {
        dirent64 entry{};
        const char* raw = buffer.data() + at;
        std::memcpy(&entry, raw, offsetof(dirent64, d_name));
        entries.push_back(
            {entry.d_ino, entry.d_off, entry.d_type, raw + offsetof(dirent64, d_name)});
        at += entry.d_reclen;
    }
    return entries;
}

std::vector<Listed> rest_of(int directory, size_t buffer_bytes) {
    std::vector<Listed> all;
    for (;;) {
        const std::vector<Listed> some = next_entries(directory, buffer_bytes);
        if (some.empty())
            return all;
        all.insert(all.end(), some.begin(), some.end());
    }
}

std::vector<std::string> names_in(const std::string& path) {
    const int directory = works(open(path.c_str(), O_RDONLY | O_DIRECTORY));
    std::vector<std::string> names;
    for (const Listed& entry : rest_of(directory))
        if (entry.name != "." && entry.name != "..")
            names.push_back(entry.name);
    works(close(directory));
    std::sort(names.begin(), names.end());
    return names;
}

void expect_names(const std::string& path, const std::vector<std::string>& names, const char* file,
                  int line) {
    const auto joined = [](const std::vector<std::string>& parts) {
        std::string text;
        for (const std::string& part : parts)
            text += part + "/";
        return text;
    };
    expect_equal(joined(names_in(path)), joined(names), file, line);
}

void let_time_pass() {
    timespec start{}, then{};
    works(clock_gettime(CLOCK_REALTIME_COARSE, &start));
    do
        works(clock_gettime(CLOCK_REALTIME_COARSE, &then));
    while (!is_later(then, start));
}

bool is_later(const timespec& left, const timespec& right) {
    return left.tv_sec != right.tv_sec ? left.tv_sec > right.tv_sec : left.tv_nsec > right.tv_nsec;
}

bool operator==(const Times& left, const Times& right) {
    const auto same = [](const timespec& a, const timespec& b) {
        return !is_later(a, b) && !is_later(b, a);
    };
    return same(left.access, right.access) && same(left.modification, right.modification) &&
           same(left.change, right.change);
}

Times times_of(const std::string& path) {
    const struct stat is = stat_of(path);
    return {is.st_atim, is.st_mtim, is.st_ctim};
}

void expect_moves(const std::string& path, Moves moves, const std::function<void()>& step,
                  const char* file, int line) {
    const Times before = times_of(path);
    let_time_pass();
    step();
    const Times after = times_of(path);
    const auto check = [&](const timespec& was, const timespec& is, bool should_move,
                           const char* name) {
        if (is_later(is, was) != should_move)
            fail_case(std::string(name) + " of " + path + (should_move ? " stood still" : " moved"),
                      file, line);
    };
    check(before.modification, after.modification, moves == Moves::kBoth, "mtime");
    check(before.change, after.change, moves != Moves::kNothing, "ctime");
}

} // namespace vexfs
