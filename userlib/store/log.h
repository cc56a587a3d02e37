// SPDX-License-Identifier: Apache-2.0
//
// The intent log: what was done since the last commit, on disk as soon as somebody syncs.
//
// A ring of blocks at a fixed place. Each log block carries whole transactions of one txg, the
// checksum of the block before it (the chain) and its own; the next one is written only after a
// flush of this one. So at recovery the first block that is not what the chain demands is the end
// of the log; a later block of the same epoch behind it means that something durable was damaged,
// not that a write was cut short. One write is under way at a time and whatever arrives meanwhile
// goes with the next: groups form by themselves, without a timer.
//
// Threads: any thread, a lock inside. append and mark come in the order of the store's writer lock.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "base/mutex.h"
#include "userlib/store/layout.h"
#include "userlib/store/transaction.h"

namespace vexfs {

// A place in the log: where a block goes, and what it has to carry.
struct LogMark {
    uint64_t position = 0; // in blocks since the volume was made
    uint64_t sequence = 1;
    Checksum128 chain{};
};

struct LogScan {
    std::vector<Page> transactions; // of txgs above the one in force, in order
    LogMark end;
    // Set if the log does not simply end there, and what it held from there on is lost: the block
    // cannot be read, or is not what it should be and a valid one lies behind it.
    std::optional<Error> damage;
};

class Log {
  public:
    Log(Device& device, const Layout& layout) : device_(device), layout_(layout) {}

    // Writes the ring full of zeros, so that later writes to an image file never wait for its
    // blocks. No flush.
    Status format();

    // Reads the log of `epoch` from the mark on, up to its end or the first damage.
    LogScan scan(const LogMark& from, uint64_t epoch, uint64_t txg_in_force);

    // Begins to log at the mark.
    void start(const LogMark& mark, uint64_t epoch);

    // The transaction was applied as number `operation` of the store, in `txg`.
    void append(Bytes transaction, uint64_t operation, uint64_t txg);

    // What a crash now would have to read again.
    [[nodiscard]] uint64_t used_blocks();

    // The place of the next block: where replay would start for a commit of everything appended so
    // far.
    LogMark mark();
    // The commit of `txg`, with all operations up to `operation`, is durable, and its uberblock
    // holds `mark`.
    void committed(uint64_t txg, uint64_t operation, const LogMark& mark);

    enum class Sync { kDurable, kNeedsCommit };
    // Makes everything up to `operation` durable, or says that only a commit can: the log has a gap
    // or is full. EIO once a write or flush has failed, or was cut off by lack of memory; nothing
    // is then known to be durable that was not before.
    Result<Sync> sync(uint64_t operation);

    // Holds back writes while `use` gets the blocks of the ring in [from, from + blocks) that no
    // replay would read, as pieces of the device.
    using Use = std::function<Status(uint64_t first, uint64_t count)>;
    Status with_unused(uint64_t from, uint64_t blocks, const Use& use);

  private:
    struct Pending {
        uint64_t operation = 0;
        uint64_t txg = 0;
        Page record;
    };
    struct Block {
        BlockBuffer blocks;
        uint64_t position = 0;
        uint64_t last_operation = 0;
    };

    // A piece of the ring as it was read, so that a log of many small blocks takes few reads.
    struct Window {
        BlockBuffer blocks;
        uint64_t position = 0;
        uint64_t count = 0;
        bool whole_reads = true; // until one fails; then no more is read than asked for
    };

    [[nodiscard]] size_t block_bytes_max() const;
    [[nodiscard]] bool needs_commit() const VEXFS_REQUIRES(mutex_);
    Block take_block() VEXFS_REQUIRES(mutex_);
    Status transfer(uint64_t position, MutableBytes bytes, bool write);
    Result<MutableBytes> view(Window& window, uint64_t position, uint64_t count);
    Result<MutableBytes> read_block(Window& window, const LogMark& at, uint64_t epoch);
    bool valid_behind(Window& window, const LogMark& end, uint64_t blocks, uint64_t epoch);

    Device& device_;
    const Layout& layout_;
    Mutex mutex_;
    CondVar idle_;
    uint64_t epoch_ VEXFS_GUARDED_BY(mutex_) = 0;
    LogMark next_ VEXFS_GUARDED_BY(mutex_);
    uint64_t tail_ VEXFS_GUARDED_BY(mutex_) = 0; // position from which on blocks are still needed
    std::deque<Pending> pending_ VEXFS_GUARDED_BY(mutex_);
    size_t pending_bytes_ VEXFS_GUARDED_BY(mutex_) = 0;
    // A transaction of this txg is not in the log; 0 = none.
    uint64_t gap_txg_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t durable_ VEXFS_GUARDED_BY(mutex_) = 0; // operations up to this one are
    bool writing_ VEXFS_GUARDED_BY(mutex_) = false;
    bool failed_ VEXFS_GUARDED_BY(mutex_) = false;
};

} // namespace vexfs
