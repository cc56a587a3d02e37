// SPDX-License-Identifier: Apache-2.0
//
// The store: items and object data in transactions on a device, of which a crash loses nothing that
// was synced.
//
// Durability is a prefix: after any crash the store is in the state after some transaction, and not
// before the last one that a successful sync() or commit() covered. A transaction is applied in
// memory and appended to the intent log; sync() makes the log durable; commit() writes the tree and
// lets the log start anew. The store knows no files, names or vectors. It starts no thread: the
// owner calls the step functions, from a thread each if it likes.
//
// Memory that runs out is ENOMEM: nothing of the call took effect. If it runs out in the middle of
// a change or a commit, what is in memory can be trusted no more; then every call is EIO until the
// volume is opened again, as it is after a crash.
//
// Threads: any thread calls anything. One lock guards tree and object data: readers share it,
// apply() and the short stages of a commit hold it alone, nobody holds it while waiting for a write
// or a flush. Lock order: reserve_mutex_, commit_mutex_, lock_, then the locks inside log, free map
// and cache.
#pragma once

#include <atomic>
#include <exception>
#include <set>

#include "base/guard.h"
#include "userlib/pool/codec/block_coder.h"
#include "userlib/store/label.h"
#include "userlib/store/log.h"
#include "userlib/store/objects.h"

namespace vexfs {

struct FormatOptions {
    std::array<uint8_t, 16> volume_id{};
    std::string label;
    uint64_t log_blocks = 0; // 0: 8 MiB, at most an eighth of the device
    uint32_t node_bytes = 16384;
    uint32_t record_bytes = 65536;
    uint32_t region_blocks = 32768;
    uint32_t uberblock_slots = 126;
    uint32_t inline_bytes = 2048;
};

// What format_store() would make of a device of this size; EUCLEAN if it is too small.
Result<Layout> plan_store(uint64_t device_blocks, const FormatOptions& options);

// Makes an empty volume of the whole device. Whatever was on it is lost.
Status format_store(Device& device, const FormatOptions& options);

struct StoreOptions {
    bool read_only = false;
    size_t cache_bytes = size_t{256} << 20;
    ColdOptions cold; // of the cache's bytes, for blocks that left it
    CachePolicy cache_policy = kDefaultCachePolicy;
    size_t dirty_bytes_max = size_t{64} << 20; // beyond it apply() commits before it goes on
    size_t freeze_records_max = 16; // a commit of more writes the others before it stops writers
    uint32_t node_copies = 2;
    Compression compression;         // of object data
    uint64_t slop_blocks_min = 4096; // kept free, see Space; never more than half of the volume
    FreeMap::Policy policy = FreeMap::Policy::kNextFit;
    // Repairs; each gives something up and is never done unasked.
    // The newest commit up to this one, without the log unless it is the newest that is left of
    // all. EUCLEAN, and nothing is written, unless all of its metadata can be read and it uses the
    // blocks that it counts.
    uint64_t rewind_txg = UINT64_MAX;
    bool truncate_log = false;     // go on without what a damaged log held behind the damage
    bool rebuild_free_map = false; // count anew what the tree reaches
};

// How far an operation may eat into the slop, the blocks that are kept free: what frees space has
// to work on a full volume, and what the store itself needs to commit has to work always.
enum class Space : uint8_t {
    kNormal,  // none of it
    kFreeing, // half: unlink, truncate, drop
    kAdmin,   // three quarters
    kCommit,  // all
};

// Whether a transaction goes into the intent log. If not, it is durable with the next commit: until
// then a crash takes it back, though what was applied after it may stay. It is for what can be made
// anew, and touches nothing that logged transactions change, but for destroying a whole object.
enum class Logging : uint8_t { kLogged, kUnlogged };

struct StoreUsage {
    uint64_t capacity_blocks = 0;
    uint64_t used_blocks = 0;      // quarantine included
    uint64_t available_blocks = 0; // to operations of Space::kNormal
};

// What is damaged and did not keep a read-only open from going on; nothing for any other open.
struct StoreDamage {
    std::optional<Error> labels;   // a newer commit may be lost
    std::optional<Error> free_map; // not needed for reading
    std::optional<Error> log;      // the operations behind the damage are missing
    // Operations of the log that change what is damaged in the tree. What they change is EIO.
    uint64_t operations = 0;
};

struct StoreItem {
    Key key;
    Page value;
};

// Of records that were encoded since the open: their bytes, and those of their blocks.
struct StoredCounts {
    uint64_t plain_bytes = 0;
    uint64_t stored_bytes = 0;
};

// How far a wipe is: over the blocks of the intent log, then over those of the regions.
struct Wipe {
    uint64_t position = 0;
    uint64_t total = 0; // known after the first step
    uint64_t wiped = 0; // blocks that were not zero
};

class Store {
  public:
    // Replays the log and commits, unless read-only: then the log is replayed in memory and nothing
    // is written. Damage outside of label headers and the root does not keep a read-only open from
    // reading the rest: it is logged, see damage(). An open for writing is refused if a commit
    // would make it worse, and the error names the repair of fsck.vexfs.
    static Result<std::unique_ptr<Store>> open(Device& device, const StoreOptions& options);
    ~Store() = default; // like a crash: what was not synced is lost
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // All of it or, on an error, nothing. ENOSPC, EINVAL (an operation out of its range), EROFS,
    // EIO, ENOMEM.
    Status apply(const Transaction& transaction, Space space = Space::kNormal,
                 Logging logging = Logging::kLogged);
    // A punch of any size, in several transactions, each of which is small enough to be admitted on
    // a full volume.
    Status punch(uint64_t oid, uint64_t offset, uint64_t length,
                 Logging logging = Logging::kLogged);

