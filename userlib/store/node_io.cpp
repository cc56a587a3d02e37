// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/node_io.h"

#include <algorithm>

#include "base/assert.h"

namespace vexfs {

namespace {

constexpr size_t kPrefetchNodes = 64;

// Puts the page's stored form into the front of the room, and describes it in the pointer.
Result<MutableBytes> compress(const Page& page, BlockCoder& coder, Pointer& pointer,
                              MutableBytes room) {
    const Coded coded = VEXFS_TRY(coder.encode(Compression{}, page, room));
    pointer.codec = coded.codec;
    pointer.stored_bytes = static_cast<uint32_t>(coded.size_bytes);
    if (coded.codec == CodecId::kNone)
        std::memcpy(room.data(), page.data(), page.size());
    const MutableBytes blocks = room.first(size_t{blocks_for(coded.size_bytes)} * kBlockBytes);
    const MutableBytes rest = blocks.subspan(coded.size_bytes);
    std::fill(rest.begin(), rest.end(), std::byte{0});
    return blocks;
}

Result<Page> decompress(const Pointer& pointer, Bytes stored, size_t node_bytes) {
    if (pointer.codec == CodecId::kNone && stored.size() != node_bytes)
        return fail(Code::kEUCLEAN, "node: stored size");
    Page page(node_bytes);
    VEXFS_TRY_VOID(BlockCoder().decode(static_cast<uint8_t>(pointer.codec), stored, page));
    return page;
}

uint32_t count_blocks(std::span<const Segment> segments) {
    uint32_t blocks = 0;
    for (const Segment segment : segments)
        blocks += segment.count();
    return blocks;
}

} // namespace

Result<EncodedNode> encode_node(const Page& page, BlockCoder& coder, FreeMap& free_map,
                                uint64_t txg, uint32_t copies, MutableBytes room) {
    const NodeHead& head = NodeView(page).head();
    VEXFS_ASSERT(head.birth == txg);
    EncodedNode node;
    Pointer& pointer = node.pointer;
    pointer.birth = txg;
    pointer.level = head.level;
    node.blocks = VEXFS_TRY(compress(page, coder, pointer, room));
    const auto blocks = static_cast<uint32_t>(node.blocks.size() / kBlockBytes);
    const Segments first = VEXFS_TRY(free_map.allocate(blocks, Pointer::kSegments, txg));
    std::copy(first.begin(), first.end(), pointer.segments.begin());
    if (copies > 1 && first.size() < Pointer::kSegments && free_map.free_blocks() >= blocks) {
        const Segments second = VEXFS_TRY(
            free_map.allocate(blocks, Pointer::kSegments, txg, FreeMap::Place::kSecondCopy));
        if (first.size() + second.size() <= Pointer::kSegments) {
            pointer.second = static_cast<uint8_t>(first.size());
            std::copy(second.begin(), second.end(), pointer.segments.begin() + pointer.second);
        } else {
            for (const Segment segment : second)
                free_map.release(segment, txg);
        }
    }
    pointer.checksum = xxh3_128(node.blocks.first(pointer.stored_bytes), pointer.seed());
    return node;
}

void add_writes(const EncodedNode& node, bool second, std::vector<Io>& batch) {
    if (second && node.pointer.second == 0)
        return;
    size_t done = 0;
    for (const Segment segment : node.pointer.copy(second)) {
        const size_t bytes = size_t{segment.count()} * kBlockBytes;
        batch.push_back(whole_extent(segment.first(), node.blocks.subspan(done, bytes)));
        done += bytes;
    }
}

Status validate_pointer(const Pointer& pointer, const Layout& layout) {
    if (pointer.flags != 0 || pointer.second >= Pointer::kSegments)
        return fail(Code::kEUCLEAN, "pointer: flags or second copy");
    if (pointer.stored_bytes == 0 || pointer.stored_bytes > layout.header().node_bytes)
        return fail(Code::kEUCLEAN, "pointer: stored bytes");
    for (const bool second : {false, true}) {
        if (second && pointer.second == 0)
            continue;
        const std::span<const Segment> segments = pointer.copy(second);
        if (count_blocks(segments) != blocks_for(pointer.stored_bytes))
            return fail(Code::kEUCLEAN, "pointer: segments do not add up");
        for (const Segment segment : segments)
            if (!layout.allocatable(segment))
                return fail(Code::kEUCLEAN, "pointer: segment outside the regions");
    }
    return ok();
}

namespace {

// Adds the Ios that read a copy of the node into `blocks`.
void add_reads(const Pointer& pointer, bool second, MutableBytes blocks, std::vector<Io>& batch) {
    size_t done = 0;
    for (const Segment segment : pointer.copy(second)) {
        const size_t bytes = size_t{segment.count()} * kBlockBytes;
        batch.push_back(whole_extent(segment.first(), blocks.subspan(done, bytes)));
        done += bytes;
    }
}

} // namespace

Result<PageHandle> NodeReader::decode(const Pointer& pointer, Bytes blocks) const {
    const Bytes stored = blocks.first(pointer.stored_bytes);
    if (xxh3_128(stored, pointer.seed()) != pointer.checksum)
        return fail(Code::kEBADMSG, "node: checksum");
    auto block = std::make_shared<CachedBlock>();
    block->birth = pointer.birth;
    block->bytes = VEXFS_TRY(decompress(pointer, stored, layout_.header().node_bytes));
    const NodeView view(block->bytes);
    VEXFS_TRY_VOID(view.validate());
    if (view.head().birth != pointer.birth || view.head().level != pointer.level)
        return fail(Code::kEUCLEAN, "node: birth or level is not what the pointer says");
    // Above all, a pointer from disk must not claim to lead to a node in memory.
    for (size_t i = 0; !view.leaf() && i < view.count(); ++i)
        VEXFS_TRY_VOID(validate_pointer(view.child(i), layout_));
    return PageHandle(std::move(block));
}

Result<PageHandle> NodeReader::read_copy(const Pointer& pointer, bool second) {
    VEXFS_TRY_VOID(validate_pointer(pointer, layout_));
    BlockBuffer blocks(blocks_for(pointer.stored_bytes));
    std::vector<Io> batch;
    add_reads(pointer, second, blocks.bytes(), batch);
    VEXFS_TRY_VOID(device_.read(batch));
    return decode(pointer, blocks.bytes());
}

void NodeReader::keep(const Pointer& pointer, const PageHandle& page) {
    cache_.put(pointer.segments[0].first(), page);
}

PageHandle NodeReader::cached(const Pointer& pointer) {
    PageHandle page = cache_.get(pointer.segments[0].first());
    return page && page->birth == pointer.birth ? page : nullptr;
}

void NodeReader::prefetch(std::span<const Pointer> pointers) {
    const size_t most = layout_.node_blocks() * kBlockBytes;
    BlockBuffer room(std::min(pointers.size(), kPrefetchNodes) * layout_.node_blocks());
    std::vector<const Pointer*> wanted;
    std::vector<Io> batch;
    const auto read_batch = [&] {
        // What was not read is no node that was asked for. Whoever needs it reads it again and says
        // what was wrong.
        static_cast<void>(device_.read(batch));
        for (size_t i = 0; i < wanted.size(); ++i)
            if (const auto page = decode(*wanted[i], room.bytes().subspan(i * most, most)))
                keep(*wanted[i], page.value());
        wanted.clear();
        batch.clear();
    };
    for (const Pointer& pointer : pointers) {
        if (cached(pointer) || !validate_pointer(pointer, layout_))
            continue;
        add_reads(pointer, false, room.bytes().subspan(wanted.size() * most, most), batch);
        wanted.push_back(&pointer);
        if (wanted.size() == kPrefetchNodes)
            read_batch();
    }
    if (!wanted.empty())
        read_batch();
}

Result<PageHandle> NodeReader::read(const Pointer& pointer) {
    if (PageHandle page = cached(pointer))
        return page;
    const uint64_t block = pointer.segments[0].first();
    Result<PageHandle> page = read_copy(pointer, false);
    if (!page && pointer.second != 0) {
        const Error cause = page.error();
        page = read_copy(pointer, true);
        if (page)
            damage_log_.rescued_node(block, cause);
    }
    if (!page) {
        damage_log_.lost_node(block, pointer.second != 0 ? 2 : 1, page.error());
        return fail(Code::kEIO, page.error().what);
    }
    keep(pointer, *page);
    return page;
}

} // namespace vexfs
