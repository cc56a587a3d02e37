// SPDX-License-Identifier: Apache-2.0
//
// Damage that no checksum shows. The input changes fields of a volume: of nodes, uberblock, header,
// bitmaps, summary and log. Then every checksum on the way is made right again, and the volume is
// opened, walked, checked, repaired and written to. Any of it may fail; none may crash or hang.
//
// Input: pieces of 8 bytes: target, how, index (2), offset (2), value (2).
#include <algorithm>
#include <optional>

#include "userlib/device/ram_device.h"
#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

using namespace vexfs;

namespace {

constexpr uint64_t kBlocks = 400;
constexpr size_t kPieceBytes = 8;
constexpr size_t kPiecesMax = 8;
constexpr uint64_t kLogged = 4;
constexpr size_t kChecksumInPointer = 40;
static_assert(offsetof(Pointer, checksum) == kChecksumInPointer);

StoreOptions fuzz_options() {
    StoreOptions options;
    options.slop_blocks_min = 32;
    options.cache_bytes = 1 << 20;
    return options;
}

// Where a node lies, and where the pointer to it does.
struct NodePlace {
    std::array<uint64_t, 2> blocks{}; // the second is 0 if there is no second copy
    uint64_t seed = 0;
    std::optional<size_t> parent; // none: the uberblock
    size_t pointer_offset = 0;    // in the parent's page
};

// Threads: one thread.
class Fuzzed {
  public:
    Fuzzed() : device_(RamDevice::create(kBlocks * kBlockBytes).value()) {
        // Nodes as small are stored raw, so that a field keeps its place.
        VEXFS_ASSERT(format_store(*device_, small_format()));
        const auto store = Store::open(*device_, fuzz_options()).value();
        fill(*store);
        VEXFS_ASSERT(store->commit());
        uberblock_ = store->uberblock();
        for (uint64_t i = 0; i < kLogged; ++i) {
            Transaction transaction;
            transaction.put({300 + i, 1, i, 0}, Page(30, std::byte{1}));
            transaction.write(400, i * 9000, Page(5000, static_cast<std::byte>(i + 1)));
            VEXFS_ASSERT(store->apply(transaction));
            VEXFS_ASSERT(store->sync());
        }
        layout_.emplace(store->layout());
        pristine_.assign(device_->bytes().begin(), device_->bytes().end());
        note_nodes(uberblock_.root, std::nullopt, offsetof(Uberblock, root));
        VEXFS_ASSERT(nodes_.size() > 10);
    }

    void run(Bytes input) {
        std::memcpy(device_->bytes().data(), pristine_.data(), pristine_.size());
        for (size_t i = 0; i < kPiecesMax && input.size() >= (i + 1) * kPieceBytes; ++i)
            damage(input.subspan(i * kPieceBytes, kPieceBytes));
        mend_checksums();
        look();
        use(fuzz_options());
        StoreOptions repair = fuzz_options();
        repair.rebuild_free_map = true;
        repair.truncate_log = true;
        use(repair);
    }

  private:
    static void fill(Store& store) {
        for (uint64_t i = 0; i < 150; ++i) {
            Transaction transaction;
            transaction.put({1 + i % 9, 1, i, 0}, Page(10 + i % 60, static_cast<std::byte>(i)));
            VEXFS_ASSERT(store.apply(transaction));
        }
        for (uint64_t oid = 20; oid < 26; ++oid) {
            Page content(oid * 900);
            for (size_t at = 0; at < content.size(); ++at)
                content[at] = static_cast<std::byte>(oid % 2 == 0 ? at * at * at >> 7 : at >> 9);
            Transaction transaction;
            transaction.write(oid, 0, content);
            transaction.write(oid + 100, 3, Bytes(content).first(50));
            VEXFS_ASSERT(store.apply(transaction));
        }
        Transaction transaction;
        transaction.destroy(23);
        VEXFS_ASSERT(store.apply(transaction));
        VEXFS_ASSERT(store.reserve(5, 100));
    }

    MutableBytes block(uint64_t number) {
        return device_->bytes().subspan(number * kBlockBytes, kBlockBytes);
    }

