// SPDX-License-Identifier: Apache-2.0
//
// A volume that is open: the verbs that every front end calls.
//
// It joins device, store and names, and adds what they leave to others: the time, the background
// work, the reserved names and the files behind them, and that a read-only volume refuses every
// change. Who may do what with a file is decided above, by the kernel; who may do what with rows is
// decided here.
//
// A change is in memory when its verb returns and durable after sync(), or after the commit
// interval. After a crash the volume is in the state after some verb.
//
// Threads: any thread calls any verb; open and close one thread, with no verb under way.
#pragma once

#include <memory>

#include "userlib/device/device_stack.h"
#include "userlib/engine/collections.h"
#include "userlib/engine/keeper.h"
#include "userlib/engine/memory_watch.h"
#include "userlib/engine/read_ahead.h"
#include "userlib/engine/request_stats.h"
#include "userlib/engine/row_xattrs.h"
#include "userlib/engine/similar_files.h"
#include "userlib/engine/staged_memory.h"
#include "userlib/engine/upkeep.h"
#include "userlib/engine/virtual_files.h"
#include "userlib/engine/volume_settings.h"

namespace vexfs {

struct VolumeOptions {
    static constexpr uint64_t kMemoryBytesMin = uint64_t{64} << 20;

    bool read_only = false;
    uint64_t memory_bytes = uint64_t{512} << 20; // cache, rows, changes that wait
    std::chrono::milliseconds commit_interval{5000};
    // Of the data of files. This and the pool of `cold`: as the volume says, if not given here.
    std::optional<Compression> compression;
    ColdOptions cold; // of the cache: blocks that left it, compressed
    CachePolicy cache_policy = kDefaultCachePolicy;
    std::string cache_trace; // a file that the cache's work is recorded in; empty: none
};

class Volume {
  public:
    // EINVAL for an option out of range, else the errors of the device and the store; the
    // explanation is a sentence that names the target.
    static Result<std::unique_ptr<Volume>>
    open(const DeviceSpec& spec, const VolumeOptions& options, std::string& explanation);
    // Like a crash: what is not durable is lost. Call close() first.
    ~Volume();
    Volume(const Volume&) = delete;
    Volume& operator=(const Volume&) = delete;
    // Makes everything durable and ends the background work.
    Status close();

    // A node by its number: ESTALE if there is none. Whoever gets an Entry out of a verb below, but
    // for "." and "..", holds the node: it stays until forget() gives it back as often.
    Result<Inode> get(uint64_t ino);
    Status forget(uint64_t ino, uint64_t times);
    [[nodiscard]] uint64_t allocated_bytes(const Inode& inode) const {
        return names_->allocated_bytes(inode);
    }

    // As the verbs of Names, and EXDEV where rows would cross the border of a collection. Reserved
    // names are EPERM where they would be made or removed, and so is every change of a virtual
    // file; EROFS on a read-only volume.
    // Who asks is asked for below `.similar` alone.
    Result<Entry> lookup(uint64_t directory, std::string_view name, const AskCaller& ask = nobody);
    Result<std::vector<Listed>> list(uint64_t directory, uint64_t cursor, size_t entries_max,
                                     const AskCaller& ask = nobody);
    Result<std::string> read_link(uint64_t ino, const AskCaller& ask = nobody);
    Result<Entry> make(uint64_t directory, std::string_view name, const Make& what);
    Result<Entry> make_unnamed(uint64_t directory, const Make& what);
    Result<Entry> link(uint64_t ino, uint64_t directory, std::string_view name);
    Status unlink(uint64_t directory, std::string_view name);
    Status rmdir(uint64_t directory, std::string_view name);
    Status rename(const Place& from, const Place& to, RenameMode mode);
    Result<Inode> set(uint64_t ino, Attributes attributes, bool atime_now, bool mtime_now);

    // A handle, 0 for what is on the disk; read() and close_file() want it back.
    Result<uint64_t> open_file(uint64_t ino);
    void close_file(uint64_t ino, uint64_t handle);
    Result<size_t> read(uint64_t ino, uint64_t handle, uint64_t offset, MutableBytes out);
    Result<Written> write(uint64_t ino, const WriteRequest& request, Bytes bytes);
    Result<Inode> allocate(uint64_t ino, uint64_t offset, uint64_t length, Allocate how);
    Result<uint64_t> seek_data(uint64_t ino, uint64_t offset);
    Result<uint64_t> seek_hole(uint64_t ino, uint64_t offset);
    Result<Written> copy(uint64_t from, uint64_t offset, uint64_t to, uint64_t to_offset,
                         uint64_t length);

    // user.vexfs.vector and user.vexfs.rows of a file in a collection are its rows: row_xattrs.h.
    Result<Page> get_xattr(uint64_t ino, std::string_view name);
    Result<std::vector<std::string>> list_xattrs(uint64_t ino);
    Status set_xattr(uint64_t ino, std::string_view name, Bytes value, SetXattr how);
    Status remove_xattr(uint64_t ino, std::string_view name);

    // The way from the root.
    Result<std::string> path(uint64_t ino);

