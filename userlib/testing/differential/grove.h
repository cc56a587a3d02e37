// SPDX-License-Identifier: Apache-2.0
//
// A tree of files on a mount, made and changed at random by root through the kernel and libvexfs,
// beside the oracle: directories and files of several owners, groups and modes, links, renames,
// data, attributes and rows; one directory of a small tree is a collection of its own.
//
// An error is a sentence; "" is none.
//
// Threads: one thread.
#pragma once

#include <string>

#include "userlib/testing/differential/oracle.h"

namespace vexfs {

// Who searches: root, and others that own or share something.
struct User {
    uint32_t uid = 0;
    std::vector<uint32_t> groups; // the first is the primary one
    std::string name;
};
// Of a small tree: root, owners and strangers.
std::vector<User> small_users();
// Of a large one: root, and who sees 50, 10, 1 and 0.1 percent of its rows by their groups. Those
// who see many are there several times.
std::vector<User> large_users();

class Grove {
  public:
    // `top` is a directory that is made; `seed` decides on everything.
    Grove(std::string top, uint64_t seed, uint32_t dim, KnownMetric metric);

    // A few directories and files, for many rights and shapes.
    std::string plant_small();
    // At least this many rows, for graph walks; linked.
    std::string plant_large(uint32_t rows);
    std::string change(uint32_t times);
    // Waits until all rows are linked.
    std::string link_rows();

    [[nodiscard]] const Oracle& oracle() const { return oracle_; }
    [[nodiscard]] uint64_t collection() const { return collection_; }
    // Some of its directories, the top among them.
    [[nodiscard]] std::vector<std::string> some_directories(size_t count);
    [[nodiscard]] std::vector<float> any_vector();

  private:
    enum class How : uint8_t { kAppend, kOver, kInPlace };

    std::string make_collection(const std::string& path);
    std::string make_file(const std::string& path, uint32_t uid, uint32_t gid, uint32_t mode);
    std::string put_rows(const std::string& path, uint32_t count, How how);
    std::string drop_rows(const std::string& path);
    std::string change_once();
    std::string change_rows(const std::string& file);
    std::string change_file(const std::string& file);
    void change_directory(const std::string& directory);
    void list();
    [[nodiscard]] std::string any_path();

    Random random_;
    const std::string top_;
    Oracle oracle_;
    std::vector<std::vector<float>> centres_; // rows lie in clusters
    uint64_t collection_ = 0;
    std::vector<std::string> directories_; // as listed last
    std::vector<std::string> files_;
    uint64_t made_ = 0;
};

} // namespace vexfs
