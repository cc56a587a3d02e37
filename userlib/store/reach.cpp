// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/reach.h"

namespace vexfs {

namespace {

// Threads: one thread.
class Marker {
  public:
    Marker(NodeReader& nodes, const Layout& layout, FreeMap& free_map)
        : nodes_(nodes), layout_(layout), free_map_(free_map) {}

    Status mark_node(const Pointer& pointer, const PackedKey& lower, const PackedKey& upper,
                     uint64_t txg_max) {
        VEXFS_TRY_VOID(validate_pointer(pointer, layout_));
        VEXFS_TRY_VOID(mark_all(pointer.segments));
        if (pointer.birth > txg_max)
            return fail(Code::kEUCLEAN, "node: younger than its parent");
        const PageHandle page = VEXFS_TRY(nodes_.read(pointer));
        const NodeView node(page->bytes);
        if (node.head().lower != lower || node.head().upper != upper)
            return fail(Code::kEUCLEAN, "node: fences are not what the parent says");
        for (size_t i = 0; i < node.count(); ++i) {
            if (node.leaf()) {
                VEXFS_TRY_VOID(mark_item(node.key(i).unpacked(), node.value(i)));
                continue;
            }
            // A level that falls by one each time is what ends this recursion.
            const Pointer child = node.child(i);
            if (child.level + 1 != node.head().level)
                return fail(Code::kEUCLEAN, "node: level of a child");
            VEXFS_TRY_VOID(mark_node(child, node.key(i), node.upper_of(i), pointer.birth));
        }
        return ok();
    }

  private:
    Status mark_item(const Key& key, Bytes value) {
        if (key.oid == kVolumeOid || key.type != static_cast<uint8_t>(ItemType::kRecord))
            return ok();
        return mark_all(VEXFS_TRY(decode_record(value, layout_)).segments);
    }

    Status mark_all(std::span<const Segment> segments) {
        for (const Segment segment : segments)
            if (segment)
                VEXFS_TRY_VOID(free_map_.mark(segment));
        return ok();
    }

    NodeReader& nodes_;
    const Layout& layout_;
    FreeMap& free_map_;
};

} // namespace

Status mark_reachable(const Uberblock& commit, NodeReader& nodes, const Layout& layout,
                      FreeMap& free_map) {
    return Marker(nodes, layout, free_map)
        .mark_node(commit.root, PackedKey(), PackedKey::highest(), commit.txg);
}

} // namespace vexfs