    // rows.cpp: as the ops of vexfs_ioctl.h have it, one file or one query at a time. Rights are
    // checked here, except that of the descriptor to be used at all.
    // Of a directory or a file: ENODATA if it is in no collection.
    Result<SchemaInfo> schema_get(uint64_t node);
    // Durable when it returns. EPERM, EEXIST, ENOTEMPTY, ENODATA, EINVAL, EOPNOTSUPP.
    Result<SchemaInfo> schema_set(uint64_t directory, const Schema& schema, bool update,
                                  const Caller& caller);
    // EPERM unless the caller owns the directory of the node's collection.
    Status check_owner(uint64_t node, const Caller& caller);
    // `rows` without ino and access class, data_version 0: that of the file. `ino` is the file's
    // number, 0 if it was not found. Durable when it returns unless `async`: then after sync().
    Result<PutDone> put_rows(const FileChoice& file, const Caller& caller, const PutRows& rows,
                             const VectorShape& shape, bool async, uint64_t& ino);
    Result<Dropped> drop_rows(const FileChoice& file, const Caller& caller, uint32_t first,
                              bool async);
    Result<FileRows> get_rows(const FileChoice& file, const Caller& caller, const RowsAsk& ask);
    Status search(uint64_t directory, const Caller& caller, const SearchAsk& ask,
                  SearchAnswer& answer);
    // For each of the points, which stand in the place of ask.query and share what they can: let
    // them be few at a time. What they share is told in the first answer's report.
    Status search_each(uint64_t directory, const Caller& caller, const SearchAsk& ask,
                       std::span<const index::VectorView> points, std::span<SearchAnswer> answers);
    // The vectors of an answer's hits, as they were found near the point.
    static Status read_vectors(const index::VectorView& point, SearchAnswer& answer);
    // From the directory: of each file that the caller may read one path that he may walk, or "".
    Result<std::vector<std::string>> paths_of(uint64_t directory, const Caller& caller,
                                              std::span<const uint64_t> inos);
    // Of a file, or of what the caller sees below the directory `node`. Totals: EPERM.
    Result<RowStat> stat_rows(const FileChoice& choice, const Caller& caller, bool totals);
    // Until the rows that are pending are linked, in all collections. ECANCELED, ETIMEDOUT.
    Status wait_linked(const index::ScanStop& stop) { return collections_->wait_linked(stop); }

    // JOB and JOB_LIST; on the root all of the volume. EPERM, ENODATA, ENOENT, ECANCELED.
    Result<JobAnswer> command_jobs(uint64_t node, const Caller& caller, const JobAsk& ask);
    Result<std::vector<VolumeJob>> jobs(uint64_t node, const Caller& caller);

    // Everything that has returned is durable.
    Status sync();
    [[nodiscard]] StoreUsage usage() { return store_->usage(); }

    [[nodiscard]] bool read_only() const { return options_.read_only; }
    [[nodiscard]] const Header& header() const { return store_->layout().header(); }
    // Another after each start of the engine.
    [[nodiscard]] uint64_t epoch() const { return epoch_; }
    [[nodiscard]] RequestStats& requests() { return requests_; }
    // What the messages of sessions take of memory_bytes.
    [[nodiscard]] StagedMemory& staged() { return staged_; }
    // Shown in config.json beside the volume's own; a JSON document. Before anything is served.
    void set_front_end(std::string json) { front_end_json_ = std::move(json); }
    void set_commit_interval(std::chrono::milliseconds interval);

  private:
    Volume(const VolumeOptions& options, std::unique_ptr<DeviceStack> devices);
    Status start(std::string& explanation);

    [[nodiscard]] static Timestamp now();
    // Whether the nodes may be changed and the names made or removed.
    [[nodiscard]] Status changeable(std::initializer_list<uint64_t> inos,
                                    std::initializer_list<std::string_view> names = {}) const;
    // No row belongs to a virtual file.
    [[nodiscard]] static Status check_real(uint64_t node);
    Result<Entry> held(Result<Entry> entry);
    Status touch(uint64_t ino);
    // What was deleted and is not erased yet is room too.
    template <typename Verb>
    auto with_room(Verb&& verb) {
        auto result = verb();
        if (result || result.error().code != Code::kENOSPC)
            return result;
        const Result<bool> reaped = keeper_->reap_all();
        return reaped && *reaped ? verb() : result;
    }
    [[nodiscard]] std::string render(VirtualFiles::File file);
    [[nodiscard]] std::string render_stats();
    [[nodiscard]] std::string render_config();
    [[nodiscard]] std::string render_jobs();

    [[nodiscard]] size_t cache_bytes() const;
    void set_staged_bytes(uint64_t bytes);
    void set_row_memory(RowMemory::Taken taken);
    void allow_memory(uint64_t bytes);
    uint64_t used_memory();
    void share_memory() VEXFS_REQUIRES(memory_mutex_);

    const VolumeOptions options_;
    const Timestamp opened_;
    const uint64_t epoch_;
    std::unique_ptr<DeviceStack> devices_;
    Mutex memory_mutex_; // held while the store is told
    uint64_t staged_bytes_ VEXFS_GUARDED_BY(memory_mutex_) = 0;
    uint64_t least_taken_ VEXFS_GUARDED_BY(memory_mutex_) = 0; // since it was trimmed
    std::chrono::steady_clock::time_point trimmed_ VEXFS_GUARDED_BY(memory_mutex_);
    RowMemory::Taken rows_taken_ VEXFS_GUARDED_BY(memory_mutex_);
    // To cache, messages and rows, by what the machine has.
    uint64_t allowed_bytes_ VEXFS_GUARDED_BY(memory_mutex_) = UINT64_MAX;
    RowMemory row_memory_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Names> names_;
    std::unique_ptr<Keeper> keeper_; // none of a read-only volume
    std::unique_ptr<Collections> collections_;
    std::unique_ptr<VolumeSettings> settings_;
    std::unique_ptr<RowXattrs> row_xattrs_;
    std::unique_ptr<SimilarFiles> similar_files_;
    std::unique_ptr<Upkeep> upkeep_; // none of a read-only volume
    std::unique_ptr<MemoryWatch> memory_watch_;
    ReadAhead read_ahead_;
    VirtualFiles virtual_files_;
    StagedMemory staged_;
    RequestStats requests_;
    std::string front_end_json_ = "null";
};

} // namespace vexfs
