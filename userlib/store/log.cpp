// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/guard.h"
#include "userlib/store/block_buffer.h"

namespace vexfs {

namespace {

constexpr size_t kBlockBytesMax = size_t{1} << 20;
// Beyond this much that nobody has synced, the log gives up on the txg: its commit is near anyway.
constexpr size_t kPendingBytesMax = 4 * kBlockBytesMax;
constexpr size_t kFormatBlocks = 256;
constexpr size_t kWindowBlocks = 1024;

uint64_t seed_of(const Header& header) {
    return xxh3_64(std::as_bytes(std::span(header.volume_id)));
}

LogHeader header_of(Bytes block) {
    LogHeader header;
    std::memcpy(&header, block.data(), sizeof header);
    return header;
}

void set_header(MutableBytes block, const LogHeader& header) {
    std::memcpy(block.data(), &header, sizeof header);
}

// The checksum of a whole log block, which is computed with that field zero.
Checksum128 checksum_of(MutableBytes block, uint64_t seed) {
    LogHeader header = header_of(block);
    const Checksum128 kept = std::exchange(header.checksum, {});
    set_header(block, header);
    const Checksum128 sum = xxh3_128(block.first(header.bytes), seed);
    header.checksum = kept;
    set_header(block, header);
    return sum;
}

Status take_transactions(Bytes block, std::vector<Page>& transactions) {
    const LogHeader header = header_of(block);
    ByteReader reader(block.first(header.bytes).subspan(sizeof header));
    for (uint32_t i = 0; i < header.records; ++i) {
        const LogRecord record = VEXFS_TRY(reader.object<LogRecord>());
        if (record.bytes < sizeof record || record.zero0 != 0)
            return fail(Code::kEUCLEAN, "log: size of a record");
        const Bytes body = VEXFS_TRY(reader.take(record.bytes - sizeof record));
        transactions.emplace_back(body.begin(), body.end());
    }
    if (reader.remaining() != 0)
        return fail(Code::kEUCLEAN, "log: bytes behind the last record");
    return ok();
}

} // namespace

size_t Log::block_bytes_max() const {
    return std::min<size_t>(kBlockBytesMax, layout_.header().log_blocks * kBlockBytes / 2);
}

Status Log::transfer(uint64_t position, MutableBytes bytes, bool write) {
    const uint64_t ring = layout_.header().log_blocks;
    const uint64_t at = position % ring;
    const uint64_t before_wrap = std::min<uint64_t>((ring - at) * kBlockBytes, bytes.size());
    const ExtentRef extent{layout_.log_start(), ring};
    std::vector<Io> batch{{extent, at * kBlockBytes, bytes.first(before_wrap), {}}};
    if (before_wrap < bytes.size())
        batch.push_back({extent, 0, bytes.subspan(before_wrap), {}});
    return write ? device_.write(batch) : device_.read(batch);
}

Status Log::format() {
    const uint64_t ring = layout_.header().log_blocks;
    BlockBuffer zeros(std::min<uint64_t>(ring, kFormatBlocks));
    for (uint64_t at = 0; at < ring; at += kFormatBlocks) {
        const uint64_t count = std::min<uint64_t>(ring - at, kFormatBlocks);
        VEXFS_TRY_VOID(transfer(at, zeros.bytes().first(count * kBlockBytes), true));
    }
    return ok();
}

// Blocks of the ring, lent by the window, which may have to move; `position` may lie a ring ahead.
Result<MutableBytes> Log::view(Window& window, uint64_t position, uint64_t count) {
    // Positions come from disk: a difference cannot overflow as a sum could.
    const uint64_t skip = position - window.position;
    if (skip > window.count || count > window.count - skip) {
        const uint64_t most = std::min<uint64_t>(layout_.header().log_blocks, kWindowBlocks);
        if (window.blocks.bytes().empty())
            window.blocks = BlockBuffer(most);
        window.count = 0;
        if (window.whole_reads && transfer(position, window.blocks.bytes(), false)) {
            window.count = most;
        } else {
            // A sector that cannot be read costs the log block that it is part of, and no more.
            window.whole_reads = false;
            VEXFS_TRY_VOID(
                transfer(position, window.blocks.bytes().first(count * kBlockBytes), false));
            window.count = count;
        }
        window.position = position;
    }
    const MutableBytes read = window.blocks.bytes();
    return read.subspan((position - window.position) * kBlockBytes, count * kBlockBytes);
}

// The block at the mark, lent by the window, if it is the one that the mark asks for, else nothing.
// Only an I/O error fails.
Result<MutableBytes> Log::read_block(Window& window, const LogMark& at, uint64_t epoch) {
    const LogHeader header = header_of(VEXFS_TRY(view(window, at.position, 1)));
    if (header.magic != kLogMagic || header.epoch != epoch || header.sequence != at.sequence ||
        header.chain != at.chain || header.zero0 != 0 || header.bytes < sizeof header ||
        header.bytes > block_bytes_max())
        return MutableBytes();
    const MutableBytes block = VEXFS_TRY(view(window, at.position, blocks_for(header.bytes)));
    if (checksum_of(block, seed_of(layout_.header())) != header.checksum)
        return MutableBytes();
    return block.first(header.bytes);
}

// Looks through `blocks` blocks behind the end of the log for a log block that is younger. One that
// cannot be read is passed over: a log that was damaged has others.
bool Log::valid_behind(Window& window, const LogMark& end, uint64_t blocks, uint64_t epoch) {
    for (uint64_t i = 0; i < blocks; ++i) {
        const Result<MutableBytes> block = view(window, end.position + i, 1);
        if (!block)
            continue;
        const LogHeader header = header_of(*block);
        if (header.magic != kLogMagic || header.epoch != epoch || header.sequence <= end.sequence)
            continue;
        const LogMark there{end.position + i, header.sequence, header.chain};
        const Result<MutableBytes> found = read_block(window, there, epoch);
        if (found && !found.value().empty())
            return true;
    }
    return false;
}

LogScan Log::scan(const LogMark& from, uint64_t epoch, uint64_t txg_in_force) {
    LogScan scan;
    scan.end = from;
    Window window;
    // A ring holds no more blocks than its size, so a forged log cannot make this loop longer.
    for (uint64_t i = 0; i < layout_.header().log_blocks; ++i) {
        const Result<MutableBytes> block = read_block(window, scan.end, epoch);
        if (!block) {
            scan.damage = fail(block.error().code, "log: a block cannot be read");
            return scan;
        }
        if (block.value().empty())
            break;
        const LogHeader header = header_of(*block);
        std::vector<Page> transactions;
        if (header.txg > txg_in_force) {
            if (const Status taken = take_transactions(*block, transactions); !taken) {
                scan.damage = taken.error();
                return scan;
            }
        }
        std::ranges::move(transactions, std::back_inserter(scan.transactions));
        scan.end.position += blocks_for(header.bytes);
        scan.end.sequence += 1;
        scan.end.chain = header.checksum;
    }
    // The rest of the ring; what lies before the end was read just now.
    const uint64_t ring = layout_.header().log_blocks;
    const uint64_t seen = std::min(ring, scan.end.position - from.position);
    if (valid_behind(window, scan.end, ring - seen, epoch))
        scan.damage = fail(Code::kEUCLEAN, "log: synced operations behind a damaged block");
    return scan;
}

void Log::start(const LogMark& mark, uint64_t epoch) {
    MutexLock lock(mutex_);
    epoch_ = epoch;
    next_ = mark;
    tail_ = mark.position;
}

void Log::append(Bytes transaction, uint64_t operation, uint64_t txg) {
    MutexLock lock(mutex_);
    const size_t bytes = sizeof(LogRecord) + transaction.size();
    if (gap_txg_ == txg)
        return;
    if (sizeof(LogHeader) + bytes > block_bytes_max() ||
        pending_bytes_ + bytes > kPendingBytesMax) {
        gap_txg_ = txg;
        return;
    }
    LogRecord header;
    header.bytes = static_cast<uint32_t>(bytes);
    Pending pending{operation, txg, Page(bytes)};
    std::memcpy(pending.record.data(), &header, sizeof header);
    std::memcpy(pending.record.data() + sizeof header, transaction.data(), transaction.size());
    pending_.push_back(std::move(pending));
    pending_bytes_ += bytes;
}

uint64_t Log::used_blocks() {
    MutexLock lock(mutex_);
    return next_.position - tail_;
}

LogMark Log::mark() {
    MutexLock lock(mutex_);
    return next_;
}

void Log::committed(uint64_t txg, uint64_t operation, const LogMark& mark) {
    MutexLock lock(mutex_);
    durable_ = std::max(durable_, operation);
    tail_ = mark.position;
    if (gap_txg_ <= txg)
        gap_txg_ = 0;
    while (!pending_.empty() && pending_.front().txg <= txg) {
        pending_bytes_ -= pending_.front().record.size();
        pending_.pop_front();
    }
    idle_.notify_all();
}

// With a gap nothing behind it may be logged; in front of it nothing needs to be, since only the
// commit is an answer.
bool Log::needs_commit() const {
    if (gap_txg_ != 0)
        return true;
    const uint64_t used = next_.position - tail_;
    return used + blocks_for(block_bytes_max()) > layout_.header().log_blocks;
}

// Packs the oldest pending transactions, all of one txg, into the next block of the log. The only
// memory that this needs is taken before they are, so that lack of it loses none.
Log::Block Log::take_block() {
    LogHeader header;
    header.epoch = epoch_;
    header.sequence = next_.sequence;
    header.txg = pending_.front().txg;
    header.chain = next_.chain;
    size_t bytes = sizeof header;
    size_t count = 0;
    while (count < pending_.size() && pending_[count].txg == header.txg &&
           bytes + pending_[count].record.size() <= block_bytes_max())
        bytes += pending_[count++].record.size();
    header.bytes = static_cast<uint32_t>(bytes);
    header.records = static_cast<uint32_t>(count);

    Block block{BlockBuffer(blocks_for(bytes)), next_.position, 0};
    size_t at = sizeof header;
    for (size_t i = 0; i < count; ++i) {
        const Pending& pending = pending_.front();
        std::memcpy(block.blocks.bytes().data() + at, pending.record.data(), pending.record.size());
        at += pending.record.size();
        block.last_operation = pending.operation;
        pending_bytes_ -= pending.record.size();
        pending_.pop_front();
    }
    set_header(block.blocks.bytes(), header);
    header.checksum = checksum_of(block.blocks.bytes(), seed_of(layout_.header()));
    set_header(block.blocks.bytes(), header);
    next_.position += blocks_for(bytes);
    next_.sequence += 1;
    next_.chain = header.checksum;
    return block;
}

Status Log::with_unused(uint64_t from, uint64_t blocks, const Use& use) {
    const uint64_t ring = layout_.header().log_blocks;
    uint64_t tail = 0;
    uint64_t used = 0;
    {
        MutexLock lock(mutex_);
        while (writing_ && !failed_)
            idle_.wait(mutex_);
        if (failed_)
            return fail(Code::kEIO, "log: an earlier write or flush failed");
        writing_ = true;
        tail = tail_ % ring;
        used = next_.position - tail_;
    }
    const auto is_unused = [&](uint64_t at) {
        return (at + ring - tail) % ring >= used;
    };
    Status status = ok();
    for (uint64_t at = from; at < from + blocks && status;) {
        uint64_t past = at;
        while (past < from + blocks && is_unused(past))
            ++past;
        if (past > at)
            status = guard(fail(Code::kENOMEM, "log: no memory"),
                           [&] { return use(layout_.log_start() + at, past - at); });
        at = past + 1;
    }
    MutexLock lock(mutex_);
    writing_ = false;
    idle_.notify_all();
    return status;
}

Result<Log::Sync> Log::sync(uint64_t operation) {
    for (;;) {
        Block block;
        {
            MutexLock lock(mutex_);
            while (writing_ && !failed_ && durable_ < operation)
                idle_.wait(mutex_);
            if (failed_)
                return fail(Code::kEIO, "log: an earlier write or flush failed");
            if (durable_ >= operation)
                return Sync::kDurable;
            if (needs_commit() || pending_.empty())
                return Sync::kNeedsCommit;
            block = take_block();
            writing_ = true;
        }
        const Status done = guard(fail(Code::kENOMEM, "log: no memory"), [&]() -> Status {
            VEXFS_TRY_VOID(transfer(block.position, block.blocks.bytes(), true));
            return device_.flush();
        });
        MutexLock lock(mutex_);
        writing_ = false;
        if (done)
            durable_ = std::max(durable_, block.last_operation);
        else
            failed_ = true;
        idle_.notify_all();
    }
}

} // namespace vexfs
