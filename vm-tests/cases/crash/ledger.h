// SPDX-License-Identifier: Apache-2.0
//
// A writer that remembers what its directory must hold after a crash.
//
// It makes, fills, renames, exchanges, links and removes a few small files, and syncs now and then.
// What a crash leaves must be the directory as it was after one of its operations: none before the
// last sync that was acknowledged, none that was never tried, and nothing in between. Where the
// mount outlives its engine, the operation in flight is done after the crash: to any of those.
//
// Threads: one thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"

namespace vexfs {

class Ledger {
  public:
    Ledger(std::string directory, uint64_t seed)
        : directory_(std::move(directory)), random_(seed) {}
    ~Ledger() { leave(); }
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    // Makes the directory, durably. A sentence if that fails.
    std::optional<std::string> begin();
    // One operation. False once the filesystem has gone away, or if something is wrong: see
    // trouble().
    bool step();
    // After a crash: holds the directory against what is allowed, takes it as the new beginning and
    // syncs that. `recovered`: the mount outlived it. A sentence if it is not allowed.
    std::optional<std::string> verify(bool recovered);
    // Lets go of the filesystem, which may then be unmounted.
    void leave();

    // What an operation met that is no sign of a crash; empty: nothing.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    void forget_trouble() { trouble_.clear(); }
    [[nodiscard]] uint64_t operations() const { return operations_; }
    [[nodiscard]] uint64_t syncs() const { return syncs_; }

  private:
    using Names = std::map<std::string, std::string>; // name to contents

    enum class Kind { kCreate, kWrite, kRename, kExchange, kLink, kUnlink, kSync };

    struct Operation {
        Kind kind = Kind::kSync;
        std::string name;
        std::string other;
        std::string text;     // that a file of the name is filled with
        std::string contents; // of the name when the operation began
    };

    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_ + "/" + name;
    }
    [[nodiscard]] std::string any_name();
    // What the operation makes of the names; nothing if it cannot be done to them.
    [[nodiscard]] static std::optional<Names> after(Names names, const Operation& operation);
    // Whether it makes `found` of the names when it is done to the files and names that it began
    // with, of which a crash has undone some changes.
    [[nodiscard]] static bool makes_late(const Names& names, const Operation& operation,
                                         const Names& found);
    [[nodiscard]] bool is_allowed(const Names& found, bool recovered) const;
    [[nodiscard]] int perform(const Operation& operation);
    [[nodiscard]] std::optional<Names> found() const;
    [[nodiscard]] int sync();

    const std::string directory_;
    Random random_;
    // The directory as it was synced, and after each operation since; the last may not be done.
    std::vector<Names> window_{Names{}};
    Operation last_;
    int directory_file_ = -1; // what it syncs by: a crash is told of to files that were open
    uint64_t operations_ = 0;
    uint64_t syncs_ = 0;
    std::string trouble_;
};

} // namespace vexfs
