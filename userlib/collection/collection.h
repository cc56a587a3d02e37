// SPDX-License-Identifier: Apache-2.0
//
// A collection that is open: the vectors of the files below a directory, and what is nearest to
// one.
//
// A row is durable in the store: its vector and what else it has in two objects, and its place in
// the row map of its file, which is the truth. It can be searched when put() returns, by a scan; in
// the background it is linked into a graph, which is written down now and then and loaded by an
// open.
// It knows no name, no right and no user: visible is what a set of classes says.
//
// Threads: any thread calls anything but the destructor. Puts and drops wait for each other; a
// search waits for none of their I/O. The caller sees to it that a file whose rows are put goes on
// existing meanwhile, and waits for no other thread's verb in a RowPredicate.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "userlib/collection/catalogue.h"
#include "userlib/collection/job_board.h"
#include "userlib/collection/row_memory.h"
#include "userlib/collection/row_record.h"
#include "userlib/store/store.h"

namespace vexfs {

class Linker;
class WarmUp;
class RowTable;
class SearchScratches;
struct RowState;

class Collection {
  public:
    // The class of a file now; nothing if it is no more. Called during open().
    using ClassOf = std::function<Result<std::optional<uint32_t>>(uint64_t ino)>;

    // Damage is logged and costs rows or what they carry, never the open. The store outlives it.
    static Result<std::unique_ptr<Collection>> open(Store& store, const CollectionEntry& entry,
                                                    const ClassOf& class_of, bool read_only,
                                                    RowMemory* memory = nullptr);
    ~Collection(); // ends the work in the background
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;

    // All rows or none; searched when it returns, durable after Store::sync(). EINVAL (sizes, NaN
    // or Inf, a range of bytes, first beyond the end), EDQUOT, EFBIG, ENOSPC, EROFS.
    Result<PutDone> put(const PutRows& put);
    // How many rows the file has.
    [[nodiscard]] uint32_t rows_of(uint64_t ino);
    // The class that the file's rows have; nothing if it has none.
    [[nodiscard]] std::optional<uint32_t> class_of(uint64_t ino);
    // The rows of the classes (null: all), in a time that follows from their files.
    [[nodiscard]] RowTally tally(const std::vector<bool>* classes);
    // At most `rows` rows from `first` on, as far as there are any: into `meta` and `vectors`, each
    // may be null. The vector of a damaged row is zeros, or EBADMSG if its meta is not wanted.
    Status get(uint64_t ino, uint32_t first, uint32_t rows, std::vector<StoredRow>* meta,
               Page* vectors);
    // Removes the rows from `first` on; how many they were.
    Result<uint32_t> drop(uint64_t ino, uint32_t first);
    // The file was destroyed, and its row map with it: hides its rows and frees their slots.
    Status file_gone(uint64_t ino);
    // After chmod, chown, link or rename. Nothing happens if the file has no rows.
    Status set_class(uint64_t ino, uint32_t access_class);

    // The nearest rows, nearest first. EINVAL; ECANCELED and ETIMEDOUT as RowQuery::stop says; what
    // the predicate returns.
    Status search(const RowQuery& query, std::vector<RowHit>& hits, RowSearchReport& report);
    // The same for each of the points, at least one, which stand in the place of query.query. They
    // share what they can; the collection is not changed meanwhile, so let them be few. What they
    // share is told in the first report, and the error of one is that of all.
    Status search_each(const RowQuery& query, std::span<const index::VectorView> points,
                       std::span<std::vector<RowHit>> hits, std::span<RowSearchReport> reports);
    // The vector of a row that search() found near the point: ENOENT if the row has gone since, or
    // has another vector; EBADMSG if it is damaged.
    Status read_vector(const RowHit& hit, const index::VectorView& point, MutableBytes out);

    // Waits until the rows that are pending now are linked. ECANCELED and ETIMEDOUT as `stop` says.
    Status wait_linked(const index::ScanStop& stop);
    // Gives the graph as far as rows are linked to the store, which it is durable with after the
    // next commit. What the store failed with; ECANCELED and ETIMEDOUT as `stop` says.
    Status flush_graph(const index::ScanStop& stop);
    // Before the collection is destroyed: nothing is written to its graph from here on.
    void give_up_graph();

