// SPDX-License-Identifier: Apache-2.0
//
// How a frozen tree goes to disk: bottom-up, in batches.
//
// The stored forms of a batch lie one behind the other in memory, and the allocator tends to give
// them blocks in that order: so most of a batch is a few long writes, first copies here and second
// copies far away.
//
// Threads: one thread per write; others may read the frozen nodes meanwhile, so none is changed.
#include "userlib/store/tree.h"

namespace vexfs {

namespace {

// Nodes go out in batches of this size, so that a large txg does not hold all its blocks in memory
// twice.
constexpr size_t kBatchNodes = 256;

class TreeWriter {
  public:
    TreeWriter(const FrozenTree& frozen, Device& device, FreeMap& free_map, uint64_t txg,
               uint32_t copies)
        : frozen_(frozen), device_(device), free_map_(free_map), txg_(txg), copies_(copies) {}

    Result<WrittenTree> write() {
        written_.root = VEXFS_TRY(write_below(frozen_.root));
        VEXFS_TRY_VOID(submit());
        return std::move(written_);
    }

  private:
    Result<Pointer> write_below(const Pointer& pointer) {
        if (!pointer.resident())
            return pointer;
        std::shared_ptr<const CachedBlock> block = frozen_.nodes->at(pointer.number());
        if (!NodeView(block->bytes).leaf())
            block = VEXFS_TRY(with_places(*block));
        const Pointer place = VEXFS_TRY(encode(block->bytes));
        written_.pointers.emplace(pointer.number(), place);
        written_.pages.emplace_back(place.segments[0].first(), std::move(block));
        return place;
    }

    // The same inner node, whose children have been written.
    Result<std::shared_ptr<const CachedBlock>> with_places(const CachedBlock& frozen) {
        auto block = std::make_shared<CachedBlock>(frozen);
        NodeEditor node(block->bytes);
        for (size_t i = 0; i < node.count(); ++i)
            node.set_child(i, VEXFS_TRY(write_below(node.child(i))));
        return std::shared_ptr<const CachedBlock>(std::move(block));
    }

    Result<Pointer> encode(const Page& page) {
        const size_t most = size_t{blocks_for(page.size())} * kBlockBytes;
        if (room_.bytes().empty())
            room_ = BlockBuffer(kBatchNodes * blocks_for(page.size()));
        const EncodedNode node = VEXFS_TRY(encode_node(page, coder_, free_map_, txg_, copies_,
                                                       room_.bytes().subspan(room_used_, most)));
        room_used_ += node.blocks.size();
        waiting_.push_back(node);
        if (waiting_.size() == kBatchNodes)
            VEXFS_TRY_VOID(submit());
        return node.pointer;
    }

    Status submit() {
        std::vector<Io> batch;
        for (const bool second : {false, true})
            for (const EncodedNode& node : waiting_)
                add_writes(node, second, batch);
        VEXFS_TRY_VOID(device_.write(batch));
        waiting_.clear();
        room_used_ = 0;
        return ok();
    }

    const FrozenTree& frozen_;
    Device& device_;
    FreeMap& free_map_;
    const uint64_t txg_;
    const uint32_t copies_;
    BlockCoder coder_;
    WrittenTree written_;
    BlockBuffer room_;
    size_t room_used_ = 0;
    std::vector<EncodedNode> waiting_; // their blocks lie in the room
};

} // namespace

Result<WrittenTree> write_tree(const FrozenTree& frozen, Device& device, FreeMap& free_map,
                               uint64_t txg, uint32_t copies) {
    return TreeWriter(frozen, device, free_map, txg, copies).write();
}

} // namespace vexfs
