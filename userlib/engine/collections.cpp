// SPDX-License-Identifier: Apache-2.0
//
// Which directories are collections, and opening them.
#include "userlib/engine/collections.h"

#include "base/log.h"

namespace vexfs {

namespace {

constexpr int64_t kNsOfSecond = 1'000'000'000;

SchemaInfo info_of(const CollectionEntry& entry, uint64_t node) {
    return {with_defaults(entry.schema), entry.directory, entry.directory == node};
}

Result<Directory> read_directory(Names& names, uint64_t ino) {
    const Inode inode = VEXFS_TRY(names.get(ino));
    if (!inode.is_directory())
        return fail(Code::kENOTDIR, "collections: not a directory");
    return Directory{inode.link.directory, ownership_of(inode)};
}

} // namespace

Collections::Collections(Store& store, Names& names, bool read_only, RowMemory* memory)
    : store_(store), names_(names), read_only_(read_only), memory_(memory),
      directories_([&names](uint64_t ino) { return read_directory(names, ino); }) {}

Result<std::unique_ptr<Collections>> Collections::open(Store& store, Names& names, bool read_only,
                                                       RowMemory* memory) {
    std::unique_ptr<Collections> collections(new Collections(store, names, read_only, memory));
    WriteLock lock(collections->border_lock_);
    for (const CollectionEntry& entry : VEXFS_TRY(list_collections(store))) {
        const Result<Inode> directory = names.get(entry.directory);
        const bool gone = directory ? !directory->is_directory() || directory->nlink == 0
                                    : directory.error().code == Code::kESTALE;
        if (!directory && !gone)
            return directory.error();
        {
            WriteLock registry(collections->registry_lock_);
            collections->registry_[entry.directory] = {entry, nullptr};
        }
        // A crash came between the removal of the directory and that of the collection.
        if (gone && !read_only)
            VEXFS_TRY_VOID(collections->destroy(entry.directory));
    }
    return collections;
}

bool Collections::is_collection(uint64_t directory) {
    ReadLock lock(registry_lock_);
    return registry_.contains(directory);
}

Result<uint64_t> Collections::collection_of(uint64_t directory) {
    {
        ReadLock lock(registry_lock_);
        if (registry_.empty())
            return uint64_t{0};
    }
    return directories_.climb(directory, [this](uint64_t at) { return is_collection(at); });
}

Result<CollectionEntry> Collections::entry_of(uint64_t directory) {
    ReadLock lock(registry_lock_);
    const auto found = registry_.find(directory);
    if (found == registry_.end())
        return fail(Code::kENODATA, "collections: there is none here");
    return found->second.entry;
}

std::shared_ptr<OpenCollection> Collections::open_now(uint64_t directory) {
    ReadLock lock(registry_lock_);
    const auto found = registry_.find(directory);
    return found == registry_.end() ? nullptr : found->second.open;
}

Result<std::shared_ptr<OpenCollection>> Collections::opened(uint64_t directory) {
    if (std::shared_ptr<OpenCollection> open = open_now(directory))
        return open;
    WriteLock lock(border_lock_);
    return open_alone(directory);
}

Result<std::shared_ptr<OpenCollection>> Collections::open_alone(uint64_t directory) {
    if (std::shared_ptr<OpenCollection> open = open_now(directory))
        return open;
    CollectionEntry entry = VEXFS_TRY(entry_of(directory));
    if (entry.graph_oids[0] == 0 && !read_only_)
        VEXFS_TRY_VOID(number_graphs(entry));
    auto collection = std::make_shared<OpenCollection>(directories_, directory, ++opens_);
    const auto join = [&](uint64_t ino) -> Result<std::optional<uint32_t>> {
        const std::optional<AccessClass> of = VEXFS_TRY(class_of(ino));
        return of ? std::optional(collection->classes.join(*of)) : std::nullopt;
    };
    collection->rows = VEXFS_TRY(Collection::open(store_, entry, join, read_only_, memory_));
    WriteLock lock(registry_lock_);
    registry_[directory].open = collection;
    return collection;
}

Result<std::optional<AccessClass>> Collections::class_of(uint64_t ino) {
    const Result<std::vector<Link>> links = names_.links(ino);
    const Result<Inode> inode = names_.get(ino);
    for (const Error& error : {links ? Error{} : links.error(), inode ? Error{} : inode.error()})
        if (error.code == Code::kESTALE)
            return std::optional<AccessClass>();
    const Inode file = VEXFS_TRY(inode);
    std::vector<uint64_t> parents;
    for (const Link& link : VEXFS_TRY(links))
        parents.push_back(link.directory);
    if (parents.empty() || !file.is_regular())
        return std::optional<AccessClass>();
    return std::optional(AccessClass(std::move(parents), ownership_of(file)));
}

Result<SchemaInfo> Collections::schema(uint64_t node) {
    const Inode inode = VEXFS_TRY(names_.get(node));
    const uint64_t directory = inode.is_directory() ? node : inode.link.directory;
    return info_of(VEXFS_TRY(entry_of(VEXFS_TRY(collection_of(directory)))), node);
}

Status Collections::check_owner(uint64_t node, const Caller& caller) {
    const SchemaInfo info = VEXFS_TRY(schema(node));
    const Inode directory = VEXFS_TRY(names_.get(info.collection));
    if (!caller.owns(ownership_of(directory)))
        return fail(Code::kEPERM, "collections: reserved for the owner of the directory");
    return ok();
}

Result<SchemaInfo> Collections::set_schema(uint64_t directory, const Schema& schema, bool update,
                                           const Caller& caller, Timestamp now) {
    WriteLock lock(border_lock_);
    const Inode inode = VEXFS_TRY(names_.get(directory));
    if (!inode.is_directory())
        return fail(Code::kENOTDIR, "collections: not a directory");
    if (!caller.owns(ownership_of(inode)))
        return fail(Code::kEPERM, "collections: reserved for the owner of the directory");
    if (inode.nlink == 0)
        return fail(Code::kENOENT, "collections: the directory was removed");
    Schema wanted = schema;
    wanted.created_ns = static_cast<uint64_t>(now.sec * kNsOfSecond + now.nsec);
    VEXFS_TRY_VOID(update ? this->update(directory, schema) : make(directory, wanted));
    return info_of(VEXFS_TRY(entry_of(directory)), directory);
}

Status Collections::make(uint64_t directory, const Schema& schema) {
    VEXFS_TRY_VOID(check_schema(schema));
    if (is_collection(directory))
        return fail(Code::kEEXIST, "collections: the directory has a schema of its own");
    const uint64_t around = VEXFS_TRY(collection_of(directory));
    if (around != 0 && VEXFS_TRY(VEXFS_TRY(open_alone(around))->classes.any_files_below(directory)))
        return fail(Code::kENOTEMPTY, "collections: rows are below the directory");
    CollectionEntry entry;
    entry.directory = directory;
    entry.schema = with_defaults(schema);
    entry.vectors_oid = VEXFS_TRY(names_.next_number());
    entry.rows_oid = VEXFS_TRY(names_.next_number());
    return number_graphs(entry);
}

Status Collections::number_graphs(CollectionEntry& entry) {
    for (uint64_t& oid : entry.graph_oids)
        oid = VEXFS_TRY(names_.next_number());
    Transaction transaction;
    put_collection(transaction, entry);
    VEXFS_TRY_VOID(store_.apply(transaction));
    WriteLock lock(registry_lock_);
    registry_[entry.directory] = {entry, nullptr};
    return ok();
}

Status Collections::update(uint64_t directory, const Schema& schema) {
    const std::shared_ptr<OpenCollection> collection = VEXFS_TRY(open_alone(directory));
    VEXFS_TRY_VOID(check_schema(schema));
    VEXFS_TRY_VOID(collection->rows->set_schema(schema));
    WriteLock lock(registry_lock_);
    registry_[directory].entry.schema = collection->rows->schema();
    return ok();
}

// Searches under way end with what they have.
Status Collections::destroy(uint64_t directory) {
    const CollectionEntry entry = VEXFS_TRY(entry_of(directory));
    if (const std::shared_ptr<OpenCollection> open = open_now(directory))
        open->rows->give_up_graph();
    {
        WriteLock lock(registry_lock_);
        registry_.erase(directory);
    }
    Transaction transaction;
    erase_collection(transaction, entry);
    return store_.apply(transaction, Space::kFreeing);
}

std::vector<std::shared_ptr<OpenCollection>> Collections::all_open() {
    std::vector<std::shared_ptr<OpenCollection>> open;
    ReadLock lock(registry_lock_);
    for (const auto& [directory, member] : registry_)
        if (member.open)
            open.push_back(member.open);
    return open;
}

CollectionStats Collections::stats() {
    CollectionStats stats;
    {
        ReadLock lock(registry_lock_);
        stats.collections = registry_.size();
    }
    stats.memory_bytes = directories_.memory_bytes();
    for (const std::shared_ptr<OpenCollection>& one : all_open()) {
        const RowCounts counts = one->rows->counts();
        ++stats.open;
        stats.files += counts.files;
        stats.rows += counts.rows;
        stats.pending += counts.pending;
        stats.damaged += counts.damaged;
        stats.dead += counts.dead;
        stats.memory_bytes += counts.memory_bytes + one->classes.memory_bytes();
        stats.puts += counts.puts;
        stats.drops += counts.drops;
        stats.searches += counts.searches;
        stats.search_ns += counts.search_ns;
    }
    return stats;
}

} // namespace vexfs
