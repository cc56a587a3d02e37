// SPDX-License-Identifier: Apache-2.0
//
// A record: a piece of an object's data as it lies on disk, and the item that describes it.
//
// Object data is cut at multiples of the record size. Each piece that is not all zero has one item
// in the tree: the bytes themselves if they are few, else where they lie, compressed if that saves
// a block, with a crc32c for each block, so that reading one block verifies that block alone.
// Numbers of which each is stored in the same number of bytes can be read alone, too.
//
// Threads: pure functions.
#pragma once

#include <optional>

#include "userlib/store/node_io.h"

namespace vexfs {

// The item of a stored record of the largest size in the most pieces.
constexpr size_t record_item_bytes_max(size_t record_bytes) {
    return sizeof(RecordHead) + record_bytes / kBlockBytes * (sizeof(Segment) + sizeof(uint32_t));
}

struct RecordItem {
    RecordHead head;
    Bytes inlined;                   // kInline: lent from the item
    Segments segments;               // kStored
    std::vector<uint32_t> checksums; // kStored: one a block
};

// Refuses whatever the rest of the code could not follow safely. EUCLEAN.
Result<RecordItem> decode_record(Bytes item, const Layout& layout);

Page encode_inline_record(Bytes content);

struct StoredRecord {
    Page item;
    Segments segments;
    BlockBuffer blocks; // to be written to the segments, in order
};

// What the data of an object is, as far as it was said, and how it is to be compressed.
struct ObjectForm {
    BlockForm block;
    std::optional<Compression> compression; // none: as the store has it
    bool numbers = false;                   // of any kind, and counted as such
    // Of pool_names(), for what of it is kept as it is stored; empty: any.
    std::string_view pool = {};
};

// Allocates for the content (1 to record_bytes bytes) and encodes it as born in `txg`. ENOSPC.
Result<StoredRecord> encode_record(Bytes content, BlockCoder& coder, const Compression& compression,
                                   const BlockForm& form, FreeMap& free_map, uint64_t txg);

void add_writes(StoredRecord& record, std::vector<Io>& batch);

// What a stored record holds, of its bytes as they are stored. EUCLEAN.
Result<Page> decode_content(const RecordHead& head, Bytes stored);
// Whether these are the bytes of a block that was written there with this checksum.
bool is_sound(Bytes block, uint64_t address, uint64_t birth, uint32_t checksum);

// Whether pieces of it can be read alone; and how many bytes of a seekable one lie in a block.
bool is_seekable(const RecordHead& head);
size_t piece_bytes(const RecordHead& head);

// Where [begin, end) of a seekable record is stored, and how.
struct StoredPiece {
    Narrow narrow = Narrow::kNone;
    size_t from = 0; // of the stored bytes
    size_t to = 0;

    [[nodiscard]] uint32_t first_block() const { return static_cast<uint32_t>(from / kBlockBytes); }
    [[nodiscard]] uint32_t last_block() const { return blocks_for(to); } // the one behind it
};
Result<StoredPiece> stored_piece(const RecordHead& head, size_t begin, size_t end);

// Reads [begin, begin + out.size()) of a seekable record; what lies behind its end is zero. EIO,
// EBADMSG.
Status read_record_piece(Device& device, const RecordItem& record, size_t begin, MutableBytes out);

// Reads stored blocks [first, first + count); the bytes past their end are zero. EIO, EBADMSG.
Result<BlockBuffer> read_record_blocks(Device& device, const RecordItem& record, uint32_t first,
                                       uint32_t count);

} // namespace vexfs
