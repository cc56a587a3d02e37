// SPDX-License-Identifier: Apache-2.0
//
// A filter as the collection asks it: about rows, of whose files it knows the rest.
//
// What it found out about a file it remembers until a row of another file comes: a scan meets the
// rows of a file together.
//
// Threads: one thread.
#pragma once

#include "userlib/collection/rows.h"
#include "userlib/engine/filter/filter.h"
#include "userlib/engine/paths.h"

namespace vexfs {

class RowFilter : public RowPredicate, private FilterSubject {
  public:
    // All outlive it.
    RowFilter(const Filter& filter, Names& names, Paths& paths)
        : filter_(filter), names_(names), paths_of_(paths) {}

    // No row of a file that has gone passes.
    Result<bool> passes(const RowId& id, const StoredRow& row) override;
    // Rows that counted as untyped.
    [[nodiscard]] uint64_t untyped() const { return untyped_; }

  private:
    [[nodiscard]] uint32_t row() const override { return id_.row; }
    [[nodiscard]] uint64_t tag() const override { return row_.meta.tag; }
    Result<bool> stale() override;
    Result<const Inode*> inode() override;
    Result<const std::vector<std::string>*> names() override;
    Result<const std::vector<std::string>*> paths() override;
    Result<std::optional<Bytes>> xattr(std::string_view name) override;

    const Filter& filter_;
    Names& names_;
    Paths& paths_of_;
    uint64_t untyped_ = 0;
    RowId id_;
    StoredRow row_;
    // Of the file id_.ino, as far as asked.
    std::optional<Inode> inode_;
    std::optional<std::vector<std::string>> file_paths_;
    std::optional<std::vector<std::string>> file_names_;
    std::map<std::string, std::optional<Page>, std::less<>> xattrs_;
};

} // namespace vexfs