    [[nodiscard]] Result<std::optional<Page>> get(const Key& key);
    // Up to items_max items with from <= key < end, in order of key.
    [[nodiscard]] Result<std::vector<StoreItem>> list(const Key& from, const Key& end,
                                                      size_t items_max);
    // Object data; holes and what lies behind the end read as zero. EIO names damage, and only for
    // the damaged part.
    [[nodiscard]] Status read(uint64_t oid, uint64_t offset, MutableBytes out,
                              ReadWidth width = ReadWidth::kPiece);
    // The same for many pieces at once, each with a status of its own.
    [[nodiscard]] Result<BlockCounts> read(uint64_t oid, std::span<PieceRead> pieces,
                                           ReadWidth width = ReadWidth::kPiece);

    // Takes records of [offset, end) into the cache that are not there, with one batch of the
    // device, because they are likely to be wanted. Returns how many; a failure is none of its own.
    size_t prefetch(uint64_t oid, uint64_t offset, uint64_t end);
    // The same of the leaves of the tree that items of these keys, which are in order, lie in.
    void prefetch(std::span<const Key> keys);

    // What the data of an object takes on the device: in blocks of its own, or inside of items.
    // What is not committed does not count.
    [[nodiscard]] Result<uint64_t> stored_bytes(uint64_t oid);

    // What the data of an object is, for what is stored from now on and until the store is closed:
    // it tells nothing about what is read. What an open replays is stored before anybody can say.
    // ENOMEM.
    Status set_form(uint64_t oid, const ObjectForm& form);

    // Of object data whose form says nothing, for what is stored from now on.
    void set_compression(const Compression& compression);
    [[nodiscard]] Compression compression();

    // Which records hold object data: where those begin that begin in [offset, end), the first
    // count_max of them, in order. All other data is zero.
    [[nodiscard]] Result<std::vector<uint64_t>> records(uint64_t oid, uint64_t offset, uint64_t end,
                                                        size_t count_max);

    // Numbers that nobody ever got from this counter, durably so even if nothing else is synced:
    // the first of `count`.
    Result<uint64_t> reserve(uint64_t counter, uint64_t count);

    // Everything applied before is durable.
    Status sync();
    // The same, and the log is empty.
    Status commit();
    Status close();

    // Background work, a slice at a time. True if there is more to do at once.
    Result<bool> step_commit();              // one stage of a commit: freeze, write, publish
    Result<bool> step_place(size_t records); // write-behind of object data
    // Erases what destroy() gave up, less at a time on a full volume. An object that is damaged
    // stays and does not keep the others.
    Result<bool> step_reap(size_t items);

    // A piece of a wipe: reads what no commit that may still be chosen reaches, and makes it zero
    // where it is not; read back after a flush, EIO if the device does not tell zeros then. What
    // was freed by fewer than kDeferTxgs commits before is left alone, and so is the log in force.
    // What was freed since its place was passed is for another wipe. False at the end; then a
    // commit has yet to come for blocks that were taken and not yet written.
    Result<bool> step_wipe(Wipe& wipe);

