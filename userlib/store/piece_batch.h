// SPDX-License-Identifier: Apache-2.0
//
// Pieces of seekable records that are read together.
//
// Blocks that the cache has are decoded from there. All others come from the device in one batch,
// are verified, and stay in the cache as they are stored.
//
// Threads: one thread.
#pragma once

#include "userlib/store/record.h"

namespace vexfs {

// What a read of object data takes into the cache.
enum class ReadWidth : uint8_t {
    kPiece,  // not the rest of a large record of which a small piece is wanted
    kRecord, // whole records: what lies beside it is wanted soon, and there is room for all of it
    kOnce,   // nothing: it is not wanted again
    kInTurn, // whole records, of which the pieces are read in turn: each counts as asked for once
};

// Blocks of records that were found in memory, and that were read from the device.
struct BlockCounts {
    uint64_t cached = 0;
    uint64_t read = 0;

    BlockCounts& operator+=(const BlockCounts& other) {
        cached += other.cached;
        read += other.read;
        return *this;
    }
};

class PieceBatch {
  public:
    PieceBatch(Device& device, BlockCache& cache, ReadWidth width)
        : device_(device), cache_(cache), width_(width) {}

    // `out` becomes what the record has from `begin` on, and zero behind its end, until read()
    // ends; if it fails, that is told under this number. The record itself is not kept. `pool`: of
    // pool_names(), for blocks that come from the device.
    void add(size_t number, const RecordItem& record, size_t begin, MutableBytes out,
             std::string_view pool = {});

    struct Failure {
        size_t number = 0;
        uint64_t address = 0; // of the record
        Error error;
    };
    // Those that could not be read, each once.
    std::vector<Failure> read();

    [[nodiscard]] const BlockCounts& counts() const { return counts_; }

  private:
    struct Piece {
        size_t number = 0;
        uint64_t address = 0;
        size_t begin = 0;
        MutableBytes out;
        StoredPiece stored;
        size_t staged = 0; // narrow: where its stored bytes begin in stage_
        Status status;
    };
    // A block of a record, and the part of it that belongs to a piece.
    struct Part {
        uint64_t address = 0;
        uint32_t checksum = 0;
        uint32_t skip = 0;
        ExtentRef extent;
        uint64_t birth = 0;
        size_t bytes = 0; // 0: it is only for the cache
        size_t piece = 0;
        size_t at = 0; // of the piece's stored bytes
        std::string_view pool;
    };
    bool take_cached(const Part& part);
    void add_rest(const RecordItem& record, const StoredPiece& stored, std::string_view pool);
    void take(const Part& part, Bytes block);
    [[nodiscard]] std::vector<Io> reads_of(std::span<const size_t> starts, MutableBytes room) const;
    void fetch_missing();
    void deliver(std::span<const Part> parts, Status status, Bytes block);

    Device& device_;
    BlockCache& cache_;
    const ReadWidth width_;
    BlockCounts counts_;
    std::vector<Piece> pieces_;
    std::vector<Part> missing_;
    Page stage_;
};

} // namespace vexfs
