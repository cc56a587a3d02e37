// SPDX-License-Identifier: Apache-2.0
//
// A node of the tree as a page of bytes: sorted entries of a key and a value.
//
// Entries lie packed and in order behind the head; their offsets lie in an array that grows down
// from the page's end; what is between is zero. So a page is a function of its entries alone, and
// equal trees are equal bytes. A leaf's values belong to the caller; an inner node's values are
// Pointers, and its entry i covers the keys from its own key up to that of entry i + 1. The fences
// bound all keys of the subtree: lower <= key < upper.
//
// Threads: one thread, or many that only read.
#pragma once

#include "userlib/store/format.h"
#include "userlib/store/key.h"

namespace vexfs {

// OFFSET SIZE MEANING
//      0    4  magic
//      4    1  level, 0 = leaf
//      5    1  zero
//      6    2  count of entries
//      8    4  offset of the first byte behind the entries
//     12    4  zero
//     16    8  birth: the txg that wrote the node
//     24    8  data set: 0, the only one in this version
//     32   19  lower fence
//     51   19  upper fence
//     70    2  zero
//     72       entries: key (19), value
//    end-2     offset of entry 0, and so on downwards
struct NodeHead {
    uint32_t magic = kNodeMagic;
    uint8_t level = 0;
    uint8_t zero0 = 0;
    uint16_t count = 0;
    uint32_t end = sizeof(NodeHead);
    uint32_t zero1 = 0;
    uint64_t birth = 0;
    uint64_t data_set = 0;
    PackedKey lower;
    PackedKey upper;
    std::array<uint8_t, 2> zero2{};
};
static_assert(sizeof(NodeHead) == 72);

// Bytes that an entry takes beside its value.
inline constexpr size_t kEntryOverhead = kKeyBytes + sizeof(uint16_t);

// So that four entries of the largest size always fit a page.
constexpr size_t node_value_bytes_max(size_t node_bytes) {
    return (node_bytes - sizeof(NodeHead)) / 4 - kEntryOverhead;
}

class NodeView {
  public:
    explicit NodeView(Bytes page) : page_(page) {}

    [[nodiscard]] const NodeHead& head() const {
        return *reinterpret_cast<const NodeHead*>(page_.data());
    }
    [[nodiscard]] bool leaf() const { return head().level == 0; }
    [[nodiscard]] size_t count() const { return head().count; }
    [[nodiscard]] const PackedKey& key(size_t i) const {
        return *reinterpret_cast<const PackedKey*>(page_.data() + offset(i));
    }
    [[nodiscard]] Bytes value(size_t i) const {
        return page_.subspan(offset(i) + kKeyBytes, offset(i + 1) - offset(i) - kKeyBytes);
    }
    [[nodiscard]] Pointer child(size_t i) const;

    // The first entry whose key is not below `key`; count() if there is none.
    [[nodiscard]] size_t lower_bound(const PackedKey& key) const;
    // The entry of an inner node that covers `key`.
    [[nodiscard]] size_t covering(const PackedKey& key) const;
    // The key at which what entry i covers ends.
    [[nodiscard]] const PackedKey& upper_of(size_t i) const {
        return i + 1 < count() ? key(i + 1) : head().upper;
    }

    [[nodiscard]] size_t free_bytes() const {
        return page_.size() - head().end - count() * sizeof(uint16_t);
    }
    // Bytes that the entries take, of capacity_bytes().
    [[nodiscard]] size_t used_bytes() const { return capacity_bytes() - free_bytes(); }
    [[nodiscard]] size_t capacity_bytes() const { return page_.size() - sizeof(NodeHead); }

    // Everything that the code above relies on, of bytes that may be anything. EUCLEAN names what
    // is wrong.
    [[nodiscard]] Status validate() const;

  protected:
    [[nodiscard]] size_t offset(size_t i) const {
        return i == count() ? head().end
                            : load_le<uint16_t>(page_.data() + page_.size() - (i + 1) * 2);
    }

  private:
    [[nodiscard]] Status validate_entries() const;

    Bytes page_;
};

class NodeEditor : public NodeView {
  public:
    explicit NodeEditor(MutableBytes page) : NodeView(page), page_(page) {}

    // Makes the page an empty node.
    void format(uint8_t level, const PackedKey& lower, const PackedKey& upper);
    NodeHead& edit_head() { return *reinterpret_cast<NodeHead*>(page_.data()); }

    // Inserts before entry i. The caller keeps the order and has seen that free_bytes() suffices.
    void insert(size_t i, const PackedKey& key, Bytes value);
    void erase(size_t i);
    // The same key with another value; the caller has seen that it fits.
    void replace(size_t i, Bytes value);
    void set_child(size_t i, const Pointer& pointer);

    // Moves the entries from `i` on to `right`, an unformatted page, and sets both fences.
    void split_at(size_t i, MutableBytes right);
    // Takes over all entries of the next node to the right, which has to fit, and its upper fence.
    void append(const NodeView& right);

  private:
    void set_offset(size_t i, size_t value) {
        store_le<uint16_t>(page_.data() + page_.size() - (i + 1) * 2, static_cast<uint16_t>(value));
    }

    MutableBytes page_;
};

} // namespace vexfs
