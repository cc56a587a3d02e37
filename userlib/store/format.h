// SPDX-License-Identifier: Apache-2.0
//
// The structures on disk. FORMAT.md has the map and a worked example.
//
// Little-endian, fixed width, no implicit padding. Fields called "zero" are written zero and
// refused when they are not; what is "room" is written zero and not looked at. Everything is
// addressed in blocks of 4 KiB. Every structure has its checksum, in itself where it is found by
// its place (header, uberblock, log block) and in whatever points at it otherwise (nodes, bitmaps,
// summary, records).
//
// Threads: values.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/checksum.h"
#include "userlib/device/device.h"
#include "userlib/pool/codec/codec.h"

namespace vexfs {

static_assert(std::endian::native == std::endian::little, "structures are copied as they are");

inline constexpr uint64_t kHeaderMagic = 0x31304c5653465856;    // "VXFSVL01"
inline constexpr uint64_t kUberblockMagic = 0x3130425553465856; // "VXFSUB01"
inline constexpr uint32_t kLogMagic = 0x474c5856;               // "VXLG"
inline constexpr uint32_t kNodeMagic = 0x444e5856;              // "VXND"
inline constexpr uint32_t kFormatVersion = 1;

// What a checksum is seeded with, so that bytes which lie in another place than they were written
// to, or are those of another time, do not pass.
inline uint64_t place_seed(uint64_t place, uint64_t birth) {
    return place * 0x9e3779b97f4a7c15 ^ std::rotl(birth, 32);
}

// OFFSET SIZE MEANING
//      0    2  count of blocks
//      2    6  first block; a segment of zeros is "none"
struct Segment {
    uint64_t raw = 0;

    static Segment of(uint64_t first, uint64_t count) { return {first << 16 | count}; }
    [[nodiscard]] uint64_t first() const { return raw >> 16; }
    [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(raw & 0xffff); }
    explicit operator bool() const { return raw != 0; }
    friend bool operator==(const Segment&, const Segment&) = default;
};
static_assert(sizeof(Segment) == 8);

// Where a node lies and what it must hash to. Written by whoever writes the node; checked on every
// read of it. OFFSET SIZE MEANING
//      0   32  segments of the first copy, then, from index `second` on, of the second copy
//     32    8  birth: the txg that wrote it
//     40   16  checksum of the stored bytes: XXH3-128, seeded with first block and birth
//     56    4  stored bytes of one copy; the rest of its last block is room
//     60    1  codec
//     61    1  second: 0 = there is one copy
//     62    1  level of the node, 0 = leaf
//     63    1  flags: 0 on disk; in memory kResident: the node is dirty, segments[0] its number
struct Pointer {
    static constexpr size_t kSegments = 4;
    static constexpr uint8_t kResident = 1;

    std::array<Segment, kSegments> segments{};
    uint64_t birth = 0;
    Checksum128 checksum{};
    uint32_t stored_bytes = 0;
    CodecId codec = CodecId::kNone;
    uint8_t second = 0;
    uint8_t level = 0;
    uint8_t flags = 0;

