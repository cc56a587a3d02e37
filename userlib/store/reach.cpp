// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/reach.h"

namespace vexfs {

namespace {

Status mark_all(std::span<const Segment> segments, FreeMap& free_map) {
    for (const Segment segment : segments)
        if (segment)
            VEXFS_TRY_VOID(free_map.mark(segment));
    return ok();
}

} // namespace

Status mark_reachable(const Pointer& root, NodeReader& nodes, const Layout& layout,
                      FreeMap& free_map) {
    VEXFS_TRY_VOID(validate_pointer(root, layout));
    VEXFS_TRY_VOID(mark_all(root.segments, free_map));
    const PageHandle page = VEXFS_TRY(nodes.read(root));
    const NodeView node(page->bytes);
    for (size_t i = 0; i < node.count(); ++i) {
        if (!node.leaf()) {
            // A level that falls by one each time is what ends this recursion.
            if (node.child(i).level + 1 != node.head().level)
                return fail(Code::kEUCLEAN, "tree: level of a child");
            VEXFS_TRY_VOID(mark_reachable(node.child(i), nodes, layout, free_map));
        } else if (node.key(i).unpacked().type == static_cast<uint8_t>(ItemType::kRecord)) {
            const RecordItem record = VEXFS_TRY(decode_record(node.value(i), layout));
            VEXFS_TRY_VOID(mark_all(record.segments, free_map));
        }
    }
    return ok();
}

} // namespace vexfs
