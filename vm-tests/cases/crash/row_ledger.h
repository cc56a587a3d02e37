// SPDX-License-Identifier: Apache-2.0
//
// A writer of rows that remembers what its collection must hold after a crash.
//
// It appends, overwrites, replaces and drops the rows of a few files, removes files with theirs,
// and lets some of it become durable later. After each change it reads what it wrote and searches
// for it. What a crash leaves must be the rows of all files as they were after one of its changes:
// none before the last one that was acknowledged as durable, and none that was never tried. What is
// gone must not be found by a search either. Where the mount outlives its engine, the change in
// flight is done after the crash: to any of those.
//
// A row's vector follows from its tag, so that a row is a number here.
//
// Threads: one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"

struct vexfs_node;

namespace vexfs {

class RowLedger {
  public:
    RowLedger(std::string directory, uint64_t seed)
        : directory_(std::move(directory)), random_(seed) {}

    // Makes the collection, durably. A sentence if that fails.
    std::optional<std::string> begin();
    // One change. False once the filesystem has gone away, or if something is wrong: see trouble().
    bool step();
    // After a crash: holds the rows against what is allowed, takes them as the new beginning and
    // syncs that. `recovered`: the mount outlived it. A sentence if they are not allowed.
    std::optional<std::string> verify(bool recovered);
    // Lets go of the filesystem, which may then be unmounted.
    void leave() { synced_by_.reset(); }

    // What a change met that is no sign of a crash; empty: nothing.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    void forget_trouble() { trouble_.clear(); }
    [[nodiscard]] uint64_t changes() const { return changes_; }
    [[nodiscard]] uint64_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] uint64_t reads() const { return reads_; }

  private:
    using Tags = std::vector<uint64_t>;        // of a file, by row
    using Files = std::map<std::string, Tags>; // by name; none is empty

    enum class Kind : uint8_t { kAppend, kOverwrite, kReplace, kDrop, kRemove, kSync };

    struct Change {
        Kind kind = Kind::kSync;
        std::string name;
        uint32_t first = 0;
        Tags fresh;
        bool durable = true; // when it is acknowledged
    };
    struct CloseNode {
        void operator()(vexfs_node* node) const;
    };
    using Node = std::unique_ptr<vexfs_node, CloseNode>;

    [[nodiscard]] Change any_change();
    [[nodiscard]] static Files after(const Files& before, const Change& change);
    // 0 or errno.
    [[nodiscard]] int perform(const Change& change);
    [[nodiscard]] int sync();
    [[nodiscard]] int put(const Change& change) const;
    [[nodiscard]] int open(const std::string& name, Node& node) const;
    [[nodiscard]] int read(const std::string& name, Tags& tags) const;
    // Whether the nearest row to that of the tag is itself.
    [[nodiscard]] int find(uint64_t tag, bool exact, bool& found) const;
    [[nodiscard]] int read_back(const Change& change, std::string& wrong);
    [[nodiscard]] bool is_allowed(const Files& files, bool recovered) const;
    void keep_gone(const Files& files);
    [[nodiscard]] std::optional<std::string> check_searches();
    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_ + "/" + name;
    }

    const std::string directory_;
    Random random_;
    // The rows as they were acknowledged, and after each change since; the last may not be done.
    std::vector<Files> window_{Files{}};
    std::vector<Files> before_; // the window when the last change began
    Change last_;
    Node synced_by_; // the collection: a crash is told of to files that were open
    Tags gone_;      // some rows that are no more
    uint64_t changes_ = 0;
    uint64_t acknowledged_ = 0;
    uint64_t reads_ = 0;
    std::string trouble_;
};

} // namespace vexfs
