// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/log.h"

#include <algorithm>

#include "base/guard.h"
#include "userlib/store/block_buffer.h"

namespace vexfs {

namespace {

constexpr size_t kBlockBytesMax = 1024 * 1024;
// Beyond this much that nobody has synced, the log gives up on the txg: its commit is near anyway.
constexpr size_t kPendingBytesMax = 4 * kBlockBytesMax;
constexpr size_t kFormatBlocks = 256;

uint64_t seed_of(const Header& header) {
    return xxh3_64(std::as_bytes(std::span(header.volume_id)));
}

// The checksum of a whole log block, whose header has that field zero.
Checksum128 checksum_of(LogHeader header, Bytes block, uint64_t seed) {
    header.checksum = {};
    Page bytes(block.begin(), block.begin() + header.bytes);
    std::memcpy(bytes.data(), &header, sizeof header);
    return xxh3_128(bytes, seed);
}

LogHeader header_of(Bytes block) {
    LogHeader header;
    std::memcpy(&header, block.data(), sizeof header);
    return header;
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

// Whether the block at the mark is the one that the mark asks for. Only an I/O error fails.
Result<bool> Log::read_block(const LogMark& at, uint64_t epoch, Page& block) {
    BlockBuffer first(1);
    VEXFS_TRY_VOID(transfer(at.position, first.bytes(), false));
    const LogHeader header = header_of(first.bytes());
    if (header.magic != kLogMagic || header.epoch != epoch || header.sequence != at.sequence ||
        header.chain != at.chain || header.zero0 != 0 || header.bytes < sizeof header ||
        header.bytes > block_bytes_max())
        return false;
    BlockBuffer all(blocks_for(header.bytes));
    VEXFS_TRY_VOID(transfer(at.position, all.bytes(), false));
    if (checksum_of(header, all.bytes(), seed_of(layout_.header())) != header.checksum)
        return false;
    block.assign(all.bytes().begin(), all.bytes().begin() + header.bytes);
    return true;
}

// Looks at every block of the ring for a log block that is younger than the end.
Result<bool> Log::valid_behind(const LogMark& end, uint64_t epoch) {
    const uint64_t ring = layout_.header().log_blocks;
    BlockBuffer chunk(std::min<uint64_t>(ring, kFormatBlocks));
    for (uint64_t at = 0; at < ring; at += kFormatBlocks) {
        const uint64_t count = std::min<uint64_t>(ring - at, kFormatBlocks);
        VEXFS_TRY_VOID(transfer(at, chunk.bytes().first(count * kBlockBytes), false));
        for (uint64_t i = 0; i < count; ++i) {
            const LogHeader header = header_of(chunk.bytes().subspan(i * kBlockBytes, kBlockBytes));
            if (header.magic != kLogMagic || header.epoch != epoch ||
                header.sequence <= end.sequence)
                continue;
            const LogMark there{at + i, header.sequence, header.chain};
            Page block;
            if (VEXFS_TRY(read_block(there, epoch, block)))
                return true;
        }
    }
    return false;
}

Result<LogScan> Log::scan(const LogMark& from, uint64_t epoch, uint64_t txg_in_force) {
    LogScan scan;
    scan.end = from;
    Page block;
    // A ring holds no more blocks than its size, so a forged log cannot make this loop longer.
    for (uint64_t i = 0; i < layout_.header().log_blocks; ++i) {
        if (!VEXFS_TRY(read_block(scan.end, epoch, block)))
            break;
        const LogHeader header = header_of(block);
        if (header.txg > txg_in_force)
            VEXFS_TRY_VOID(take_transactions(block, scan.transactions));
        scan.end.position += blocks_for(header.bytes);
        scan.end.sequence += 1;
        scan.end.chain = header.checksum;
    }
    scan.damaged = VEXFS_TRY(valid_behind(scan.end, epoch));
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

// Packs the oldest pending transactions, all of one txg, into the next block of the log.
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
    header.checksum = checksum_of(header, block.blocks.bytes(), seed_of(layout_.header()));
    std::memcpy(block.blocks.bytes().data(), &header, sizeof header);
    next_.position += blocks_for(bytes);
    next_.sequence += 1;
    next_.chain = header.checksum;
    return block;
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
            failed_ = true; // until the block is whole: lack of memory would lose what it takes
            block = take_block();
            failed_ = false;
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
