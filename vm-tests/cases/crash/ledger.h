// SPDX-License-Identifier: Apache-2.0
//
// A writer that remembers what its directory must hold after a crash.
//
// It makes, fills, renames, exchanges, links and removes a few small files, and syncs now and then.
// What a crash leaves must be the directory as it was after one of its operations: none before the
// last sync that was acknowledged, none that was never tried, and nothing in between.
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

    // Makes the directory, durably. A sentence if that fails.
    std::optional<std::string> begin();
    // One operation. False once the filesystem has gone away, or if something is wrong: see
    // trouble().
    bool step();
    // After a crash: holds the directory against what is allowed, takes it as the new beginning and
    // syncs that. A sentence if it is not allowed.
    std::optional<std::string> verify();

    // What an operation met that is no sign of a crash; empty: nothing.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    [[nodiscard]] uint64_t operations() const { return operations_; }
    [[nodiscard]] uint64_t syncs() const { return syncs_; }

  private:
    using Names = std::map<std::string, std::string>; // name to contents

    enum class Kind { kCreate, kWrite, kRename, kExchange, kLink, kUnlink, kSync };

    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_ + "/" + name;
    }
    [[nodiscard]] std::string any_name();
    // What the operation makes of the names; nothing if it cannot be done to them.
    [[nodiscard]] std::optional<Names> after(Kind kind, const std::string& name,
                                             const std::string& other) const;
    [[nodiscard]] int perform(Kind kind, const std::string& name, const std::string& other) const;
    [[nodiscard]] std::optional<Names> found() const;
    [[nodiscard]] int sync() const;

    const std::string directory_;
    Random random_;
    // The directory as it was synced, and after each operation since; the last may not be done.
    std::vector<Names> window_{Names{}};
    uint64_t operations_ = 0;
    uint64_t syncs_ = 0;
    std::string trouble_;
};

} // namespace vexfs
