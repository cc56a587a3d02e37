// SPDX-License-Identifier: Apache-2.0
//
// The rows of a file as two of its extended attributes, so that whatever copies attributes copies
// vectors: user.vexfs.vector has the elements, row after row, user.vexfs.rows a struct
// vexfs_row_meta a row.
//
// Setting the vector puts these rows in place of all the file has; each row keeps what it carries
// if their number stays. Setting the other goes to the rows at once if their number fits; else it
// waits, as an ordinary attribute, for the vector that it fits, so that either may come first.
// A file in no collection, and what is no file, has ordinary attributes of these names.
//
// Threads: any. Lock order: mutex_, the locks of Collections and Names; early_mutex_ alone.
#pragma once

#include <unordered_map>

#include "userlib/engine/collections.h"

namespace vexfs {

class RowXattrs {
  public:
    // Both outlive it.
    RowXattrs(Collections& collections, Names& names) : collections_(collections), names_(names) {}

    static bool owns(std::string_view name);

    // As of Names. E2BIG where the rows take more than 64 KiB, EBADMSG where one is damaged.
    Result<Page> get(uint64_t ino, std::string_view name);
    // All of the file's attributes. The vector is named even if it does not fit.
    Result<std::vector<std::string>> list(uint64_t ino);
    // EINVAL, and nothing changed: not whole rows, or a value that rows cannot have.
    Status set(uint64_t ino, std::string_view name, Bytes value, SetXattr how, Timestamp now);
    Status remove(uint64_t ino, std::string_view name, Timestamp now);
    // The file was closed by one who had it open. tar writes a file's attributes before its data:
    // rows that an empty file was given so are made from what it has when it is closed with data.
    Status closed(uint64_t ino);

  private:
    static constexpr size_t kEarlyMax = 65'536;

    // What a file in a collection carries.
    struct Carried {
        Schema schema;
        uint32_t rows = 0;

        [[nodiscard]] bool fits() const { return rows * schema.vector_bytes() <= kXattrBytesMax; }
    };

    // Nothing of what is no file in a collection.
    Result<std::optional<Carried>> carried(uint64_t ino);
    // All rows with all that they have. EBADMSG if one is damaged.
    Result<FileRows> read_all(uint64_t ino);
    Status put(uint64_t ino, const Schema& schema, uint64_t data_version, Bytes vectors,
               std::span<const RowMeta> metas);
    // The inode's ctime.
    Status touch(uint64_t ino, Timestamp now);
    // What the rows carry, if any of it is not zero. E2BIG if nobody would want to look.
    Result<std::vector<RowMeta>> metas(uint64_t ino, const Carried& carried);
    Result<std::optional<Page>> ordinary(uint64_t ino, std::string_view name);
    Result<Page> get_rows(uint64_t ino);
    Status set_vector(uint64_t ino, const Carried& carried, Bytes value, Timestamp now);
    Status set_rows(uint64_t ino, const Carried& carried, Bytes value, Timestamp now);
    // Puts the rows once more, with these.
    Status change_metas(uint64_t ino, const Carried& carried, std::span<const RowMeta> metas);
    Status forget_ordinary(uint64_t ino, std::string_view name, Timestamp now);
    // Remembers the file if it is empty.
    void note_early(uint64_t ino, const Inode& inode);
    std::optional<uint64_t> early_version(uint64_t ino);

    Collections& collections_;
    Names& names_;
    Mutex mutex_; // one is set or removed at a time
    Mutex early_mutex_;
    // Files that were empty when they were given their vectors, and the version of their data then.
    std::unordered_map<uint64_t, uint64_t> early_ VEXFS_GUARDED_BY(early_mutex_);
};

} // namespace vexfs