    [[nodiscard]] StoreUsage usage();
    [[nodiscard]] size_t dirty_bytes();
    // Instead of what the options say: for an owner who needs memory elsewhere for a while.
    void set_cache_bytes(size_t bytes) { cache_.set_budget(bytes); }
    [[nodiscard]] size_t cache_bytes() const { return cache_.budget(); }
    // Bytes of objects that are worth to be held whole: most of the cache.
    [[nodiscard]] size_t room_for_records() const { return cache_.hot_budget() / 4 * 3; }
    // Whether so many bytes more would make nothing leave the cache.
    [[nodiscard]] bool cache_has_room(size_t bytes) const { return cache_.has_room(bytes); }
    // What may be read of an object before anybody asks: less than new blocks have to themselves.
    [[nodiscard]] size_t room_ahead() const { return cache_.hot_budget() / 32; }
    [[nodiscard]] CachePolicy cache_policy() const { return cache_.policy(); }
    // As BlockCache::record().
    void record_cache(std::unique_ptr<CacheTrace> trace) { cache_.record(std::move(trace)); }
    [[nodiscard]] BlockCache::Counts cache_counts() const { return cache_.counts(); }
    // Of what is read from now on, unless a form says otherwise. EINVAL.
    Status set_pool(std::string_view driver) { return cache_.set_pool(driver); }
    [[nodiscard]] std::string_view pool() const { return cache_.pool(); }
    [[nodiscard]] const BlockPools* cold_pools() const { return cache_.cold_pools(); }
    [[nodiscard]] const BlockPools& stored_pools() const { return cache_.stored_pools(); }
    // Of objects that are known to be numbers, or of the others.
    [[nodiscard]] StoredCounts stored_counts(bool numbers) const {
        const Stored& stored = numbers ? stored_numbers_ : stored_bytes_;
        return {stored.plain.load(), stored.stored.load()};
    }
    // What the next open would replay if this one ended here.
    [[nodiscard]] uint64_t log_bytes() { return log_.used_blocks() * kBlockBytes; }
    [[nodiscard]] uint64_t txg();
    // A write or flush failed, or memory ran out in the middle: nothing is acknowledged any more
    // until the volume is opened again; reads work in the first case only.
    [[nodiscard]] bool suspended() const { return suspended_.load(std::memory_order_acquire); }

    [[nodiscard]] const StoreDamage& damage() const { return damage_; }
    // What reads have met since; each was logged.
    [[nodiscard]] ReadDamage read_damage() { return nodes_.damage_log().counts(); }

    [[nodiscard]] const Layout& layout() const { return layout_; }
    // The commit in force. For check, which looks at a store that does nothing else meanwhile.
    [[nodiscard]] const Uberblock& uberblock() const { return uberblock_; }
    [[nodiscard]] Device& device() { return device_; }
    [[nodiscard]] const FreeMap& free_map() const { return free_map_; }
    [[nodiscard]] NodeReader& nodes() { return nodes_; }

  private:
    enum class Stage : uint8_t { kIdle, kWrite, kPublish };
    enum class Author : uint8_t { kCaller, kStore }; // who made a transaction
    struct KeyRange {
        PackedKey from;
        PackedKey end;
    };
    // A commit under way.
    struct Job {
        uint64_t txg = 0;
        uint64_t operation = 0;
        LogMark mark;
        FrozenTree tree;
        std::vector<StoredRecord> records;
        WrittenTree written;
        Uberblock uberblock;
    };

    // A change of what is in memory: if an exception, which is lack of memory, cuts it off, the
    // store is in doubt. It ends before the lock that it needs.
    class Change {
      public:
        explicit Change(Store& store)
            : store_(store), exceptions_before_(std::uncaught_exceptions()) {}
        ~Change() {
            if (std::uncaught_exceptions() > exceptions_before_)
                store_.doubt();
        }
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

      private:
        Store& store_;
        const int exceptions_before_;
    };

    Store(Device& device, const Layout& layout, const StoreOptions& options);

    // Every verb that allocates runs in it: lack of memory becomes ENOMEM.
    template <typename Verb>
    static auto guarded(Verb&& verb) {
        return guard(fail(Code::kENOMEM, "store: no memory"), std::forward<Verb>(verb));
    }

    // open.cpp
    static Result<std::unique_ptr<Store>> open_volume(Device& device, const StoreOptions& options);
    Status take_newest(const LabelSurvey& labels, const std::vector<Uberblock>& commits);
    Status rewind(const std::vector<Uberblock>& commits);
    Status check_whole(const Uberblock& commit);
    Status load(const LabelSurvey& labels, uint64_t epoch);
    Status load_free_map();
    Status refuse_damage(Error damage, Error cause, std::optional<Error>& kept);
    void tell_damage(const char* sentence, Error cause, uint64_t txg) const;

    // replay.cpp
    Status replay();
    Status replay_transactions(const std::vector<Page>& transactions) VEXFS_REQUIRES(lock_);
    Status replay_operation(const Operation& operation) VEXFS_REQUIRES(lock_);
    Status replay_items(const std::vector<Operation>& items) VEXFS_REQUIRES(lock_);
    [[nodiscard]] std::vector<KeyRange> ranges_of(const Operation& operation) const;
    [[nodiscard]] KeyRange range_of(uint64_t oid, uint64_t offset, uint64_t length) const;
    Status give_up(const Operation& operation, Error cause);
    [[nodiscard]] Status check_replayed(const PackedKey& from, const PackedKey& end) const;

