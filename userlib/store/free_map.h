// SPDX-License-Identifier: Apache-2.0
//
// Which blocks are in use: a bitmap per region on disk in two slots, and what may be handed out in
// memory.
//
// A bitmap on disk says exactly what the tree of its txg reaches. A commit writes each changed
// bitmap into the slot that is not in force, and all summary entries into the summary slot that is
// not in force; so neither allocates, and the state in force stays whole until the uberblock names
// the next one. In memory a second bitmap ("busy") also holds what was freed but is in quarantine:
// a block freed in txg n is handed out again only after the commit of txg n + kDeferTxgs, so that
// every uberblock younger than that still finds its tree.
//
// Threads: allocate, release and the counts from any thread; load, format, write and committed from
// one.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "base/mutex.h"
#include "userlib/store/layout.h"

namespace vexfs {

using Segments = std::vector<Segment>;

class FreeMap {
  public:
    static constexpr uint64_t kDeferTxgs = 2;

    // kNextFit spreads allocations over the device; kLowestFirst reuses a block as soon as it may,
    // which is what brings a crash test to the errors that reuse can make.
    enum class Policy { kNextFit, kLowestFirst };

    // kNextFit keeps second copies away from the first ones: they go on from a place of their own,
    // half of the volume apart to begin with.
    enum class Place { kAny, kSecondCopy };

    // What the uberblock has to say about a written free map.
    struct Written {
        uint32_t summary_slot = 0;
        Checksum128 summary_checksum{};
        uint64_t used_blocks = 0;
    };

    FreeMap(const Layout& layout, Policy policy);

    // Everything free; nothing on disk counts.
    void format();
    // The same, but write() leaves alone what the uberblock names, as far as its summary can be
    // read: a crash before the next commit finds it whole.
    void format_beside(Device& device, const Written& in_force, uint64_t txg);
    // Reads what the uberblock names. EBADMSG or EUCLEAN if summary or bitmap are not what was
    // written, and the errors of the device; then everything is free.
    Status load(Device& device, const Written& in_force, uint64_t txg);

    // Takes `blocks` blocks for `txg`, contiguous if there is such a run, else in at most
    // `pieces_max` segments; pieces_max >= blocks always suffices. ENOSPC takes nothing.
    Result<Segments> allocate(uint32_t blocks, uint32_t pieces_max, uint64_t txg,
                              Place place = Place::kAny);
    // The tree of `txg` no longer reaches the segment.
    void release(Segment segment, uint64_t txg);

    // Writes the map as of `txg`: with what was taken and released up to and in it. No flush.
    Result<Written> write(Device& device, uint64_t txg);
    // The uberblock of `txg` is durable.
    void committed(uint64_t txg);

    // The first blocks in [from, end), which lie in one region, that may be handed out, and those
    // that follow them; none if there is no such block. They stay so while nobody allocates.
    [[nodiscard]] Segment free_run(uint64_t from, uint64_t end) const;

    [[nodiscard]] uint64_t free_blocks() const;
    // Blocks that become free by committing a few times.
    [[nodiscard]] uint64_t quarantined_blocks() const;

    // The bitmap as last loaded or written. For check, and for building a map from the tree.
    [[nodiscard]] bool on_disk(uint64_t block) const;
    [[nodiscard]] uint64_t used_on_disk() const { return used_blocks_; }
    // Makes an empty map hold the segment as something that the tree on disk reaches. EUCLEAN if it
    // does already.
    Status mark(Segment segment);

  private:
    struct Region {
        std::vector<uint64_t> used; // as on disk
        std::vector<uint64_t> busy; // not to be handed out
        uint32_t busy_free = 0;
        uint32_t longest = 0; // no free run of busy is longer
        bool dirty = false;
    };
    struct Changes {
        Segments taken;
        Segments released;
    };

    Segment find_run(uint32_t blocks, uint64_t from) VEXFS_REQUIRES(mutex_);
    Segment find_run_in(uint64_t region, uint32_t blocks, uint32_t from) VEXFS_REQUIRES(mutex_);
    void take(Segment segment) VEXFS_REQUIRES(mutex_);
    // EUCLEAN, and nothing changed, if a block of it is so already: pointers from disk may share
    // one.
    Status set_used(Segment segment, bool used);
    Status apply(const Changes& changes);
    Status load_summary(Device& device, const Written& in_force, uint64_t txg);
    Status load_bitmaps(Device& device, const Written& in_force);
    void encode_bitmap(uint64_t region, MutableBytes block) const;
    Status decode_bitmap(uint64_t region, Bytes block);
    [[nodiscard]] uint64_t bitmap_seed(uint64_t region) const;
    [[nodiscard]] uint64_t bitmap_block(uint64_t region, uint32_t slot) const {
        return layout_.region_start(region) + slot;
    }

    const Layout& layout_;
    const Policy policy_;
    mutable Mutex mutex_;
    // used, entries_ and the counts of what is on disk belong to the one thread that loads and
    // writes.
    std::vector<Region> regions_;
    std::vector<SummaryEntry> entries_;
    uint32_t summary_slot_ = 0;
    uint64_t used_blocks_ = 0;
    uint64_t free_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t quarantined_ VEXFS_GUARDED_BY(mutex_) = 0;
    // Blocks; where the next search for each Place begins.
    std::array<uint64_t, 2> cursors_ VEXFS_GUARDED_BY(mutex_){};
    std::map<uint64_t, Changes> changes_ VEXFS_GUARDED_BY(mutex_); // by txg, until written
    std::map<uint64_t, Segments> quarantine_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
