// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "userlib/names/edit.h"

namespace vexfs {

namespace {

// Data of one transaction.
constexpr size_t kPieceBytes = size_t{256} << 10;
// Records that one transaction frees.
constexpr size_t kSliceRecords = 8;
// What one copy() copies at most, so that its caller can be interrupted.
constexpr uint64_t kCopyBytesMax = uint64_t{16} << 20;

bool is_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

void take_privileges(Inode& inode) {
    inode.mode &= ~static_cast<uint32_t>(S_ISUID);
    if ((inode.mode & S_IXGRP) != 0)
        inode.mode &= ~static_cast<uint32_t>(S_ISGID);
}

void touch_data(Inode& inode, Timestamp now) {
    inode.mtime = inode.ctime = now;
    ++inode.data_version;
}

// The end of the range, if a file may be as large.
Result<uint64_t> range_end(uint64_t offset, uint64_t length) {
    uint64_t end = 0;
    if (!checked_add(offset, length, end) || end > kFileBytesMax)
        return fail(Code::kEFBIG, "names: the range ends behind the largest size of a file");
    return end;
}

void set_owner_and_mode(Inode& inode, const Attributes& attributes) {
    const bool owner = attributes.uid || attributes.gid;
    inode.uid = attributes.uid.value_or(inode.uid);
    inode.gid = attributes.gid.value_or(inode.gid);
    if (attributes.mode)
        inode.mode = (inode.mode & S_IFMT) | (*attributes.mode & ~static_cast<uint32_t>(S_IFMT));
    else if (attributes.kill_privileges || (owner && !inode.is_directory()))
        take_privileges(inode);
}

} // namespace

Result<Inode> Names::regular(uint64_t ino) {
    const Inode inode = VEXFS_TRY(get(ino));
    if (inode.is_directory())
        return fail(Code::kEISDIR, "names: it is a directory");
    if (!inode.is_regular())
        return fail(Code::kEINVAL, "names: not a regular file");
    return inode;
}

Status Names::put_inode(uint64_t ino, const Inode& inode) {
    Transaction transaction;
    transaction.put(name_key(ino, NameItem::kInode), encode_inode(inode));
    return store_.apply(transaction);
}

Result<Inode> Names::set(uint64_t ino, const Attributes& attributes, Timestamp now) {
    const auto held = locks_.lock({ino});
    Inode inode = attributes.size ? VEXFS_TRY(regular(ino)) : VEXFS_TRY(get(ino));
    set_owner_and_mode(inode, attributes);
    inode.ctime = now;
    if (attributes.size) {
        const uint64_t size = VEXFS_TRY(range_end(0, *attributes.size));
        touch_data(inode, now);
        VEXFS_TRY_VOID(size < inode.size ? shrink(ino, inode, size) : finish_cut(ino, inode));
        inode.size = size;
    }
    inode.atime = attributes.atime.value_or(inode.atime);
    inode.mtime = attributes.mtime.value_or(inode.mtime);
    Edit edit(*this);
    edit.add(ino, inode);
    if (attributes.kill_privileges)
        VEXFS_TRY_VOID(drop_capability(edit, ino));
    VEXFS_TRY_VOID(edit.apply(attributes.size ? Space::kFreeing : Space::kNormal));
    return inode;
}

// Much data is cut off in several transactions: the first says so, so that a crash in between only
// leaves work to do. So is less on a volume that is too full for one transaction.
Status Names::shrink(uint64_t ino, Inode& inode, uint64_t size) {
    const uint64_t first = size - size % record_bytes();
    const std::vector<uint64_t> records =
        VEXFS_TRY(store_.records(ino, first, UINT64_MAX, kSliceRecords + 1));
    inode.size = size;
    if (records.size() <= kSliceRecords) {
        const Status cut = zero_slice(ino, inode, size, UINT64_MAX, records);
        if (cut || cut.error().code != Code::kENOSPC)
            return cut;
    }
    Edit edit(*this);
    edit.add(ino, inode);
    edit.transaction().put(name_key(kNamesOid, NameItem::kTrim, ino), {});
    VEXFS_TRY_VOID(edit.apply(Space::kFreeing));
    return finish_cut(ino, inode);
}

// Before a file grows: a cut that failed in the middle may have left data behind the end, which
// must not come back.
Status Names::finish_cut(uint64_t ino, Inode& inode) {
    const Key mark = name_key(kNamesOid, NameItem::kTrim, ino);
    if (!VEXFS_TRY(store_.get(mark)))
        return ok();
    VEXFS_TRY_VOID(zero_range(ino, inode, inode.size, UINT64_MAX));
    Transaction transaction;
    transaction.erase(mark);
    return store_.apply(transaction, Space::kFreeing);
}

// Makes the range, in which these records are, zero in one transaction.
Status Names::zero_slice(uint64_t ino, Inode& inode, uint64_t offset, uint64_t end,
                         std::span<const uint64_t> records) {
    const auto whole = [&](uint64_t record) {
        return record >= offset && record < end && end - record >= record_bytes();
    };
    const auto gone = static_cast<uint64_t>(std::count_if(records.begin(), records.end(), whole));
    Inode after = inode;
    after.records -= std::min(after.records, gone);
    Edit edit(*this);
    edit.add(ino, after);
    edit.transaction().punch(ino, offset, end - offset);
    VEXFS_TRY_VOID(edit.apply(Space::kFreeing));
    inode = after;
    return ok();
}

// Makes the range zero, a slice at a time, and the inode as it is with every slice.
Status Names::zero_range(uint64_t ino, Inode& inode, uint64_t offset, uint64_t end) {
    size_t slice = kSliceRecords;
    while (offset < end) {
        const std::vector<uint64_t> records =
            VEXFS_TRY(store_.records(ino, offset - offset % record_bytes(), end, slice + 1));
        if (records.empty())
            return ok();
        const uint64_t stop = records.size() > slice ? records[slice] : end;
        const Status zeroed = zero_slice(ino, inode, offset, stop, records);
        // On a small and full volume only a small slice is admitted.
        if (!zeroed && zeroed.error().code == Code::kENOSPC && slice > 1) {
            slice /= 2;
            continue;
        }
        VEXFS_TRY_VOID(zeroed);
        offset = stop;
    }
    return ok();
}

Result<size_t> Names::read(uint64_t ino, uint64_t offset, MutableBytes out, const ReadPlan& plan) {
    const auto held = locks_.lock_shared(ino);
    const Inode inode = VEXFS_TRY(regular(ino));
    if (offset >= inode.size)
        return size_t{0};
    const size_t count = std::min<uint64_t>(out.size(), inode.size - offset);
    if (plan.from < plan.end && plan.from < inode.size)
        store_.prefetch(ino, plan.from, std::min(plan.end, inode.size));
    VEXFS_TRY_VOID(store_.read(ino, offset, out.first(count),
                               plan.in_turn ? ReadWidth::kInTurn : ReadWidth::kPiece));
    return count;
}

// Writes a piece and the inode, which counts the records that come and go with it.
Status Names::write_piece(uint64_t ino, Inode& inode, uint64_t offset, Bytes piece) {
    const uint64_t end = offset + piece.size();
    const uint64_t first = offset - offset % record_bytes();
    const std::vector<uint64_t> before = VEXFS_TRY(store_.records(ino, first, end, SIZE_MAX));
    Inode after = inode;
    for (uint64_t record = first; record < end; record += record_bytes()) {
        const uint64_t from = std::max(record, offset);
        const uint64_t to = std::min(record + record_bytes(), end);
        const bool zero = is_zero(piece.subspan(from - offset, to - from));
        const bool there = std::binary_search(before.begin(), before.end(), record);
        if (!there && !zero)
            ++after.records;
        else if (there && zero && to - from == record_bytes() && after.records > 0)
            --after.records;
    }
    after.size = std::max(after.size, end);
    Edit edit(*this);
    edit.add(ino, after);
    edit.transaction().write(ino, offset, piece);
    VEXFS_TRY_VOID(edit.apply());
    inode = after;
    return ok();
}

Result<Written> Names::write(uint64_t ino, const WriteRequest& request, Bytes bytes,
                             Timestamp now) {
    const auto held = locks_.lock({ino});
    Written written;
    written.inode = VEXFS_TRY(regular(ino));
    Inode& inode = written.inode;
    written.offset = request.append ? inode.size : request.offset;
    if (bytes.empty())
        return written;
    if (VEXFS_TRY(range_end(written.offset, bytes.size())) > inode.size)
        VEXFS_TRY_VOID(finish_cut(ino, inode));
    if (request.kill_privileges) {
        take_privileges(inode);
        Edit edit(*this);
        edit.add(ino, inode);
        VEXFS_TRY_VOID(drop_capability(edit, ino));
        VEXFS_TRY_VOID(edit.apply());
    }
    touch_data(inode, now);
    while (written.bytes < bytes.size()) {
        const uint64_t offset = written.offset + written.bytes;
        const size_t count =
            std::min<size_t>(bytes.size() - written.bytes, kPieceBytes - offset % record_bytes());
        const Status piece = write_piece(ino, inode, offset, bytes.subspan(written.bytes, count));
        if (!piece && written.bytes == 0)
            return piece.error();
        if (!piece)
            break;
        written.bytes += count;
    }
    return written;
}

// A store that never overwrites cannot keep blocks for a file; that there is room now is what it
// can say.
Result<Inode> Names::allocate(uint64_t ino, uint64_t offset, uint64_t length, Allocate how,
                              Timestamp now) {
    const auto held = locks_.lock({ino});
    Inode inode = VEXFS_TRY(regular(ino));
    if (length == 0)
        return fail(Code::kEINVAL, "names: a range of no bytes");
    const uint64_t end = VEXFS_TRY(range_end(offset, length));
    const bool reserves = how == Allocate::kReserve || how == Allocate::kReserveKeep;
    if (reserves && store_.usage().available_blocks < div_ceil<uint64_t>(length, kBlockBytes))
        return fail(Code::kENOSPC, "names: less than the range is free");
    if (end > inode.size)
        VEXFS_TRY_VOID(finish_cut(ino, inode));
    touch_data(inode, now);
    if (!reserves)
        VEXFS_TRY_VOID(zero_range(ino, inode, offset, std::min(end, inode.size)));
    if (how == Allocate::kReserve || how == Allocate::kZero)
        inode.size = std::max(inode.size, end);
    VEXFS_TRY_VOID(put_inode(ino, inode));
    return inode;
}

Result<uint64_t> Names::seek_data(uint64_t ino, uint64_t offset) {
    const auto held = locks_.lock_shared(ino);
    const Inode inode = VEXFS_TRY(regular(ino));
    if (offset < inode.size) {
        const std::vector<uint64_t> records =
            VEXFS_TRY(store_.records(ino, offset - offset % record_bytes(), inode.size, 1));
        if (!records.empty())
            return std::max(offset, records[0]);
    }
    return fail(Code::kENXIO, "names: no data lies behind the offset");
}

Result<uint64_t> Names::seek_hole(uint64_t ino, uint64_t offset) {
    const auto held = locks_.lock_shared(ino);
    const Inode inode = VEXFS_TRY(regular(ino));
    if (offset >= inode.size)
        return fail(Code::kENXIO, "names: the offset is behind the end");
    uint64_t hole = offset - offset % record_bytes();
    while (hole < inode.size) {
        const uint64_t begin = hole;
        for (const uint64_t record :
             VEXFS_TRY(store_.records(ino, begin, inode.size, kSliceRecords)))
            hole += record == hole ? record_bytes() : 0;
        if (hole - begin < kSliceRecords * record_bytes())
            break;
    }
    return std::clamp(hole, offset, inode.size);
}

Status Names::copy_piece(uint64_t ino, Inode& inode, uint64_t offset, Bytes piece) {
    if (!is_zero(piece))
        return write_piece(ino, inode, offset, piece);
    VEXFS_TRY_VOID(zero_range(ino, inode, offset, std::min(offset + piece.size(), inode.size)));
    inode.size = std::max(inode.size, offset + piece.size());
    return put_inode(ino, inode);
}

Result<Written> Names::copy(uint64_t from, uint64_t offset, uint64_t to, uint64_t to_offset,
                            uint64_t length, Timestamp now) {
    const auto held = locks_.lock({from, to});
    const Inode source = VEXFS_TRY(regular(from));
    Written written;
    written.offset = to_offset;
    written.inode = VEXFS_TRY(regular(to));
    if (offset >= source.size)
        return written;
    length = std::min({length, source.size - offset, kCopyBytesMax});
    const uint64_t to_end = VEXFS_TRY(range_end(to_offset, length));
    if (from == to && offset < to_end && to_offset < offset + length)
        return fail(Code::kEINVAL, "names: the ranges of a copy overlap");
    if (to_end > written.inode.size)
        VEXFS_TRY_VOID(finish_cut(to, written.inode));
    touch_data(written.inode, now);
    Page buffer(std::min<uint64_t>(length, kPieceBytes));
    while (written.bytes < length) {
        const uint64_t at = to_offset + written.bytes;
        const size_t count =
            std::min<uint64_t>(length - written.bytes, kPieceBytes - at % record_bytes());
        const MutableBytes piece = MutableBytes(buffer).first(std::min(count, buffer.size()));
        Status copied = store_.read(from, offset + written.bytes, piece);
        if (copied)
            copied = copy_piece(to, written.inode, at, piece);
        if (!copied && written.bytes == 0)
            return copied.error();
        if (!copied)
            break;
        written.bytes += piece.size();
    }
    return written;
}

} // namespace vexfs
