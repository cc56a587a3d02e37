// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/record.h"

#include <algorithm>

#include <lz4.h>

#include "base/assert.h"

namespace vexfs {

namespace {

// Text compresses in its first block already; what does not, is not tried in full.
constexpr size_t kProbeBytes = kBlockBytes;

uint32_t block_checksum(Bytes block, uint64_t address, uint64_t birth) {
    const uint64_t seed = place_seed(address, birth);
    return crc32c(block, static_cast<uint32_t>(seed ^ seed >> 32));
}

bool compressible(Bytes content) {
    if (content.size() <= kProbeBytes)
        return false;
    std::array<char, LZ4_COMPRESSBOUND(kProbeBytes)> probe;
    const int bytes = LZ4_compress_default(reinterpret_cast<const char*>(content.data()),
                                           probe.data(), kProbeBytes, probe.size());
    return bytes > 0 && static_cast<size_t>(bytes) < kProbeBytes * 15 / 16;
}

BlockBuffer compress(Bytes content, RecordHead& head) {
    const uint32_t raw_blocks = blocks_for(content.size());
    if (compressible(content)) {
        BlockBuffer packed(raw_blocks - 1);
        const int bytes = LZ4_compress_default(reinterpret_cast<const char*>(content.data()),
                                               reinterpret_cast<char*>(packed.bytes().data()),
                                               static_cast<int>(content.size()),
                                               static_cast<int>(packed.bytes().size()));
        if (bytes > 0) {
            head.codec = BlockCodec::kLz4;
            head.stored_bytes = static_cast<uint32_t>(bytes);
            BlockBuffer exact(blocks_for(head.stored_bytes));
            std::memcpy(exact.bytes().data(), packed.bytes().data(), head.stored_bytes);
            return exact;
        }
    }
    head.codec = BlockCodec::kRaw;
    head.stored_bytes = static_cast<uint32_t>(content.size());
    BlockBuffer raw(raw_blocks);
    std::memcpy(raw.bytes().data(), content.data(), content.size());
    return raw;
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
    if (head.kind != RecordHead::kStored || head.zero0 != 0 || head.zero1 != 0 ||
        head.codec > BlockCodec::kLz4)
        return fail(Code::kEUCLEAN, "record: kind, codec or reserved bytes");
    if (head.logical_bytes == 0 || head.logical_bytes > layout.header().record_bytes ||
        head.stored_bytes == 0 || head.stored_bytes > head.logical_bytes)
        return fail(Code::kEUCLEAN, "record: size");
    if (head.codec == BlockCodec::kRaw && head.stored_bytes != head.logical_bytes)
        return fail(Code::kEUCLEAN, "record: raw sizes differ");
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

Result<StoredRecord> encode_record(Bytes content, FreeMap& free_map, uint64_t txg) {
    VEXFS_ASSERT(!content.empty());
    RecordHead head;
    head.logical_bytes = static_cast<uint32_t>(content.size());
    head.birth = txg;
    StoredRecord record;
    record.blocks = compress(content, head);
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
        if (block_checksum(block, addresses[i], record.head.birth) != record.checksums[i])
            return fail(Code::kEBADMSG, "record: checksum");
    }
    return blocks;
}

Result<Page> read_record(Device& device, const RecordItem& record) {
    const uint32_t count = blocks_for(record.head.stored_bytes);
    const BlockBuffer blocks = VEXFS_TRY(read_record_blocks(device, record, 0, count));
    const Bytes stored = blocks.bytes().first(record.head.stored_bytes);
    if (record.head.codec == BlockCodec::kRaw)
        return Page(stored.begin(), stored.end());
    Page content(record.head.logical_bytes);
    const int bytes = LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()),
                                          reinterpret_cast<char*>(content.data()),
                                          static_cast<int>(stored.size()),
                                          static_cast<int>(content.size()));
    if (bytes != static_cast<int>(content.size()))
        return fail(Code::kEUCLEAN, "record: does not decompress to its size");
    return content;
}

} // namespace vexfs