    // Children first: a node's checksum is taken when those below it are right.
    void note_nodes(const Pointer& pointer, std::optional<size_t> parent, size_t offset) {
        VEXFS_ASSERT(pointer.codec == CodecId::kNone);
        const uint64_t first = pointer.segments[0].first();
        const size_t self = nodes_.size();
        nodes_.push_back(
            {{first, pointer.second == 0 ? 0 : pointer.segments[pointer.second].first()},
             pointer.seed(),
             parent,
             offset});
        const Bytes page = Bytes(block(first)).first(layout_->header().node_bytes);
        const NodeView view(page);
        for (size_t i = 0; !view.leaf() && i < view.count(); ++i)
            note_nodes(view.child(i), self,
                       static_cast<size_t>(view.value(i).data() - page.data()));
        order_.push_back(self);
    }

    uint64_t uberblock_at(uint32_t label) {
        return layout_->uberblock_block(label, uberblock_.txg % layout_->header().uberblock_slots);
    }

    // The blocks that hold the same thing, and how many of their bytes mean something.
    std::pair<std::array<uint64_t, 2>, size_t> place_of(uint8_t target, uint16_t index) {
        switch (target % 8) {
        case 0:
            return {{uberblock_at(0), uberblock_at(1)}, sizeof(Uberblock)};
        case 1:
            return {{layout_->header_block(0), layout_->header_block(1)}, sizeof(Header)};
        case 2: {
            const uint64_t region = index % layout_->regions();
            return {{layout_->region_start(region), layout_->region_start(region) + 1}, 64};
        }
        case 3:
            return {{layout_->summary_start(uberblock_.summary_slot), 0},
                    layout_->regions() * sizeof(SummaryEntry)};
        case 4:
            return {{log_block(index % kLogged), 0}, 256};
        default: {
            const NodePlace& node = nodes_[index % nodes_.size()];
            return {node.blocks, layout_->header().node_bytes};
        }
        }
    }

    uint64_t log_block(uint64_t i) {
        return layout_->log_start() + (uberblock_.log_position + i) % layout_->header().log_blocks;
    }

    void damage(Bytes piece) {
        const auto how = static_cast<uint8_t>(piece[1]);
        const auto index = load_le<uint16_t>(piece.data() + 2);
        const auto offset = load_le<uint16_t>(piece.data() + 4);
        const auto value = load_le<uint16_t>(piece.data() + 6);
        const auto [blocks, size] = place_of(static_cast<uint8_t>(piece[0]), index);
        for (const uint64_t number : blocks) {
            if (number == 0)
                continue;
            std::byte* const at = block(number).data() + offset % (size - sizeof(uint64_t) + 1);
            switch (how % 4) {
            case 0:
                *at ^= static_cast<std::byte>(1u << value % 8);
                break;
            case 1:
                store_le<uint16_t>(at, value);
                break;
            case 2:
                store_le<uint64_t>(at, ~uint64_t{0} >> value % 64);
                break;
            default:
                store_le<uint64_t>(at, load_le<uint64_t>(at) + value - 0x8000);
            }
        }
    }

    void mend_checksums() {
        for (const size_t i : order_) {
            const NodePlace& node = nodes_[i];
            const Bytes page = Bytes(block(node.blocks[0])).first(layout_->header().node_bytes);
            const Checksum128 sum = xxh3_128(page, node.seed);
            const std::array<uint64_t, 2> above =
                node.parent ? nodes_[*node.parent].blocks
                            : std::array<uint64_t, 2>{uberblock_at(0), uberblock_at(1)};
            for (const uint64_t number : above)
                if (number != 0)
                    std::memcpy(block(number).data() + node.pointer_offset + kChecksumInPointer,
                                &sum, sizeof sum);
        }
        mend_free_map();
        mend_labels();
        mend_log();
    }

