// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/record.h"

#include <algorithm>

#include "base/assert.h"

namespace vexfs {

namespace {

uint32_t block_checksum(Bytes block, uint64_t address, uint64_t birth) {
    const uint64_t seed = place_seed(address, birth);
    return crc32c(block, static_cast<uint32_t>(seed ^ seed >> 32));
}

// Returns the blocks of the content's stored form and describes it in the head.
Result<BlockBuffer> compress(Bytes content, BlockCoder& coder, const Compression& compression,
                             const BlockForm& form, RecordHead& head) {
    BlockBuffer room(blocks_for(content.size()));
    const Coded coded = VEXFS_TRY(coder.encode(compression, form, content, room.bytes()));
    head.codec = coded.codec;
    head.filter = encode_block_filter(coded.filter);
    head.stored_bytes = static_cast<uint32_t>(coded.size_bytes);
    const Bytes stored = coded.is_raw() ? content : Bytes(room.bytes());
    BlockBuffer blocks(blocks_for(coded.size_bytes));
    std::memcpy(blocks.bytes().data(), stored.data(), coded.size_bytes);
    return blocks;
}

void append(Page& page, Bytes bytes) {
    page.insert(page.end(), bytes.begin(), bytes.end());
}

// The address of each block of the record, in order.
std::vector<uint64_t> block_addresses(const Segments& segments) {
    std::vector<uint64_t> addresses;
    for (const Segment segment : segments)
        for (uint32_t i = 0; i < segment.count(); ++i)
            addresses.push_back(segment.first() + i);
    return addresses;
}

Status check_head(const RecordHead& head, const Layout& layout) {
    if (head.kind != RecordHead::kStored || head.zero1 != 0)
        return fail(Code::kEUCLEAN, "record: kind or reserved bytes");
    if (head.logical_bytes == 0 || head.logical_bytes > layout.header().record_bytes ||
        head.stored_bytes == 0 || head.stored_bytes > head.logical_bytes)
        return fail(Code::kEUCLEAN, "record: size");
    // One with a filter that is not known is refused when it is read.
    const Result<BlockFilter> filter = decode_block_filter(head.filter);
    if (head.codec == CodecId::kNone && filter &&
        head.stored_bytes != narrowed_size(filter->narrow, head.logical_bytes))
        return fail(Code::kEUCLEAN, "record: sizes do not fit");
    return ok();
}

} // namespace

Result<RecordItem> decode_record(Bytes item, const Layout& layout) {
    RecordItem record;
    ByteReader reader(item);
    if (item.empty())
        return fail(Code::kEUCLEAN, "record: empty item");
    if (item[0] == std::byte{RecordHead::kInline}) {
        record.head.kind = RecordHead::kInline;
        record.inlined = item.subspan(1);
        if (record.inlined.size() > layout.header().record_bytes)
            return fail(Code::kEUCLEAN, "record: inline size");
        record.head.logical_bytes = static_cast<uint32_t>(record.inlined.size());
        return record;
    }
    record.head = VEXFS_TRY(reader.object<RecordHead>());
    VEXFS_TRY_VOID(check_head(record.head, layout));
    uint64_t blocks = 0;
    for (uint32_t i = 0; i < record.head.segments; ++i) {
        const Segment segment{VEXFS_TRY(reader.le<uint64_t>())};
        if (!layout.allocatable(segment))
            return fail(Code::kEUCLEAN, "record: segment outside the regions");
        blocks += segment.count();
        record.segments.push_back(segment);
    }
    if (blocks != blocks_for(record.head.stored_bytes))
        return fail(Code::kEUCLEAN, "record: segments do not add up");
    for (uint64_t i = 0; i < blocks; ++i)
        record.checksums.push_back(VEXFS_TRY(reader.le<uint32_t>()));
    if (reader.remaining() != 0)
        return fail(Code::kEUCLEAN, "record: bytes behind the item");
    return record;
}

Page encode_inline_record(Bytes content) {
    Page item{std::byte{RecordHead::kInline}};
    append(item, content);
    return item;
}

Result<StoredRecord> encode_record(Bytes content, BlockCoder& coder, const Compression& compression,
                                   const BlockForm& form, FreeMap& free_map, uint64_t txg) {
    VEXFS_ASSERT(!content.empty());
    RecordHead head;
    head.logical_bytes = static_cast<uint32_t>(content.size());
    head.birth = txg;
    StoredRecord record;
    record.blocks = VEXFS_TRY(compress(content, coder, compression, form, head));
    const auto blocks = static_cast<uint32_t>(record.blocks.bytes().size() / kBlockBytes);
    record.segments = VEXFS_TRY(free_map.allocate(blocks, blocks, txg));
    head.segments = static_cast<uint8_t>(record.segments.size());
    append(record.item, bytes_of(head));
    for (const Segment segment : record.segments)
        append(record.item, bytes_of(segment));
    const std::vector<uint64_t> addresses = block_addresses(record.segments);
    for (size_t i = 0; i < addresses.size(); ++i) {
        const Bytes block = record.blocks.bytes().subspan(i * kBlockBytes, kBlockBytes);
        append(record.item, bytes_of(block_checksum(block, addresses[i], txg)));
    }
    return record;
}

void add_writes(StoredRecord& record, std::vector<Io>& batch) {
    size_t done = 0;
    for (const Segment segment : record.segments) {
        const size_t bytes = size_t{segment.count()} * kBlockBytes;
        batch.push_back(whole_extent(segment.first(), record.blocks.bytes().subspan(done, bytes)));
        done += bytes;
    }
}

Result<BlockBuffer> read_record_blocks(Device& device, const RecordItem& record, uint32_t first,
                                       uint32_t count) {
    BlockBuffer blocks(count);
    std::vector<Io> batch;
    uint32_t at = 0; // index in the record of the segment's first block
    for (const Segment segment : record.segments) {
        const uint32_t begin = std::max(at, first);
        const uint32_t end = std::min(at + segment.count(), first + count);
        if (begin < end)
            batch.push_back({{segment.first(), segment.count()},
                             uint64_t{begin - at} * kBlockBytes,
                             blocks.bytes().subspan(size_t{begin - first} * kBlockBytes,
                                                    size_t{end - begin} * kBlockBytes),
                             {}});
        at += segment.count();
    }
    VEXFS_TRY_VOID(device.read(batch));
    const std::vector<uint64_t> addresses = block_addresses(record.segments);
    for (uint32_t i = first; i < std::min(at, first + count); ++i) {
        const Bytes block = blocks.bytes().subspan(size_t{i - first} * kBlockBytes, kBlockBytes);
        if (!is_sound(block, addresses[i], record.head.birth, record.checksums[i]))
            return fail(Code::kEBADMSG, "record: checksum");
    }
    return blocks;
}

Result<Page> decode_content(const RecordHead& head, Bytes stored) {
    Page content(head.logical_bytes);
    const BlockFilter filter = VEXFS_TRY(decode_block_filter(head.filter));
    VEXFS_TRY_VOID(BlockCoder().decode(static_cast<uint8_t>(head.codec), filter, stored, content));
    return content;
}

bool is_sound(Bytes block, uint64_t address, uint64_t birth, uint32_t checksum) {
    return block_checksum(block, address, birth) == checksum;
}

bool is_seekable(const RecordHead& head) {
    const Result<BlockFilter> filter = decode_block_filter(head.filter);
    return head.codec == CodecId::kNone && filter && filter->shuffle == 0;
}

size_t piece_bytes(const RecordHead& head) {
    return head.filter == 0 ? kBlockBytes : 2 * kBlockBytes;
}

Result<StoredPiece> stored_piece(const RecordHead& head, size_t begin, size_t end) {
    const Narrow narrow = VEXFS_TRY(decode_block_filter(head.filter)).narrow;
    const size_t from = narrow == Narrow::kNone ? begin : narrowed_size(narrow, begin / 4 * 4);
    return StoredPiece{narrow, from, narrowed_size(narrow, end)};
}

Status read_record_piece(Device& device, const RecordItem& record, size_t begin, MutableBytes out) {
    const size_t end = std::min<size_t>(begin + out.size(), record.head.logical_bytes);
    const size_t count = begin < end ? end - begin : 0;
    std::memset(out.data() + count, 0, out.size() - count);
    if (count == 0)
        return ok();
    const StoredPiece stored = VEXFS_TRY(stored_piece(record.head, begin, end));
    const uint32_t first = stored.first_block();
    const BlockBuffer blocks =
        VEXFS_TRY(read_record_blocks(device, record, first, stored.last_block() - first));
    const Bytes piece = blocks.bytes().subspan(stored.from % kBlockBytes);
    if (stored.narrow != Narrow::kNone)
        return widen(stored.narrow, piece, begin, out.first(count));
    std::memcpy(out.data(), piece.data(), count);
    return ok();
}

} // namespace vexfs
