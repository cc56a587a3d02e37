// SPDX-License-Identifier: Apache-2.0
//
// The collections of a volume: which directories are one, whose rows a file carries, and that names
// and rows go together.
//
// A file belongs to the collection that is found by walking up from each of its names; a file with
// rows has all of its names in one. A collection is opened when it is first needed, so that a mount
// takes as long with many rows as with none, an idle collection costs no memory, and a damaged one
// costs its own verbs alone.
//
// Threads: any. Lock order: border_lock_, file_locks_, the locks of a Collection, those of Names;
// registry_lock_ and those of AccessClasses are held for no call to another of these but
// Directories. A search takes none of the first two.
#pragma once

#include "userlib/collection/collection.h"
#include "userlib/engine/access/access_classes.h"
#include "userlib/engine/jobs.h"
#include "userlib/engine/paths.h"
#include "userlib/engine/report/report.h"
#include "userlib/engine/rows.h"

namespace vexfs {

struct OpenCollection {
    OpenCollection(Directories& directories, uint64_t its_directory, uint32_t its_number)
        : directory(its_directory), number(its_number), classes(directories, its_directory) {}

    const uint64_t directory;
    const uint32_t number;                  // from 1 on; of no other while the volume is open
    std::atomic<bool> verify_erase = false; // by the erase job that is unfinished
    AccessClasses classes;
    std::unique_ptr<Collection> rows; // set before anyone else sees it
};

class Collections {
  public:
    // Destroys collections whose directory has gone, unless `read_only`. Both outlive it.
    static Result<std::unique_ptr<Collections>> open(Store& store, Names& names, bool read_only,
                                                     RowMemory* memory = nullptr);

    // Verbs of Names that move what may carry rows, or change who finds it. EXDEV if rows would
    // cross the border of a collection.
    Result<Entry> link(uint64_t ino, uint64_t directory, std::string_view name, Timestamp now);
    Status unlink(uint64_t directory, std::string_view name, Timestamp now);
    Status rmdir(uint64_t directory, std::string_view name, Timestamp now);
    Status rename(const Place& from, const Place& to, RenameMode mode, Timestamp now);
    Result<Inode> set(uint64_t ino, const Attributes& attributes, Timestamp now);

    // As the verbs of Volume; nothing is durable when they return.
    Result<SchemaInfo> schema(uint64_t node);
    Result<SchemaInfo> set_schema(uint64_t directory, const Schema& schema, bool update,
                                  const Caller& caller, Timestamp now);
    Status check_owner(uint64_t node, const Caller& caller);
    Result<PutDone> put(const FileChoice& choice, const Caller& caller, const PutRows& rows,
                        const VectorShape& shape, uint64_t& ino);
    Result<FileRows> get(const FileChoice& choice, const Caller& caller, const RowsAsk& ask);
    Result<Dropped> drop(const FileChoice& choice, const Caller& caller, uint32_t first);
    // For each of the points, which stand in the place of ask.query.
    Status search(uint64_t directory, const Caller& caller, const SearchAsk& ask,
                  std::span<const index::VectorView> points, std::span<SearchAnswer> answers);
    // Those of the hits of a search near the point.
    static Status read_vectors(const index::VectorView& point, SearchAnswer& answer);
    Result<std::vector<std::string>> paths(uint64_t directory, const Caller& caller,
                                           std::span<const uint64_t> inos);
    Result<RowStat> stat(const FileChoice& choice, const Caller& caller, bool totals);
    Status wait_linked(const index::ScanStop& stop);
    // Before the volume is closed: gives the store what is linked, so that the next open has it.
    void flush_graphs();

    // collection_jobs.cpp: those of the node's collection; of all that are open, if it is the root.
    Result<std::vector<VolumeJob>> jobs(uint64_t node, const Caller& caller);
    std::vector<VolumeJob> all_jobs();
    // `wake` is called once there may be something to do for Upkeep.
    Result<JobAnswer> command(uint64_t node, const Caller& caller, const JobAsk& ask,
                              const std::function<void()>& wake);
    // For Upkeep. The collection stays the one that is open while `work` runs, else ESTALE.
    [[nodiscard]] std::vector<std::shared_ptr<OpenCollection>> all_open();
    Status while_open(const OpenCollection& collection, const std::function<Status()>& work);
    // Moves some rows to where they may stay; false if there are none, or no room.
    Result<bool> move_rows(OpenCollection& collection);

    [[nodiscard]] CollectionStats stats();

