// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/piece_batch.h"

#include <algorithm>

namespace vexfs {

namespace {

// Calls visit(number of the block in the record, its address, its extent) for blocks [first, last).
template <typename Visit>
void for_each_block(const RecordItem& record, uint32_t first, uint32_t last, Visit visit) {
    uint32_t at = 0; // number of the segment's first block
    for (const Segment segment : record.segments) {
        const uint32_t end = std::min(at + segment.count(), last);
        for (uint32_t i = std::max(at, first); i < end; ++i)
            visit(i, segment.first() + (i - at), ExtentRef{segment.first(), segment.count()});
        at += segment.count();
    }
}

} // namespace

void PieceBatch::add(size_t number, const RecordItem& record, size_t begin, MutableBytes out,
                     std::string_view pool) {
    const size_t end = std::min<size_t>(begin + out.size(), record.head.logical_bytes);
    const size_t count = begin < end ? end - begin : 0;
    std::memset(out.data() + count, 0, out.size() - count);
    if (count == 0)
        return;
    Piece piece{number, record.segments[0].first(), begin, out.first(count), {}, 0, {}};
    const Result<StoredPiece> stored = stored_piece(record.head, begin, end);
    if (!stored) {
        piece.status = stored.error();
        pieces_.push_back(piece);
        return;
    }
    piece.stored = *stored;
    piece.staged = stage_.size();
    if (stored->narrow != Narrow::kNone)
        stage_.resize(stage_.size() + (stored->to - stored->from));
    pieces_.push_back(piece);
    const size_t before = missing_.size();
    for_each_block(record, stored->first_block(), stored->last_block(),
                   [&](uint32_t i, uint64_t address, ExtentRef extent) {
                       const size_t from = std::max(stored->from, i * kBlockBytes);
                       const size_t to = std::min(stored->to, (i + 1) * kBlockBytes);
                       const Part part{address,
                                       record.checksums[i],
                                       static_cast<uint32_t>(from - i * kBlockBytes),
                                       extent,
                                       record.head.birth,
                                       to - from,
                                       pieces_.size() - 1,
                                       from - stored->from,
                                       pool};
                       if (!take_cached(part))
                           missing_.push_back(part);
                   });
    if (width_ == ReadWidth::kRecord && missing_.size() > before)
        add_rest(record, *stored, pool);
}

bool PieceBatch::take_cached(const Part& part) {
    const std::optional<MappedBlock> block = cache_.map_stored(part.address, part.birth);
    if (!block || block->bytes().size() != kBlockBytes)
        return false;
    take(part, block->bytes());
    ++counts_.cached;
    return true;
}

// The other blocks of the record, which cost little beside one that has to be read anyway.
void PieceBatch::add_rest(const RecordItem& record, const StoredPiece& stored,
                          std::string_view pool) {
    for_each_block(record, 0, blocks_for(record.head.stored_bytes),
                   [&](uint32_t i, uint64_t address, ExtentRef extent) {
                       const bool wanted = i >= stored.first_block() && i < stored.last_block();
                       if (!wanted && !cache_.map_stored(address, record.head.birth))
                           missing_.push_back({address, record.checksums[i], 0, extent,
                                               record.head.birth, 0, 0, 0, pool});
                   });
}

void PieceBatch::take(const Part& part, Bytes block) {
    if (part.bytes == 0)
        return;
    const Piece& piece = pieces_[part.piece];
    std::byte* const to =
        piece.stored.narrow == Narrow::kNone ? piece.out.data() : stage_.data() + piece.staged;
    std::memcpy(to + part.at, block.data() + part.skip, part.bytes);
}

// The Ios of blocks, of each of which the parts begin there; neighbours in an extent share one.
std::vector<Io> PieceBatch::reads_of(std::span<const size_t> starts, MutableBytes room) const {
    std::vector<Io> batch;
    for (size_t i = 0; i < starts.size(); ++i) {
        const Part& part = missing_[starts[i]];
        Io* const last = batch.empty() ? nullptr : &batch.back();
        if (last != nullptr && last->extent.start_blocks == part.extent.start_blocks &&
            last->address_bytes() + last->buffer.size() == part.address * kBlockBytes)
            last->buffer = {last->buffer.data(), last->buffer.size() + kBlockBytes};
        else
            batch.push_back({part.extent,
                             (part.address - part.extent.start_blocks) * kBlockBytes,
                             room.subspan(i * kBlockBytes, kBlockBytes),
                             {}});
    }
    return batch;
}

void PieceBatch::fetch_missing() {
    std::ranges::stable_sort(missing_, {}, &Part::address);
    std::vector<size_t> starts;
    for (size_t i = 0; i < missing_.size(); ++i)
        if (i == 0 || missing_[i].address != missing_[i - 1].address)
            starts.push_back(i);
    if (starts.empty())
        return;
    BlockBuffer room = BlockBuffer::unset(starts.size()); // of what is not read nothing is taken
    std::vector<Io> batch = reads_of(starts, room.bytes());
    static_cast<void>(device_.read(batch)); // each has a status of its own
    counts_.read += starts.size();
    starts.push_back(missing_.size());
    size_t block = 0;
    for (const Io& io : batch)
        for (size_t done = 0; done < io.buffer.size(); done += kBlockBytes, ++block)
            deliver(std::span(missing_).subspan(starts[block], starts[block + 1] - starts[block]),
                    io.status, io.buffer.subspan(done, kBlockBytes));
}

// One block, to all pieces that have a part of it.
void PieceBatch::deliver(std::span<const Part> parts, Status status, Bytes block) {
    const Part& first = parts.front();
    if (status && !is_sound(block, first.address, first.birth, first.checksum))
        status = fail(Code::kEBADMSG, "record: checksum");
    if (status && width_ != ReadWidth::kOnce)
        cache_.put_stored(first.address, first.birth, block, first.pool);
    for (const Part& part : parts) {
        if (status)
            take(part, block);
        else if (part.bytes > 0)
            pieces_[part.piece].status = status.error();
    }
}

std::vector<PieceBatch::Failure> PieceBatch::read() {
    fetch_missing();
    std::vector<Failure> failures;
    for (Piece& piece : pieces_) {
        const StoredPiece& stored = piece.stored;
        if (piece.status && stored.narrow != Narrow::kNone)
            piece.status =
                widen(stored.narrow, Bytes(stage_).subspan(piece.staged, stored.to - stored.from),
                      piece.begin, piece.out);
        if (!piece.status)
            failures.push_back({piece.number, piece.address, piece.status.error()});
    }
    return failures;
}

} // namespace vexfs