    // apply.cpp
    Status check_transaction(Bytes transaction, Author author) const;
    Status check_operation(const Operation& operation, Author author) const;
    Status apply_as(Author author, const Transaction& transaction, Space space, Logging logging);
    Status apply_whole(const Transaction& transaction, Space space, Logging logging);
    Status punch_slices(uint64_t oid, uint64_t offset, uint64_t end, Logging logging);
    Result<bool> reap(size_t items);
    Result<bool> reap_slice(size_t items);
    Result<std::optional<PackedKey>> next_orphan() VEXFS_REQUIRES(lock_);
    Status pass_over(const PackedKey& orphan, Status reaped) VEXFS_REQUIRES(lock_);
    Status reap_orphan(const PackedKey& orphan, size_t items) VEXFS_REQUIRES(lock_);
    void warm(Bytes transaction);
    Result<uint64_t> cost_blocks(Bytes transaction) VEXFS_REQUIRES(lock_);
    [[nodiscard]] bool fits(uint64_t cost_blocks, Space space) VEXFS_REQUIRES(lock_);
    [[nodiscard]] uint64_t outstanding_blocks() VEXFS_REQUIRES(lock_);
    [[nodiscard]] uint64_t put_blocks() VEXFS_REQUIRES(lock_);
    [[nodiscard]] uint64_t slop_blocks(Space space) const;
    Status apply_locked(Bytes transaction) VEXFS_REQUIRES(lock_);
    Status apply_operation(const Operation& operation, Undo& undo) VEXFS_REQUIRES(lock_);
    Status finish(Status outcome, Undo& undo) VEXFS_REQUIRES(lock_);
    [[nodiscard]] size_t dirty_bytes_locked() VEXFS_REQUIRES_SHARED(lock_);

    // wipe.cpp
    Status wipe_free(uint64_t from, uint64_t end, Wipe& wipe) VEXFS_REQUIRES(commit_mutex_);

    // commit.cpp
    Status check_writable() const;
    Status check_sound() const;
    Status sync_log();
    void doubt();
    Result<std::vector<StoredRecord>> encode(const std::vector<DirtyRecord>& records, uint64_t txg)
        VEXFS_REQUIRES(commit_mutex_);
    Result<bool> place_slice(size_t records_max) VEXFS_REQUIRES(commit_mutex_);
    Status place_ahead() VEXFS_REQUIRES(commit_mutex_);
    Status run_stage() VEXFS_REQUIRES(commit_mutex_);
    Status freeze() VEXFS_REQUIRES(commit_mutex_);
    Status write_job() VEXFS_REQUIRES(commit_mutex_);
    Status write_records(std::vector<StoredRecord>& records);
    void publish() VEXFS_REQUIRES(commit_mutex_);
    Status suspend(Status outcome);
    [[nodiscard]] bool clean();

    Device& device_;
    const StoreOptions options_;
    const Layout layout_;
    struct Stored {
        std::atomic<uint64_t> plain = 0;
        std::atomic<uint64_t> stored = 0;
    };

    BlockCache cache_;
    NodeReader nodes_;
    FreeMap free_map_;
    Label label_;
    Log log_;
    Stored stored_numbers_;
    Stored stored_bytes_;
    std::atomic<bool> suspended_{false};
    std::atomic<bool> in_doubt_{false}; // changed with lock_ held if what it guards is torn
    // Set by open().
    bool with_log_ = true; // the log goes on from the commit that was opened
    StoreDamage damage_;
    std::vector<KeyRange> unreplayed_; // changed by damage_.operations

    Mutex reserve_mutex_; // from reading a counter until it is durable
    Mutex commit_mutex_;
    Stage stage_ VEXFS_GUARDED_BY(commit_mutex_) = Stage::kIdle;
    Job job_ VEXFS_GUARDED_BY(commit_mutex_);
    BlockCoder coder_ VEXFS_GUARDED_BY(commit_mutex_);
    Compression compression_ VEXFS_GUARDED_BY(commit_mutex_); // of object data
    Uberblock uberblock_;                                     // in force; changed by a commit only
    uint64_t epoch_ = 0;                                      // of this open

    SharedMutex lock_;
    Tree tree_ VEXFS_GUARDED_BY(lock_);
    Objects objects_ VEXFS_GUARDED_BY(lock_);
    uint64_t txg_ VEXFS_GUARDED_BY(lock_) = 0;       // the open one
    uint64_t operation_ VEXFS_GUARDED_BY(lock_) = 0; // transactions applied since open
    uint64_t frozen_nodes_ VEXFS_GUARDED_BY(lock_) = 0;
    std::set<uint64_t> damaged_orphans_ VEXFS_GUARDED_BY(lock_); // by oid; found by this open
};

} // namespace vexfs
