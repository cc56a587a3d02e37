// SPDX-License-Identifier: Apache-2.0
//
// A tree of files in memory: what Names should hold, and what its verbs should answer.
//
// Inodes go by the numbers that the real tree gave them. Rights, owners and times are not modelled.
// A copy is cheap: data is shared until it changes.
//
// Threads: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "userlib/names/names.h"

namespace vexfs {

class TreeModel {
  public:
    struct Node {
        uint32_t mode = 0;
        std::shared_ptr<const std::string> data = std::make_shared<std::string>(); // or the target
        std::map<std::string, uint64_t> entries;                                   // of a directory
        std::map<std::string, std::string> xattrs;
        uint32_t names = 1;

        [[nodiscard]] bool is_directory() const { return S_ISDIR(mode); }
    };

    explicit TreeModel(uint32_t root_mode = 0755);

    [[nodiscard]] const std::map<uint64_t, Node>& nodes() const { return nodes_; }
    [[nodiscard]] const Node& at(uint64_t ino) const { return nodes_.at(ino); }
    // 0: there is no such name.
    [[nodiscard]] uint64_t lookup(uint64_t directory, const std::string& name) const;

    // Each answers what the verb of Names answers, Code{} for success, and does it then.
    Code make(uint64_t directory, const std::string& name, const Make& what, uint64_t ino);
    Code link(uint64_t ino, uint64_t directory, const std::string& name);
    Code remove(uint64_t directory, const std::string& name, bool wants_directory);
    Code rename(const Place& from, const Place& to, RenameMode mode);
    Code remove_xattr(uint64_t ino, const std::string& name);
    // These work on any regular file; the last one on any inode.
    void write(uint64_t ino, uint64_t offset, const std::string& text);
    void resize(uint64_t ino, uint64_t size);
    void zero(uint64_t ino, uint64_t offset, uint64_t length, bool grows);
    uint64_t copy(uint64_t from, uint64_t offset, uint64_t to, uint64_t to_offset, uint64_t length);
    void set_xattr(uint64_t ino, const std::string& name, const std::string& value);

    // All of it, a line for each inode: two trees are equal if their texts are.
    [[nodiscard]] std::string text() const;

  private:
    Code rename_code(uint64_t from, uint64_t to, uint64_t moved, uint64_t replaced,
                     RenameMode mode) const;
    [[nodiscard]] bool below(uint64_t directory, uint64_t above) const;
    void drop(uint64_t ino);

    std::map<uint64_t, Node> nodes_;
};

// The same of a real tree, as a walk from its root finds it.
Result<std::string> text_of(Names& names);

} // namespace vexfs
