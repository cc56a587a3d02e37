// SPDX-License-Identifier: Apache-2.0
//
// The verbs of a volume on rows: what Collections does, refused where nothing may change, and
// durable.
#include "userlib/engine/volume.h"

namespace vexfs {

Status Volume::check_real(uint64_t node) {
    if (VirtualFiles::owns(node))
        return fail(Code::kENODATA, "volume: a virtual file is in no collection");
    return ok();
}

Result<SchemaInfo> Volume::schema_get(uint64_t node) {
    VEXFS_TRY_VOID(check_real(node));
    return collections_->schema(node);
}

Result<SchemaInfo> Volume::schema_set(uint64_t directory, const Schema& schema, bool update,
                                      const Caller& caller) {
    VEXFS_TRY_VOID(changeable({directory}));
    const SchemaInfo info = VEXFS_TRY(with_room(
        [&] { return collections_->set_schema(directory, schema, update, caller, now()); }));
    VEXFS_TRY_VOID(store_->sync());
    return info;
}

Status Volume::check_owner(uint64_t node, const Caller& caller) {
    VEXFS_TRY_VOID(check_real(node));
    return collections_->check_owner(node, caller);
}

// The rows have changed, and so has an attribute of the file: who copies what is newer goes by
// ctime. A volume that is too full to note the time keeps the rows and the time from before.
Status Volume::touch(uint64_t ino) {
    const Result<Inode> touched = names_->set(ino, {}, now());
    return touched || touched.error().code == Code::kENOSPC ? ok() : Status(touched.error());
}

Result<PutDone> Volume::put_rows(const FileChoice& file, const Caller& caller, const PutRows& rows,
                                 const VectorShape& shape, bool async, uint64_t& ino) {
    ino = 0;
    VEXFS_TRY_VOID(changeable({}));
    VEXFS_TRY_VOID(check_real(file.node));
    const PutDone done =
        VEXFS_TRY(with_room([&] { return collections_->put(file, caller, rows, shape, ino); }));
    VEXFS_TRY_VOID(touch(ino));
    keeper_->dirtied();
    if (!async)
        VEXFS_TRY_VOID(store_->sync());
    return done;
}

Result<Dropped> Volume::drop_rows(const FileChoice& file, const Caller& caller, uint32_t first,
                                  bool async) {
    VEXFS_TRY_VOID(changeable({}));
    VEXFS_TRY_VOID(check_real(file.node));
    const Dropped dropped = VEXFS_TRY(collections_->drop(file, caller, first));
    VEXFS_TRY_VOID(touch(dropped.ino));
    if (!async)
        VEXFS_TRY_VOID(store_->sync());
    return dropped;
}

Result<FileRows> Volume::get_rows(const FileChoice& file, const Caller& caller,
                                  const RowsAsk& ask) {
    VEXFS_TRY_VOID(check_real(file.node));
    return collections_->get(file, caller, ask);
}

Status Volume::search(uint64_t directory, const Caller& caller, const SearchAsk& ask,
                      SearchAnswer& answer) {
    return search_each(directory, caller, ask, {&ask.query, 1}, {&answer, 1});
}

Status Volume::search_each(uint64_t directory, const Caller& caller, const SearchAsk& ask,
                           std::span<const index::VectorView> points,
                           std::span<SearchAnswer> answers) {
    VEXFS_TRY_VOID(check_real(directory));
    return collections_->search(directory, caller, ask, points, answers);
}

Status Volume::read_vectors(const index::VectorView& point, SearchAnswer& answer) {
    return Collections::read_vectors(point, answer);
}

Result<std::vector<std::string>> Volume::paths_of(uint64_t directory, const Caller& caller,
                                                  std::span<const uint64_t> inos) {
    if (VirtualFiles::owns(directory))
        return std::vector<std::string>(inos.size());
    return collections_->paths(directory, caller, inos);
}

Result<JobAnswer> Volume::command_jobs(uint64_t node, const Caller& caller, const JobAsk& ask) {
    VEXFS_TRY_VOID(changeable({}));
    VEXFS_TRY_VOID(check_real(node));
    return collections_->command(node, caller, ask, [this] { upkeep_->wake(); });
}

Result<std::vector<VolumeJob>> Volume::jobs(uint64_t node, const Caller& caller) {
    VEXFS_TRY_VOID(check_real(node));
    return collections_->jobs(node, caller);
}

Result<RowStat> Volume::stat_rows(const FileChoice& choice, const Caller& caller, bool totals) {
    VEXFS_TRY_VOID(check_real(choice.node));
    return collections_->stat(choice, caller, totals);
}

} // namespace vexfs
