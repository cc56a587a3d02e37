// SPDX-License-Identifier: Apache-2.0
//
// A filter as the test of a search: it answers the filter's questions about a row out of the names,
// and remembers them by file, because rows of a file come in any order.
//
// A file that has gone, or moved out of the caller's sight, passes no filter that looks at it. The
// row and its tag are the collection's; nothing here asks the collection, which is held while it
// runs.
//
// Threads: one thread.
#pragma once

#include <map>
#include <unordered_map>

#include "userlib/collection/rows.h"
#include "userlib/engine/filter/filter.h"
#include "userlib/engine/paths.h"

namespace vexfs {

class RowFilter final : public RowPredicate, private FilterSubject {
  public:
    static constexpr size_t kMemoryBytesMax = size_t{16} << 20; // then it begins anew

    // All outlive it; the paths are those of the caller, from the directory that is searched.
    RowFilter(const Filter& filter, Names& names, Paths& paths)
        : filter_(filter), names_(names), paths_(paths) {}

    Result<bool> passes(const RowId& id, const StoredRow& row) override;
    // Rows whose attribute is no number where the filter compares numbers.
    [[nodiscard]] uint64_t untyped() const { return untyped_; }
    [[nodiscard]] size_t memory_bytes() const { return memory_bytes_; }

  private:
    struct Places {
        std::vector<std::string> paths;
        std::vector<std::string> names; // of the paths, in their order
    };
    struct File {
        std::optional<Inode> inode{};
        std::optional<Places> places{};
        std::map<std::string, std::optional<Page>, std::less<>> xattrs{};
    };

    [[nodiscard]] uint32_t row() const override { return id_.row; }
    [[nodiscard]] uint64_t tag() const override { return row_.meta.tag; }
    Result<bool> stale() override;
    Result<const Inode*> inode() override;
    Result<const std::vector<std::string>*> names() override;
    Result<const std::vector<std::string>*> paths() override;
    Result<std::optional<Bytes>> xattr(std::string_view name) override;

    Result<const Places*> places();

    const Filter& filter_;
    Names& names_;
    Paths& paths_;
    std::unordered_map<uint64_t, File> files_;
    size_t memory_bytes_ = 0;
    uint64_t untyped_ = 0;
    // The row that is asked about, and its file.
    RowId id_;
    StoredRow row_;
    File* file_ = nullptr;
};

} // namespace vexfs
