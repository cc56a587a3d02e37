// SPDX-License-Identifier: Apache-2.0
//
// The copy-on-write B+tree: keys of 19 bytes, small values.
//
// A node on disk is never changed. The first change of it in a txg copies it into memory (it is
// "dirty" then, and its parent's pointer is "resident": it carries the dirty node's number), and so
// up to the root. freeze() hands the dirty nodes of a txg to the commit as immutable; from then on
// they are copied again before a change, like nodes on disk. Once they are written, publish() swaps
// numbers for addresses. It knows nothing of what values mean.
//
// Threads: get, list and prefetch from many threads while nobody calls the others; the others from
// one. The store's lock sees to that.
#pragma once

#include <array>
#include <optional>
#include <unordered_map>

#include "userlib/store/node_io.h"

namespace vexfs {

struct Item {
    PackedKey key;
    Page value;
};

// Dirty nodes by number. Numbers are never used twice while the store is open.
using DirtyNodes = std::unordered_map<uint64_t, std::shared_ptr<CachedBlock>>;

// The dirty nodes of a txg, on their way to disk.
struct FrozenTree {
    Pointer root;
    std::shared_ptr<const DirtyNodes> nodes;
};

// Where frozen nodes went.
struct WrittenTree {
    Pointer root;
    std::unordered_map<uint64_t, Pointer> pointers;
    std::vector<std::pair<uint64_t, PageHandle>> pages; // by first block, for the cache
};

class Tree {
  public:
    Tree(NodeReader& reader, FreeMap& free_map, size_t node_bytes);

    // The tree under `root`, which is on disk; changes belong to `txg`.
    void open(const Pointer& root, uint64_t txg);
    // An empty tree in memory.
    void create(uint64_t txg);

    [[nodiscard]] Result<std::optional<Page>> get(const PackedKey& key) const;
    // Up to `items_max` items with from <= key < end, in order.
    [[nodiscard]] Result<std::vector<Item>> list(const PackedKey& from, const PackedKey& end,
                                                 size_t items_max) const;

    // Reads the leaves of these keys, which are in order, into the cache, many at a time.
    void prefetch(std::span<const PackedKey> keys) const;

    // A failure leaves every key with the value it had. A put tells in `before`, if it is asked to,
    // what was there.
    Status put(const PackedKey& key, Bytes value, std::optional<Page>* before = nullptr);
    Status erase(const PackedKey& key); // ok if it is not there

    // Whether a put of `key` touches nothing but memory, because a neighbour was put a moment ago.
    [[nodiscard]] bool at_hand(const PackedKey& key) const { return finger(key) != nullptr; }

    [[nodiscard]] uint32_t height() const { return root_.level + 1u; }
    [[nodiscard]] size_t dirty_nodes() const { return dirty_.size(); }

    // Ends the txg: its dirty nodes become immutable. The next changes belong to `next_txg`.
    FrozenTree freeze(uint64_t next_txg);
    // The nodes of the last freeze() are at the places that `written` names.
    void publish(const WrittenTree& written);

  private:
    Result<PageHandle> load(const Pointer& pointer) const;
    [[nodiscard]] Result<PageHandle> load_child(const NodeView& parent, size_t i) const;
    [[nodiscard]] Result<PageHandle> load_root() const;
    // Makes the node of `pointer` dirty, which changes the pointer, and lends its page.
    Result<Page*> edit(Pointer& pointer);
    Result<Page*> edit_child(NodeEditor& parent, size_t i);
    Page* add_dirty(Page page, Pointer& pointer);
    // The leaf that covers `key`, dirty and with room for it.
    Result<Page*> leaf_for(const PackedKey& key, size_t value_bytes);
    // The same if it is among the fingers, with room or without; else null.
    [[nodiscard]] Page* finger(const PackedKey& key) const;
    // The tree no longer reaches the node.
    void retire(const Pointer& pointer);
    void grow_root();
    void split_child(NodeEditor& parent, size_t i, Page& child, const PackedKey& key);
    Status erase_below(NodeEditor& node, const PackedKey& key);
    void merge_child(NodeEditor& parent, size_t i);
    bool merge_pair(NodeEditor& parent, size_t left_index);
    void collapse_root();

    NodeReader& reader_;
    FreeMap& free_map_;
    const size_t node_bytes_;
    uint64_t txg_ = 0;
    uint64_t next_number_ = 1;
    Pointer root_;
    DirtyNodes dirty_;
    // Dirty leaves that were put into a moment ago: puts come in runs of neighbours. Null or alive.
    std::array<Page*, 4> fingers_{};
    size_t next_finger_ = 0;
    std::shared_ptr<const DirtyNodes> frozen_;
    std::vector<uint64_t> retired_frozen_; // numbers that get an address only later
};

// Allocates for all nodes of a frozen tree in `txg`, encodes them bottom-up with their children's
// addresses, and writes them, a batch at a time. No flush.
Result<WrittenTree> write_tree(const FrozenTree& frozen, Device& device, FreeMap& free_map,
                               uint64_t txg, uint32_t copies);

} // namespace vexfs