    [[nodiscard]] bool resident() const { return (flags & kResident) != 0; }
    [[nodiscard]] uint64_t number() const { return segments[0].raw; }
    [[nodiscard]] uint64_t seed() const { return place_seed(segments[0].first(), birth); }
    [[nodiscard]] std::span<const Segment> copy(bool of_second) const;
};
static_assert(sizeof(Pointer) == 64);

inline std::span<const Segment> Pointer::copy(bool of_second) const {
    size_t end = of_second ? kSegments : (second != 0 ? second : kSegments);
    const size_t begin = of_second ? second : 0;
    while (end > begin && !segments[end - 1])
        --end;
    return std::span(segments).subspan(begin, end - begin);
}

// Block 1 of each label. Written by mkfs.
// OFFSET SIZE MEANING
//      0    8  magic
//      8    4  version
//     12    4  bytes of this structure: 256
//     16   16  volume id
//     32   32  label, up to the first zero byte or the end
//     64    8  blocks of the device
//     72    8  blocks of the intent log
//     80    4  bytes of a tree node: a power of two, 512 to 16,384
//     84    4  bytes of a record of object data: a power of two, 4,096 to 65,536
//     88    4  blocks of a region: a multiple of 64, 64 to 32,768
//     92    4  slots of the uberblock ring, 4 to 126
//     96    4  largest record that is kept inline in the tree, bytes
//    100    4  zero
//    104    8  feature bits: compatible
//    112    8  feature bits: a writer must know them
//    120    8  feature bits: a reader must know them
//    128  112  zero
//    240   16  checksum of bytes 0..239
//    256 3840  zero
struct Header {
    uint64_t magic = kHeaderMagic;
    uint32_t version = kFormatVersion;
    uint32_t header_bytes = 256;
    std::array<uint8_t, 16> volume_id{};
    std::array<char, 32> label{};
    uint64_t device_blocks = 0;
    uint64_t log_blocks = 0;
    uint32_t node_bytes = 16384;
    uint32_t record_bytes = 65536;
    uint32_t region_blocks = 32768;
    uint32_t uberblock_slots = 126;
    uint32_t inline_bytes = 2048;
    uint32_t zero0 = 0;
    uint64_t features_compatible = 0;
    uint64_t features_write = 0;
    uint64_t features_read = 0;
    std::array<uint64_t, 14> zero1{};
    Checksum128 checksum{};
};
static_assert(sizeof(Header) == 256);

// A commit, in slot txg modulo slots of each label.
// OFFSET SIZE MEANING
//      0    8  magic
//      8    4  version
//     12    4  zero
//     16   16  volume id
//     32    8  epoch: one more at every open for writing
//     40    8  txg; the uberblock in force is the valid one with the highest (epoch, txg)
//     48    8  zero
//     56   64  root of the tree
//    120    8  log: where replay starts, in blocks since the volume was made, modulo the ring
//    128    8  log: sequence number of the block expected there
//    136   16  log: chain value that the block there must carry
//    152    4  summary slot in force, 0 or 1
//    156    4  zero
//    160   16  checksum of the summary
//    176    8  used blocks, of all regions
//    184    8  data set of the root: 0, the only one in this version
//    192   16  feature bits in use that a writer, a reader must know, on top of the header's
//    208   32  zero
//    240   16  checksum of bytes 0..239, seeded with the slot
//    256 3840  zero
struct Uberblock {
    uint64_t magic = kUberblockMagic;
    uint32_t version = kFormatVersion;
    uint32_t zero0 = 0;
    std::array<uint8_t, 16> volume_id{};
    uint64_t epoch = 0;
    uint64_t txg = 0;
    uint64_t zero1 = 0;
    Pointer root{};
    uint64_t log_position = 0;
    uint64_t log_sequence = 0;
    Checksum128 log_chain{};
    uint32_t summary_slot = 0;
    uint32_t zero2 = 0;
    Checksum128 summary_checksum{};
    uint64_t used_blocks = 0;
    uint64_t data_set = 0;
    uint64_t features_write = 0;
    uint64_t features_read = 0;
    std::array<uint64_t, 4> zero3{};
    Checksum128 checksum{};
};
static_assert(sizeof(Uberblock) == 256);
static_assert(offsetof(Uberblock, root) == 56 && offsetof(Uberblock, checksum) == 240);

// The summary: an array, one entry a region; the rest of its last block is room.
// OFFSET SIZE MEANING
//      0    8  checksum of the bitmap in force, XXH3-64 seeded with its block and txg
//      8    8  txg that wrote it
//     16    4  free blocks of the region
//     20    4  bitmap slot in force, 0 or 1
struct SummaryEntry {
    uint64_t checksum = 0;
    uint64_t txg = 0;
    uint32_t free_blocks = 0;
    uint32_t slot = 0;
};
static_assert(sizeof(SummaryEntry) == 24);

// A log block: this, records, room up to a whole block.
// OFFSET SIZE MEANING
//      0    4  magic
//      4    4  bytes of this structure and the records
//      8    8  epoch
//     16    8  sequence number, one more than the block before
//     24    8  txg that the records belong to: a commit of it makes them void
//     32    4  count of records
//     36    4  zero
//     40   16  chain: the checksum of the block before
//     56   16  checksum of structure and records with this field zero, seeded with the volume id
struct LogHeader {
    uint32_t magic = kLogMagic;
    uint32_t bytes = 0;
    uint64_t epoch = 0;
    uint64_t sequence = 0;
    uint64_t txg = 0;
    uint32_t records = 0;
    uint32_t zero0 = 0;
    Checksum128 chain{};
    Checksum128 checksum{};
};
static_assert(sizeof(LogHeader) == 72);

// A log record: a transaction; operations follow.
// OFFSET SIZE MEANING
//      0    4  bytes of this structure and the operations
//      4    4  zero
//      8    8  session of the request, 0 = none          } room, for replayed
//     16    4  slot of the session                       } requests that take
//     20    4  sequence number in the slot               } effect exactly once
struct LogRecord {
    uint32_t bytes = 0;
    uint32_t zero0 = 0;
    uint64_t session = 0;
    uint32_t slot = 0;
    uint32_t slot_sequence = 0;
};
static_assert(sizeof(LogRecord) == 24);

// The value of a kRecord item.
// OFFSET SIZE MEANING
//      0    1  kind: 0 inline (nothing but the bytes follows this one), 1 stored
//      1    1  codec
//      2    1  count of segments
//      3    1  filter: 0, or what was done to its numbers (userlib/pool/codec/block_filter.h)
//      4    4  logical bytes; the record reads as zero from there on
//      8    4  stored bytes; the rest of the last block is room
//     12    4  zero
//     16    8  birth: the txg that wrote it
//     24  8*n  segments
//         4*m  crc32c of each stored block, seeded with its address and the birth
struct RecordHead {
    static constexpr uint8_t kInline = 0;
    static constexpr uint8_t kStored = 1;

    uint8_t kind = kStored;
    CodecId codec = CodecId::kNone;
    uint8_t segments = 0;
    uint8_t filter = 0;
    uint32_t logical_bytes = 0;
    uint32_t stored_bytes = 0;
    uint32_t zero1 = 0;
    uint64_t birth = 0;
};
static_assert(sizeof(RecordHead) == 24);

inline bool all_zero(Bytes bytes) {
    // Each byte is compared with the one before it: memcmp is the fastest loop there is.
    return bytes.empty() || (bytes[0] == std::byte{0} &&
                             std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

inline uint32_t blocks_for(uint64_t bytes) {
    return static_cast<uint32_t>(div_ceil<uint64_t>(bytes, kBlockBytes));
}

} // namespace vexfs