  private:
    struct Member {
        CollectionEntry entry;
        std::shared_ptr<OpenCollection> open; // null: not needed yet
    };
    // A file with rows, in an open collection.
    struct Carried {
        std::shared_ptr<OpenCollection> collection;
        uint32_t access_class = 0;
    };
    // A file that may carry rows.
    struct Carrier {
        uint64_t ino = 0;
        Inode inode;
        AccessClass access_class;
        uint64_t collection = 0;
    };
    // What two names stand for; ino 0: nothing.
    struct Named {
        uint64_t moved = 0;
        uint64_t replaced = 0;
        bool directories = false; // one of them is a directory
        friend bool operator==(const Named&, const Named&) = default;
    };

    Collections(Store& store, Names& names, bool read_only, RowMemory* memory);

    // The directory of the collection that the directory is in; 0: none.
    Result<uint64_t> collection_of(uint64_t directory);
    [[nodiscard]] bool is_collection(uint64_t directory);
    // ENODATA if the directory is none.
    Result<CollectionEntry> entry_of(uint64_t directory);
    // Null if it is not open, or no collection.
    [[nodiscard]] std::shared_ptr<OpenCollection> open_now(uint64_t directory);
    // ENODATA if the directory is no collection.
    Result<std::shared_ptr<OpenCollection>> opened(uint64_t directory);
    Result<std::shared_ptr<OpenCollection>> open_alone(uint64_t directory)
        VEXFS_REQUIRES(border_lock_);
    Status make(uint64_t directory, const Schema& schema) VEXFS_REQUIRES(border_lock_);
    Status update(uint64_t directory, const Schema& schema) VEXFS_REQUIRES(border_lock_);
    Status destroy(uint64_t directory) VEXFS_REQUIRES(border_lock_);
    // Numbers for the graphs of a collection that has none.
    Status number_graphs(CollectionEntry& entry);
    // Nothing if the file is no more, or has no name.
    Result<std::optional<AccessClass>> class_of(uint64_t ino);

    // borders.cpp
    Result<bool> carries_rows(uint64_t ino);
    Result<std::optional<Carried>> carried(uint64_t ino);
    void settle(uint64_t ino, const std::optional<Carried>& carried);
    Status try_settle(uint64_t ino, const std::optional<Carried>& carried);
    Status give_up_rows(uint64_t ino, const std::optional<Carried>& carried);
    Result<Named> look_up(const Place& from, const Place& to);
    Status rename_named(const Place& from, const Place& to, RenameMode mode, Timestamp now,
                        const Named& named) VEXFS_REQUIRES_SHARED(border_lock_);
    Status rename_alone(const Place& from, const Place& to, RenameMode mode, Timestamp now,
                        const Named& named) VEXFS_REQUIRES(border_lock_);
    Status check_border(uint64_t directory, uint64_t collection) VEXFS_REQUIRES(border_lock_);
    void removed_directory(uint64_t ino) VEXFS_REQUIRES(border_lock_);

    // file_rows.cpp
    Result<uint64_t> find(const FileChoice& choice, const Caller& caller);
    Result<Carrier> carrier(uint64_t ino, const Caller& caller, uint32_t rights);
    enum class Lock : uint8_t { kShared, kAlone };
    // Calls verb(collection, file) with the file locked and its collection open.
    template <typename Verb>
    auto with_file(uint64_t ino, const Caller& caller, uint32_t rights, Lock lock, Verb&& verb)
        -> decltype(verb(std::declval<OpenCollection&>(), std::declval<const Carrier&>()));
    Result<PutDone> put_into(OpenCollection& collection, const Carrier& file, PutRows rows,
                             const VectorShape& shape);

    // search.cpp
    Status find_visible(OpenCollection& collection, uint64_t directory, const Caller& caller,
                        const SearchAsk& ask, std::span<const index::VectorView> points,
                        std::span<SearchAnswer> answers, std::span<std::vector<RowHit>> hits);
    Status leave_out_hidden(uint64_t directory, const Caller& caller, SearchAnswer& answer,
                            std::vector<RowHit>& hits);
    Status count(Collection& rows, const VisibleClasses* visible, RowStat& stat);

    Store& store_;
    Names& names_;
    const bool read_only_;
    RowMemory* const memory_;
    Directories directories_;
    // Held alone by whoever moves a border, or directories across one, or derives the classes of
    // all files of a collection; shared by whoever changes a file's names, rights or rows.
    SharedMutex border_lock_;
    // One file's names, rights and rows.
    InodeLocks file_locks_;
    SharedMutex registry_lock_;
    std::map<uint64_t, Member> registry_ VEXFS_GUARDED_BY(registry_lock_);
    uint32_t opens_ VEXFS_GUARDED_BY(border_lock_) = 0;
};

} // namespace vexfs
