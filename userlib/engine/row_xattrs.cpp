// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/row_xattrs.h"

#include <algorithm>

#include "ioctl/vexfs_ioctl.h"

namespace vexfs {

namespace {

constexpr std::string_view kVector = "user.vexfs.vector";
constexpr std::string_view kRows = "user.vexfs.rows";
// Of more rows than an attribute can hold nobody needs to know whether they carry something.
constexpr uint32_t kRowsLookedAt = kXattrBytesMax;

// The kernel has asked whether the caller may.
FileChoice opened(uint64_t ino) {
    FileChoice choice;
    choice.node = ino;
    choice.opened_for_read = choice.opened_for_write = true;
    return choice;
}

Caller kernel() {
    Caller caller;
    caller.all_rights = true;
    return caller;
}

Error too_large() {
    return fail(Code::kE2BIG, "xattr: the rows are too large for an attribute");
}

Page encode_metas(std::span<const RowMeta> metas) {
    Page bytes;
    for (const RowMeta& meta : metas) {
        const vexfs_row_meta entry{meta.tag, meta.offset, meta.length};
        const Bytes raw = bytes_of(entry);
        bytes.insert(bytes.end(), raw.begin(), raw.end());
    }
    return bytes;
}

// EINVAL if the bytes are none.
Result<std::vector<RowMeta>> decode_metas(Bytes bytes) {
    if (bytes.empty() || bytes.size() % sizeof(vexfs_row_meta) != 0)
        return fail(Code::kEINVAL, "user.vexfs.rows: not 24 bytes a row");
    std::vector<RowMeta> metas;
    ByteReader reader(bytes);
    while (reader.remaining() > 0) {
        const auto entry = VEXFS_TRY(reader.object<vexfs_row_meta>());
        uint64_t end = 0;
        if ((entry.length == 0 && entry.offset != 0) ||
            !checked_add<uint64_t>(entry.offset, entry.length, end) || end > INT64_MAX)
            return fail(Code::kEINVAL, "user.vexfs.rows: a range that no file has");
        metas.push_back({entry.tag, entry.offset, entry.length});
    }
    return metas;
}

Status check_exists(SetXattr how, bool exists) {
    if (how == SetXattr::kCreate && exists)
        return fail(Code::kEEXIST, "xattr: the attribute exists");
    if (how == SetXattr::kReplace && !exists)
        return fail(Code::kENODATA, "xattr: there is no such attribute");
    return ok();
}

} // namespace

bool RowXattrs::owns(std::string_view name) {
    return name == kVector || name == kRows;
}

Result<std::optional<RowXattrs::Carried>> RowXattrs::carried(uint64_t ino) {
    if (!VEXFS_TRY(names_.get(ino)).is_regular())
        return std::optional<Carried>();
    const Result<SchemaInfo> info = collections_.schema(ino);
    if (!info && info.error().code == Code::kENODATA)
        return std::optional<Carried>();
    const Schema schema = VEXFS_TRY(info).schema;
    const Result<FileRows> rows = collections_.get(opened(ino), kernel(), {});
    if (!rows && rows.error().code == Code::kENODATA) // it lost its name meanwhile
        return std::optional<Carried>();
    if (!rows && rows.error().code == Code::kEXDEV) // so it has none
        return std::optional(Carried{schema, 0});
    return std::optional(Carried{schema, VEXFS_TRY(rows).total});
}

Result<FileRows> RowXattrs::read_all(uint64_t ino) {
    RowsAsk ask;
    ask.want_rows = ask.want_vectors = true;
    FileRows rows = VEXFS_TRY(collections_.get(opened(ino), kernel(), ask));
    if (std::ranges::any_of(rows.metas, &StoredRow::damaged))
        return fail(Code::kEBADMSG, "xattr: a vector of the file is damaged");
    return rows;
}

Status RowXattrs::put(uint64_t ino, const Schema& schema, uint64_t data_version, Bytes vectors,
                      std::span<const RowMeta> metas) {
    PutRows rows;
    rows.ino = ino;
    rows.first = 0;
    rows.truncate = true;
    rows.data_version = data_version;
    rows.metas = metas;
    rows.vectors = vectors;
    VEXFS_TRY_VOID(
        collections_.put(opened(ino), kernel(), rows, {schema.element, schema.dim}, ino));
    return ok();
}

Status RowXattrs::touch(uint64_t ino, Timestamp now) {
    VEXFS_TRY_VOID(names_.set(ino, {}, now));
    return ok();
}

Result<std::vector<RowMeta>> RowXattrs::metas(uint64_t ino, const Carried& carried) {
    std::vector<RowMeta> metas;
    if (carried.rows == 0)
        return metas;
    if (carried.rows > kRowsLookedAt)
        return too_large();
    RowsAsk ask;
    ask.want_rows = true;
    for (const StoredRow& row : VEXFS_TRY(collections_.get(opened(ino), kernel(), ask)).metas)
        metas.push_back(row.meta);
    if (std::ranges::all_of(metas, [](const RowMeta& meta) { return meta == RowMeta{}; }))
        metas.clear();
    return metas;
}

Result<std::optional<Page>> RowXattrs::ordinary(uint64_t ino, std::string_view name) {
    Result<Page> value = names_.get_xattr(ino, name);
    if (!value && value.error().code == Code::kENODATA)
        return std::optional<Page>();
    return std::optional(VEXFS_TRY(std::move(value)));
}

Status RowXattrs::forget_ordinary(uint64_t ino, std::string_view name, Timestamp now) {
    const Status removed = names_.remove_xattr(ino, name, now);
    return removed || removed.error().code == Code::kENODATA ? ok() : removed;
}

Result<Page> RowXattrs::get(uint64_t ino, std::string_view name) {
    if (name == kRows)
        return get_rows(ino);
    const std::optional<Carried> file = VEXFS_TRY(carried(ino));
    if (!file || file->rows == 0)
        return names_.get_xattr(ino, name);
    if (!file->fits())
        return too_large();
    return VEXFS_TRY(read_all(ino)).vectors;
}

Result<Page> RowXattrs::get_rows(uint64_t ino) {
    std::optional<Page> waiting = VEXFS_TRY(ordinary(ino, kRows));
    if (waiting)
        return std::move(*waiting);
    const std::optional<Carried> file = VEXFS_TRY(carried(ino));
    const std::vector<RowMeta> carry = file ? VEXFS_TRY(metas(ino, *file)) : std::vector<RowMeta>();
    if (carry.empty())
        return fail(Code::kENODATA, "xattr: there is no such attribute");
    if (carry.size() * sizeof(vexfs_row_meta) > kXattrBytesMax)
        return too_large();
    return encode_metas(carry);
}

Result<std::vector<std::string>> RowXattrs::list(uint64_t ino) {
    std::vector<std::string> listed = VEXFS_TRY(names_.list_xattrs(ino));
    const std::optional<Carried> file = VEXFS_TRY(carried(ino));
    if (!file || file->rows == 0)
        return listed;
    const auto add = [&](std::string_view name) {
        if (std::ranges::find(listed, name) == listed.end())
            listed.emplace_back(name);
    };
    add(kVector);
    if (file->rows <= kRowsLookedAt && !VEXFS_TRY(metas(ino, *file)).empty())
        add(kRows);
    return listed;
}

Status RowXattrs::set(uint64_t ino, std::string_view name, Bytes value, SetXattr how,
                      Timestamp now) {
    MutexLock lock(mutex_);
    const std::optional<Carried> file = VEXFS_TRY(carried(ino));
    if (!file)
        return names_.set_xattr(ino, name, value, how, now);
    if (value.size() > kXattrBytesMax)
        return too_large();
    bool exists = VEXFS_TRY(ordinary(ino, name)).has_value();
    if (!exists && file->rows > 0)
        exists = name == kVector || !VEXFS_TRY(metas(ino, *file)).empty();
    VEXFS_TRY_VOID(check_exists(how, exists));
    return name == kVector ? set_vector(ino, *file, value, now) : set_rows(ino, *file, value, now);
}

Status RowXattrs::set_vector(uint64_t ino, const Carried& file, Bytes value, Timestamp now) {
    const size_t vector_bytes = file.schema.vector_bytes();
    if (value.empty() || value.size() % vector_bytes != 0)
        return fail(Code::kEINVAL, "user.vexfs.vector: not whole vectors of the collection");
    const size_t rows = value.size() / vector_bytes;
    const std::optional<Page> waiting = VEXFS_TRY(ordinary(ino, kRows));
    const Result<std::vector<RowMeta>> waited =
        waiting ? decode_metas(*waiting) : std::vector<RowMeta>();
    const bool fits = waiting && waited && waited->size() == rows;
    std::vector<RowMeta> carry;
    if (fits)
        carry = *waited;
    else if (rows == file.rows)
        carry = VEXFS_TRY(metas(ino, file));
    VEXFS_TRY_VOID(put(ino, file.schema, 0, value, carry));
    note_early(ino, VEXFS_TRY(names_.get(ino)));
    if (fits)
        VEXFS_TRY_VOID(forget_ordinary(ino, kRows, now));
    VEXFS_TRY_VOID(forget_ordinary(ino, kVector, now));
    return touch(ino, now);
}

Status RowXattrs::set_rows(uint64_t ino, const Carried& file, Bytes value, Timestamp now) {
    const std::vector<RowMeta> carry = VEXFS_TRY(decode_metas(value));
    if (carry.size() != file.rows)
        return names_.set_xattr(ino, kRows, value, SetXattr::kAny, now);
    VEXFS_TRY_VOID(change_metas(ino, file, carry));
    VEXFS_TRY_VOID(forget_ordinary(ino, kRows, now));
    return touch(ino, now);
}

// A row that was stale stays so; of rows made from different data all count as made from the
// oldest.
Status RowXattrs::change_metas(uint64_t ino, const Carried& file, std::span<const RowMeta> metas) {
    if (!file.fits())
        return too_large();
    const FileRows rows = VEXFS_TRY(read_all(ino));
    const auto oldest = std::ranges::min_element(rows.metas, {}, &StoredRow::data_version);
    if (rows.total != file.rows || oldest == rows.metas.end())
        return fail(Code::kEAGAIN, "user.vexfs.rows: the rows changed meanwhile");
    return put(ino, file.schema, oldest->data_version, rows.vectors, metas);
}

Status RowXattrs::remove(uint64_t ino, std::string_view name, Timestamp now) {
    MutexLock lock(mutex_);
    const std::optional<Carried> file = VEXFS_TRY(carried(ino));
    if (!file || file->rows == 0)
        return names_.remove_xattr(ino, name, now);
    if (name == kVector) {
        VEXFS_TRY_VOID(collections_.drop(opened(ino), kernel(), 0));
        VEXFS_TRY_VOID(forget_ordinary(ino, kVector, now));
        return touch(ino, now);
    }
    if (VEXFS_TRY(metas(ino, *file)).empty())
        return names_.remove_xattr(ino, name, now);
    VEXFS_TRY_VOID(change_metas(ino, *file, {}));
    VEXFS_TRY_VOID(forget_ordinary(ino, kRows, now));
    return touch(ino, now);
}

void RowXattrs::note_early(uint64_t ino, const Inode& inode) {
    MutexLock lock(early_mutex_);
    early_.erase(ino);
    if (inode.size > 0)
        return;
    if (early_.size() == kEarlyMax) // the rows of that one will be stale
        early_.erase(early_.begin());
    early_.emplace(ino, inode.data_version);
}

std::optional<uint64_t> RowXattrs::early_version(uint64_t ino) {
    MutexLock lock(early_mutex_);
    const auto found = early_.find(ino);
    return found == early_.end() ? std::optional<uint64_t>() : found->second;
}

Status RowXattrs::closed(uint64_t ino) {
    if (!early_version(ino))
        return ok();
    MutexLock lock(mutex_);
    const std::optional<uint64_t> version = early_version(ino);
    const Inode inode = VEXFS_TRY(names_.get(ino));
    if (!version || inode.size == 0)
        return ok();
    note_early(ino, inode);
    const std::optional<Carried> file = VEXFS_TRY(carried(ino));
    if (!file || file->rows == 0)
        return ok();
    const FileRows rows = VEXFS_TRY(read_all(ino));
    std::vector<RowMeta> carry;
    for (const StoredRow& row : rows.metas) {
        if (row.data_version != *version) // put by somebody else meanwhile
            return ok();
        carry.push_back(row.meta);
    }
    return put(ino, file->schema, inode.data_version, rows.vectors, carry);
}

} // namespace vexfs
