// SPDX-License-Identifier: Apache-2.0
//
// Rows of one file: which file is meant, what the caller may do with it, and doing it.
#include "userlib/engine/collections.h"

namespace vexfs {

namespace {

Status check_shape(const VectorShape& shape, const Schema& schema) {
    if (shape.dim != schema.dim)
        return fail(Code::kEINVAL, "rows: dim is not that of the schema");
    if (shape.element != schema.element)
        return fail(Code::kEINVAL, "rows: element is not that of the schema");
    return ok();
}

Status check_opened(const FileChoice& choice, uint32_t right) {
    if (!choice.is_node())
        return ok();
    if (!(right == kMayWrite ? choice.opened_for_write : choice.opened_for_read))
        return fail(Code::kEBADF, "rows: the file was not opened for this");
    return ok();
}

} // namespace

// The number of the regular file that is meant.
Result<uint64_t> Collections::find(const FileChoice& choice, const Caller& caller) {
    uint64_t ino = choice.node;
    Inode inode = VEXFS_TRY(names_.get(ino));
    if (!choice.is_node()) {
        if (choice.ino != 0 && !choice.name.empty())
            return fail(Code::kEINVAL, "rows: a file by number and by name");
        if (!inode.is_directory())
            return fail(Code::kENOTDIR, "rows: not a directory");
        if (choice.ino != 0) {
            ino = choice.ino;
            if (!VEXFS_TRY(Paths(names_, directories_, caller, choice.node).reaches(ino)))
                return fail(Code::kENOENT, "rows: no such file below the directory");
        } else {
            VEXFS_TRY_VOID(check_name(choice.name));
            if (!caller.may(kMayRead | kMayExecute, ownership_of(inode)))
                return fail(Code::kENOENT, "rows: the directory may not be walked");
            ino = VEXFS_TRY(names_.lookup(choice.node, choice.name)).ino;
        }
        const Result<Inode> found = names_.get(ino);
        if (!found && found.error().code == Code::kESTALE)
            return fail(Code::kENOENT, "rows: the file has gone");
        inode = VEXFS_TRY(found);
    }
    if (inode.is_directory())
        return fail(Code::kEISDIR, "rows: a directory has none");
    if (!inode.is_regular())
        return fail(Code::kEINVAL, "rows: not a regular file");
    return ino;
}

// `rights` on the file: 0 if they were given when it was opened.
Result<Collections::Carrier> Collections::carrier(uint64_t ino, const Caller& caller,
                                                  uint32_t rights) {
    const Inode inode = VEXFS_TRY(names_.get(ino));
    if (!caller.may(rights, ownership_of(inode)))
        return fail(Code::kEACCES, "rows: the right on the file");
    std::vector<uint64_t> parents;
    for (const Link& link : VEXFS_TRY(names_.links(ino)))
        parents.push_back(link.directory);
    Carrier carrier{ino, inode, AccessClass(std::move(parents), ownership_of(inode)), 0};
    bool inside = false;
    bool outside = false;
    for (const uint64_t parent : carrier.access_class.parents) {
        const uint64_t collection = VEXFS_TRY(collection_of(parent));
        outside = outside || collection == 0 || (inside && collection != carrier.collection);
        inside = inside || collection != 0;
        carrier.collection = collection != 0 ? collection : carrier.collection;
    }
    if (!inside)
        return fail(Code::kENODATA, "rows: the file is in no collection");
    if (outside)
        return fail(Code::kEXDEV, "rows: the file has a link outside its collection");
    return carrier;
}

template <typename Verb>
auto Collections::with_file(uint64_t ino, const Caller& caller, uint32_t rights, Lock lock,
                            Verb&& verb)
    -> decltype(verb(std::declval<OpenCollection&>(), std::declval<const Carrier&>())) {
    for (;;) {
        const uint64_t directory = VEXFS_TRY(carrier(ino, caller, rights)).collection;
        const std::shared_ptr<OpenCollection> collection = VEXFS_TRY(opened(directory));
        ReadLock borders(border_lock_);
        const auto held =
            lock == Lock::kAlone ? file_locks_.lock({ino}) : file_locks_.lock_shared(ino);
        const Carrier file = VEXFS_TRY(carrier(ino, caller, rights));
        if (open_now(file.collection) == collection)
            return verb(*collection, file);
    }
}

Result<PutDone> Collections::put(const FileChoice& choice, const Caller& caller,
                                 const PutRows& rows, const VectorShape& shape, uint64_t& ino) {
    ino = 0;
    const uint64_t found = VEXFS_TRY(find(choice, caller));
    VEXFS_TRY_VOID(check_opened(choice, kMayWrite));
    ino = found;
    uint64_t directory = 0;
    const auto put = [&](OpenCollection& collection, const Carrier& file) {
        directory = collection.directory;
        return put_into(collection, file, rows, shape);
    };
    const PutDone done =
        VEXFS_TRY(with_file(ino, caller, choice.is_node() ? 0 : kMayWrite, Lock::kAlone, put));
    if (const std::shared_ptr<OpenCollection> collection = open_now(directory))
        collection->rows->slow_down(rows.vectors.size() /
                                    std::max<size_t>(1, collection->rows->schema().vector_bytes()));
    return done;
}

Result<PutDone> Collections::put_into(OpenCollection& collection, const Carrier& file, PutRows rows,
                                      const VectorShape& shape) {
    VEXFS_TRY_VOID(check_shape(shape, collection.rows->schema()));
    const uint64_t version = file.inode.data_version;
    if (rows.data_version > version)
        return fail(Code::kEINVAL, "rows: data_version is above that of the file");
    rows.data_version = rows.data_version != 0 ? rows.data_version : version;
    rows.ino = file.ino;
    const std::optional<uint32_t> before = collection.rows->class_of(file.ino);
    rows.access_class = before ? *before : collection.classes.join(file.access_class);
    const Result<PutDone> done = collection.rows->put(rows);
    if (!done && !before)
        collection.classes.leave(rows.access_class);
    return done;
}

Result<Dropped> Collections::drop(const FileChoice& choice, const Caller& caller, uint32_t first) {
    const uint64_t ino = VEXFS_TRY(find(choice, caller));
    VEXFS_TRY_VOID(check_opened(choice, kMayWrite));
    const auto drop = [&](OpenCollection& collection, const Carrier&) -> Result<Dropped> {
        const std::optional<uint32_t> before = collection.rows->class_of(ino);
        const uint32_t dropped = VEXFS_TRY(collection.rows->drop(ino, first));
        if (before && !collection.rows->class_of(ino))
            collection.classes.leave(*before);
        return Dropped{ino, dropped, collection.rows->rows_of(ino)};
    };
    return with_file(ino, caller, choice.is_node() ? 0 : kMayWrite, Lock::kAlone, drop);
}

Result<FileRows> Collections::get(const FileChoice& choice, const Caller& caller,
                                  const RowsAsk& ask) {
    const uint64_t ino = VEXFS_TRY(find(choice, caller));
    VEXFS_TRY_VOID(check_opened(choice, kMayRead));
    const auto get = [&](OpenCollection& collection, const Carrier& file) -> Result<FileRows> {
        const Schema schema = collection.rows->schema();
        FileRows read{ino,
                      file.inode.data_version,
                      0,
                      collection.rows->rows_of(ino),
                      {schema.element, schema.dim},
                      {},
                      {}};
        const uint32_t left = read.total - std::min(ask.first, read.total);
        read.rows = ask.rows == 0 ? left : std::min(ask.rows, left);
        if (read.rows > 0 && (ask.want_rows || ask.want_vectors))
            VEXFS_TRY_VOID(collection.rows->get(ino, ask.first, read.rows,
                                                ask.want_rows ? &read.metas : nullptr,
                                                ask.want_vectors ? &read.vectors : nullptr));
        return read;
    };
    return with_file(ino, caller, choice.is_node() ? 0 : kMayRead, Lock::kShared, get);
}

} // namespace vexfs
