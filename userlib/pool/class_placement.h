// SPDX-License-Identifier: Apache-2.0
//
// Where zsmalloc puts objects: size classes, each with chains of pages that are filled with objects
// of its size, one next to the other, across the borders of pages.
//
// Classes are 16 bytes apart up to 1 KiB, and from there 32 to each doubling. A chain has as many
// pages as leave the least behind its last object. Classes whose chains have the same number of
// pages and of objects are one. The fullest chain that has room takes the next object; compaction
// empties the emptiest into the others.
//
// Threads: one thread at a time; the pool's lock is held.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "userlib/pool/fold_placement.h"
#include "userlib/pool/handle_table.h"
#include "userlib/pool/home_list.h"
#include "userlib/pool/page_source.h"
#include "userlib/pool/pool.h"

namespace vexfs {

// The form of the chains of a class.
struct ChainShape {
    uint32_t object_bytes = 0;
    uint16_t pages = 0;
    uint16_t objects = 0;

    [[nodiscard]] size_t waste_bytes() const {
        return pages * kPoolPageBytes - size_t{objects} * object_bytes;
    }
};
// The one of least waste; of several, the shortest.
ChainShape chain_shape(uint32_t object_bytes);

class ClassPlacement {
  public:
    static constexpr std::string_view kName = "zsmalloc";

    ClassPlacement(const PoolOptions& options, HandleTable& table);

    [[nodiscard]] size_t object_bytes_max() const { return object_bytes_max_; }
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

    void begin_compaction() { ++epoch_; }
    // Nothing when all is done.
    std::optional<CompactStep> compact_step();

    [[nodiscard]] PageSource& source() { return source_; }
    [[nodiscard]] const PageSource& source() const { return source_; }
    [[nodiscard]] size_t metadata_bytes() const;

    [[nodiscard]] std::vector<PoolClass> classes() const;

    // The class of an object of this size.
    [[nodiscard]] const ChainShape& shape_of(size_t bytes) const {
        return classes_[class_of(bytes)].shape;
    }

  private:
    static constexpr uint32_t kGroups = 4; // by quarters of fullness; full chains are in none
    static constexpr uint32_t kFreePlace = 0x8000'0000;

    struct SizeClass {
        ChainShape shape;
        std::array<HomeList, kGroups> groups;
        size_t chains = 0;
        size_t free_places = 0;
    };
    struct Home {
        PageRun run;
        HomeLink age;
        HomeLink group;
        uint32_t epoch = 0; // of the last compaction that tried to empty it
        uint16_t size_class = 0;
        uint16_t used = 0;
        uint16_t next_free = 0;
        bool touched = false;
        // Of each place its owner, or kFreePlace and the next free place.
        std::unique_ptr<uint32_t[]> owners;
    };

    [[nodiscard]] uint16_t class_of(size_t bytes) const;
    [[nodiscard]] HomeList* group_of(const Home& home);
    void enter_group(uint32_t id);
    void leave_group(uint32_t id);
    Result<uint32_t> add_chain(uint16_t size_class);
    Spot put(uint32_t id, uint32_t owner);
    uint32_t fullest(const SizeClass& size_class, uint32_t except) const;
    [[nodiscard]] bool is_mapped(const Home& home) const;
    CompactStep empty(uint32_t id);
    std::optional<CompactStep> compact_class(SizeClass& size_class);

    const size_t object_bytes_max_;
    HandleTable& table_;
    PageSource source_;
    std::vector<uint16_t> class_by_step_;
    std::vector<SizeClass> classes_;
    Homes<Home> homes_;
    HomeList ages_; // coldest first
    size_t home_count_ = 0;
    size_t places_ = 0; // in all chains
    uint32_t epoch_ = 1;
};

} // namespace vexfs