    void mend_free_map() {
        const uint64_t start = layout_->summary_start(uberblock_.summary_slot);
        for (uint64_t region = 0; region < layout_->regions(); ++region) {
            std::byte* const at = block(start).data() + region * sizeof(SummaryEntry);
            SummaryEntry entry;
            std::memcpy(&entry, at, sizeof entry);
            const uint64_t bitmap = layout_->region_start(region) + entry.slot % 2;
            entry.checksum = xxh3_64(block(bitmap), place_seed(bitmap, entry.txg));
            std::memcpy(at, &entry, sizeof entry);
        }
        const Bytes summary =
            Bytes(device_->bytes())
                .subspan(start * kBlockBytes, layout_->summary_blocks() * kBlockBytes);
        const Checksum128 sum = xxh3_128(summary, place_seed(start, uberblock_.txg));
        for (const uint32_t label : {0, 1})
            std::memcpy(block(uberblock_at(label)).data() + offsetof(Uberblock, summary_checksum),
                        &sum, sizeof sum);
    }

    void mend_labels() {
        for (const uint32_t label : {0, 1}) {
            Header header;
            std::memcpy(&header, block(layout_->header_block(label)).data(), sizeof header);
            header.checksum = checksum_of(header);
            std::memcpy(block(layout_->header_block(label)).data(), &header, sizeof header);
            Uberblock uberblock;
            std::memcpy(&uberblock, block(uberblock_at(label)).data(), sizeof uberblock);
            const uint64_t slot = uberblock_.txg % layout_->header().uberblock_slots;
            uberblock.checksum = checksum_of(uberblock, slot);
            std::memcpy(block(uberblock_at(label)).data(), &uberblock, sizeof uberblock);
        }
    }

    // Each block carries the checksum of the one before it.
    void mend_log() {
        const uint64_t seed = xxh3_64(std::as_bytes(std::span(layout_->header().volume_id)));
        std::optional<Checksum128> chain;
        for (uint64_t i = 0; i < kLogged; ++i) {
            const MutableBytes bytes = block(log_block(i));
            LogHeader header;
            std::memcpy(&header, bytes.data(), sizeof header);
            if (chain)
                header.chain = *chain;
            header.checksum = {};
            std::memcpy(bytes.data(), &header, sizeof header);
            const size_t size = std::clamp<size_t>(header.bytes, sizeof header, kBlockBytes);
            header.checksum = xxh3_128(bytes.first(size), seed);
            std::memcpy(bytes.data(), &header, sizeof header);
            chain = header.checksum;
        }
    }

    void look() {
        StoreOptions options = fuzz_options();
        options.read_only = true;
        const auto store = Store::open(*device_, options);
        if (!store)
            return;
        walk(**store);
        (void)check(**store);
    }

    static void walk(Store& store) {
        const auto items = store.list({}, {UINT64_MAX, 0xff, UINT64_MAX, 0xffff}, 10000);
        Page content(30000);
        for (uint64_t oid = 20; oid < 26; ++oid)
            (void)store.read(oid, 0, content);
        for (uint64_t i = 0; i < 20; ++i)
            (void)store.get({1 + i % 9, 1, i, 0});
    }

    // What fails may fail; the store may refuse everything after that.
    void use(const StoreOptions& options) {
        const auto store = Store::open(*device_, options);
        if (!store)
            return;
        walk(**store);
        Transaction transaction;
        transaction.put({4, 1, 77, 0}, Page(40, std::byte{9}));
        transaction.write(22, 100, Page(9000, std::byte{7}));
        transaction.destroy(24);
        (void)(*store)->apply(transaction);
        (void)(*store)->punch(21, 0, 1 << 20);
        (void)(*store)->sync();
        for (int slice = 0; slice < 20; ++slice) {
            const auto more = (*store)->step_reap(5);
            if (!more || !*more)
                break;
        }
        (void)(*store)->commit();
        (void)check(**store);
        (void)(*store)->close();
    }

    std::unique_ptr<RamDevice> device_;
    Page pristine_;
    std::optional<Layout> layout_;
    Uberblock uberblock_;
    std::vector<NodePlace> nodes_;
    std::vector<size_t> order_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static Fuzzed fuzzed;
    fuzzed.run(std::as_bytes(std::span(data, size)));
    return 0;
}
