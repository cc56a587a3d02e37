// SPDX-License-Identifier: Apache-2.0
//
// Where zbud and z3fold put objects: two or three of them share a stretch of pages.
//
// A stretch is one page, or as many as the largest object needs, and has 64 chunks; an object takes
// whole chunks. The first lies at the front, the second at the back, the third between them. An
// object goes where the least room is left that suffices. All of it is constant work, and evicting
// one stretch touches at most three objects: that is what these two are for.
//
// Threads: one thread at a time; the pool's lock is held.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "userlib/pool/handle_table.h"
#include "userlib/pool/home_list.h"
#include "userlib/pool/page_source.h"
#include "userlib/pool/pool.h"

namespace vexfs {

// What a step of a compaction did.
struct CompactStep {
    size_t pages = 0; // that no object needs any more
    size_t moved = 0; // objects
};

class FoldPlacement {
  public:
    static constexpr uint32_t kBuddiesMax = 3;

    FoldPlacement(uint32_t buddies, const PoolOptions& options, HandleTable& table);

    [[nodiscard]] size_t object_bytes_max() const { return stretch_pages_ * kPoolPageBytes; }
    // ENOMEM. May be cut off by lack of memory, and has done nothing then.
    Result<Spot> place(size_t bytes, uint32_t owner, bool may_grow);
    // Returns the pages that were given back.
    size_t remove(Spot spot);
    [[nodiscard]] std::byte* memory(Spot spot) const;
    void touch(uint32_t home) { homes_[home].touched = true; }

    // The home that nobody has touched for the longest time, or kNoHome.
    uint32_t coldest();
    // As if it had been used just now.
    void heat(uint32_t home);
    void owners(uint32_t home, std::vector<uint32_t>& into) const;
    [[nodiscard]] size_t home_count() const { return home_count_; }

    // One: what is left of a stretch takes any size.
    [[nodiscard]] std::vector<PoolClass> classes() const;

    void begin_compaction() { ++epoch_; }
    // Nothing when all is done.
    std::optional<CompactStep> compact_step();

    [[nodiscard]] PageSource& source() { return source_; }
    [[nodiscard]] const PageSource& source() const { return source_; }
    [[nodiscard]] size_t metadata_bytes() const { return homes_.metadata_bytes(); }

  private:
    static constexpr uint32_t kChunks = 64;

    struct Piece {
        uint32_t owner = 0;
        uint16_t first = 0;
        uint16_t chunks = 0; // 0: no object here
    };
    struct Home {
        PageRun run;
        HomeLink age;
        HomeLink bin;
        uint32_t epoch = 0; // of the last compaction that tried to empty it
        uint16_t free_chunks = kChunks;
        uint8_t count = 0;
        bool touched = false;
        std::array<Piece, kBuddiesMax> pieces;
    };

    [[nodiscard]] size_t chunk_bytes() const { return stretch_pages_ * kPoolPageBytes / kChunks; }
    [[nodiscard]] std::byte* memory_of(const Home& home, uint32_t chunk) const {
        return source_.memory(home.run) + chunk * chunk_bytes();
    }
    [[nodiscard]] bool has_bin(const Home& home) const {
        return home.count > 0 && home.count < buddies_ && home.free_chunks > 0;
    }
    void enter_bin(uint32_t id);
    void leave_bin(uint32_t id);

    // Its places in the order in which they lie.
    static std::array<uint8_t, kBuddiesMax> by_position(const Home& home);
    static std::optional<uint32_t> find_gap(const Home& home, uint32_t need);
    Spot put(uint32_t id, uint32_t first, uint32_t need, uint32_t owner);
    // Puts it into a home in use with at most so much room, but not into `except`.
    std::optional<Spot> fit(uint32_t need, uint32_t owner, uint32_t room_max, uint32_t except);
    // Pushes what is in there to the front. False if somebody has it mapped.
    bool slide(Home& home);
    CompactStep empty(uint32_t id);

    const uint32_t buddies_;
    const size_t stretch_pages_;
    HandleTable& table_;
    PageSource source_;
    Homes<Home> homes_;
    HomeList ages_;                      // coldest first
    std::array<HomeList, kChunks> bins_; // by free chunks
    uint64_t filled_bins_ = 0;
    size_t home_count_ = 0;
    size_t objects_ = 0;
    uint32_t epoch_ = 1;
};

class ZbudPlacement : public FoldPlacement {
  public:
    static constexpr std::string_view kName = "zbud";
    ZbudPlacement(const PoolOptions& options, HandleTable& table)
        : FoldPlacement(2, options, table) {}
};

class Z3foldPlacement : public FoldPlacement {
  public:
    static constexpr std::string_view kName = "z3fold";
    Z3foldPlacement(const PoolOptions& options, HandleTable& table)
        : FoldPlacement(3, options, table) {}
};

} // namespace vexfs
