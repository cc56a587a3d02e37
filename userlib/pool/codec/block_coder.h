// SPDX-License-Identifier: Apache-2.0
//
// BlockCoder: compresses a block where that pays, and decodes what it finds on the disk.
//
// Space is handed out in 4 KiB blocks, so compression pays only if it saves at least one of them
// and a sixteenth of the block. A large block is sampled first: if a hasty attempt at its first 4
// KiB saves nothing worth having, the block is left raw without trying the rest. What is known to
// be numbers goes through a filter first.
//
// Threads: one thread at a time; each worker has its own.
#pragma once

#include <string>
#include <vector>

#include "userlib/pool/codec/block_filter.h"
#include "userlib/pool/codec/codec.h"

namespace vexfs {

// A codec and its level: what a volume's or a file's `compression` says.
struct Compression {
    CodecId codec = CodecId::kLz4;
    int level = 0;

    friend bool operator==(const Compression&, const Compression&) = default;
};

// "none" or "off", "lz4", "zstd", "zstd:7". EOPNOTSUPP for an unknown codec, EINVAL for a level it
// does not have.
Result<Compression> parse_compression(std::string_view text);
std::string to_string(const Compression& compression);

// The most bytes that a block of this size may become to be worth it; 0 if none are few enough.
size_t worthwhile_size(size_t block_bytes);

// What a block is made of, and how it is going to be read.
struct BlockForm {
    Numbers numbers = Numbers::kNone;
    bool seekable = false; // a few numbers at a time: narrowed, or compressed as if it were bytes
};

// A block as it goes to disk. With kNone and no filter the caller writes its own bytes and
// `size_bytes` is theirs.
struct Coded {
    CodecId codec = CodecId::kNone;
    size_t size_bytes = 0;
    BlockFilter filter{};

    [[nodiscard]] bool is_raw() const { return codec == CodecId::kNone && !filter.any(); }
};

class BlockCoder {
  public:
    // Encodes `block` into `room`, which holds at least worthwhile_size(block.size()) bytes and
    // does not overlap it; EINVAL if it is too small or the block too large. ENOMEM.
    Result<Coded> encode(const Compression& compression, Bytes block, MutableBytes room);
    Result<Coded> encode(const Compression& compression, const BlockForm& form, Bytes block,
                         MutableBytes room);

    // Fills `block` from `encoded`: exactly the bytes that encode() made, `block` exactly as long
    // as the original. EOPNOTSUPP for an unknown codec; EUCLEAN if the bytes are no such block;
    // ENOMEM. `block` may be written to even when this fails.
    Status decode(uint8_t codec, Bytes encoded, MutableBytes block);
    Status decode(uint8_t codec, const BlockFilter& filter, Bytes encoded, MutableBytes block);

  private:
    Result<bool> looks_compressible(const Codec& codec, Bytes block, MutableBytes room);
    Result<Coded> encode_numbers(const Compression& compression, const BlockForm& form, Bytes block,
                                 MutableBytes room);

    CodecState state_;
    // A block of numbers between its filters.
    std::vector<std::byte> narrowed_;
    std::vector<std::byte> shuffled_;
};

} // namespace vexfs