    // What works on it. A job that was resumed goes on at once.
    [[nodiscard]] JobBoard& jobs();
    Result<uint32_t> resume_jobs(uint64_t id);
    // Takes removed rows out of the graph however few they are: waits a while, and says whether all
    // are out.
    Result<bool> take_out_dead(std::chrono::milliseconds time);
    // After a put of so many rows, with no lock held: waits if too many rows wait to be linked.
    void slow_down(uint64_t rows);

    // compact.cpp: a file with rows that lie behind where all rows would have room, if there is
    // one.
    [[nodiscard]] std::optional<uint64_t> next_to_move();
    // Moves some of its rows before that. The file goes on existing meanwhile. False if there is no
    // room; ENOSPC, EROFS.
    Result<bool> move_rows(uint64_t ino);
    // Cuts the columns off behind the last slot that is not free; how many slots that were.
    Result<uint64_t> cut_tail();
    // erase.cpp: looks whether some slots without a row, from `slot` on, are zero on the volume,
    // and makes them so; `slot` moves on, `erased` counts those that were not. False at the end.
    // What keeps some from being erased is told at once, and the others are reached all the same.
    Result<bool> sweep(uint32_t& slot, uint64_t& erased);

    [[nodiscard]] RowCounts counts();
    // What the newest commit holds of it. Reads all descriptions of its records.
    Result<RowsOnDisk> on_disk();
    [[nodiscard]] Schema schema();
    [[nodiscard]] uint64_t directory() const;
    // Replaces what may change in a schema; see check_update().
    Status set_schema(const Schema& schema);

  private:
    // What a put writes before the row map says so.
    struct Fresh {
        std::vector<uint32_t> slots;
        std::vector<RowRecord> records;
    };
    // Rows of a file.
    struct Place {
        uint32_t first = 0;
        uint32_t count = 0;
        uint32_t before = 0; // rows of the file
        uint32_t total = 0;
    };

    Collection(std::unique_ptr<RowState> state, std::unique_ptr<WarmUp> warm_up, bool read_only);
    static Error no_memory();
    Status check_sound() const;

    // put.cpp
    Status check_put(const PutRows& put) const;
    Result<Place> place_of(const PutRows& put);
    Status prepare(Fresh& fresh, const Place& place, const PutRows& put)
        VEXFS_REQUIRES(change_mutex_);
    Status replace_rows(Fresh& fresh, const Place& place, uint64_t ino, uint32_t access_class,
                        Bytes vectors) VEXFS_REQUIRES(change_mutex_);
    Status write_fresh(Fresh& fresh, Bytes vectors) VEXFS_REQUIRES(change_mutex_);
    Status write_run(const Fresh& fresh, size_t from, size_t count, Bytes vectors);
    Status flip(const Fresh& fresh, const Place& place, uint64_t ino) VEXFS_REQUIRES(change_mutex_);
    Status remember(uint64_t ino, uint32_t before, uint32_t total,
                    const std::function<std::vector<uint32_t>(RowTable&)>& change)
        VEXFS_REQUIRES(change_mutex_);
    void clean_up(uint64_t ino, uint32_t before, uint32_t total, std::span<const uint32_t> removed)
        VEXFS_REQUIRES(change_mutex_);
    void erase(std::span<const uint32_t> slots) VEXFS_REQUIRES(change_mutex_);

    Result<bool> sweep_columns(uint32_t& slot, uint64_t& erased);

    // compact.cpp
    std::vector<uint32_t> misplaced(uint64_t ino, uint32_t& first);

    const bool read_only_;
    const std::unique_ptr<RowState> state_;
    Mutex change_mutex_; // of whoever changes rows; before the state's lock
    const std::unique_ptr<SearchScratches> scratches_;
    std::atomic<bool> in_doubt_ = false; // memory is not what the store says
    std::atomic<uint64_t> puts_ = 0;
    std::atomic<uint64_t> drops_ = 0;
    std::atomic<uint64_t> searches_ = 0;
    std::atomic<uint64_t> search_ns_ = 0;
    const std::unique_ptr<WarmUp> warm_up_; // of the vectors; the last members, so they end first
    const std::unique_ptr<Linker> linker_;
};

} // namespace vexfs
