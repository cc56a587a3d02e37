// SPDX-License-Identifier: Apache-2.0
//
// Files, listings and metadata, as the cases want to write and see them. A call that fails here
// ends the case. Paths are relative to the case's directory.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm-tests/cases/posix/case.h"

namespace vexfs {

inline constexpr unsigned kUser = 65534, kOtherUser = 65533, kGroup = 65532, kOtherGroup = 65531;

// Makes or overwrites the file.
void put_file(const std::string& path, std::string_view contents = {}, mode_t mode = 0644,
              const char* file = __builtin_FILE(), int line = __builtin_LINE());
std::string contents_of(const std::string& path, const char* file = __builtin_FILE(),
                        int line = __builtin_LINE());
std::string read_at(int fd, size_t size, off_t offset);
void write_at(int fd, std::string_view contents, off_t offset);
// Bytes that differ from block to block, and for each seed.
std::string pattern(size_t size_bytes, unsigned seed = 1);

// Not followed.
struct stat stat_of(const std::string& path, const char* file = __builtin_FILE(),
                    int line = __builtin_LINE());
struct stat stat_of(int fd);
mode_t permissions_of(const std::string& path);
bool exists(const std::string& path);

// A directory read by getdents64, whose cookies are plain to see.
struct Listed {
    uint64_t ino = 0;
    int64_t next = 0; // lseek to it goes on behind this entry
    unsigned char type = 0;
    std::string name;
};
// One call; empty at the end.
std::vector<Listed> next_entries(int directory, size_t buffer_bytes = 4096);
// All that is left, "." and ".." too.
std::vector<Listed> rest_of(int directory, size_t buffer_bytes = 65536);
// The names without "." and "..", sorted.
std::vector<std::string> names_in(const std::string& path);
void expect_names(const std::string& path, const std::vector<std::string>& names,
                  const char* file = __builtin_FILE(), int line = __builtin_LINE());

// Returns when the clock that filesystems stamp with shows a later time.
void let_time_pass();
bool is_later(const timespec& left, const timespec& right);
// The times that a step changes of one file.
struct Times {
    timespec access, modification, change;
    friend bool operator==(const Times& left, const Times& right);
};
Times times_of(const std::string& path);
// Lets time pass, takes the step and expects that it moved mtime and ctime of `path` as said.
enum class Moves { kNothing, kChange, kBoth };
void expect_moves(const std::string& path, Moves moves, const std::function<void()>& step,
                  const char* file = __builtin_FILE(), int line = __builtin_LINE());

} // namespace vexfs
