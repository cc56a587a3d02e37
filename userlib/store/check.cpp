// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/check.h"

namespace vexfs {

namespace {

class Checker {
  public:
    explicit Checker(Store& store)
        : store_(store), layout_(store.layout()), reached_(layout_, FreeMap::Policy::kLowestFirst) {
    }

    CheckReport run() {
        const Uberblock& uberblock = store_.uberblock();
        check_node(uberblock.root, PackedKey(), PackedKey::highest(), uberblock.txg);
        compare_bitmaps();
        check_labels();
        check_opened();
        report_.used_blocks = reached_.used_on_disk();
        return std::move(report_);
    }

  private:
    void find(Error error, const PackedKey& key, uint64_t address) {
        ++report_.problems;
        if (report_.findings.size() < CheckReport::kFindingsMax) {
            const Key at = key.unpacked();
            report_.findings.push_back({error, at.oid, at.sub, address});
        }
    }
    void find(const char* what, const PackedKey& key, uint64_t address) {
        find(fail(Code::kEUCLEAN, what), key, address);
    }

    void reach(std::span<const Segment> segments, const PackedKey& key) {
        for (const Segment segment : segments) {
            if (!segment)
                continue;
            if (const Status status = reached_.mark(segment); !status)
                find(status.error(), key, segment.first());
        }
    }

    void check_node(const Pointer& pointer, const PackedKey& lower, const PackedKey& upper,
                    uint64_t txg_max) {
        const uint64_t address = pointer.segments[0].first();
        if (const Status status = validate_pointer(pointer, layout_); !status)
            return find(status.error(), lower, address);
        ++report_.nodes;
        reach(pointer.segments, lower);
        if (pointer.birth > txg_max)
            find("node: younger than its parent", lower, address);
        Result<PageHandle> page = store_.nodes().read_copy(pointer, false);
        if (!page)
            find(page.error(), lower, address);
        bool rescued = false;
        if (pointer.second != 0) {
            Result<PageHandle> copy = store_.nodes().read_copy(pointer, true);
            if (!copy)
                find(copy.error(), lower, pointer.segments[pointer.second].first());
            rescued = page.has_value() != copy.has_value();
            if (!page)
                page = copy;
        }
        report_.damage.nodes_rescued += rescued ? 1 : 0;
        if (!page) {
            ++report_.damage.nodes_lost;
            return;
        }
        const NodeView node((*page)->bytes);
        if (node.head().lower != lower || node.head().upper != upper)
            return find("node: fences are not what the parent says", lower, address);
        if (node.leaf())
            return check_items(node);
        for (size_t i = 0; i < node.count(); ++i) {
            const Pointer child = node.child(i);
            if (child.level + 1 != node.head().level)
                find("node: level of a child", node.key(i), child.segments[0].first());
            else
                check_node(child, node.key(i), node.upper_of(i), pointer.birth);
        }
    }

    void check_items(const NodeView& leaf) {
        for (size_t i = 0; i < leaf.count(); ++i) {
            ++report_.items;
            const PackedKey& packed = leaf.key(i);
            const Key key = packed.unpacked();
            if (key.oid == kVolumeOid)
                check_volume_item(packed, leaf.value(i));
            else if (key.type == static_cast<uint8_t>(ItemType::kRecord))
                check_record(packed, leaf.value(i), leaf.head().birth);
        }
    }

    void check_volume_item(const PackedKey& packed, Bytes value) {
        const Key key = packed.unpacked();
        if (key.type == static_cast<uint8_t>(ItemType::kOrphan)) {
            ++report_.orphans;
            if (!value.empty() || key.sub == kVolumeOid || key.tie != 0)
                find("orphan: the item is malformed", packed, 0);
        } else if (key.type == static_cast<uint8_t>(ItemType::kCounter)) {
            if (value.size() != sizeof(uint64_t))
                find("counter: size", packed, 0);
        } else {
            find("volume: an item of unknown type", packed, 0);
        }
    }

    void check_record(const PackedKey& packed, Bytes value, uint64_t txg_max) {
        ++report_.records;
        const Key key = packed.unpacked();
        if (key.sub % layout_.header().record_bytes != 0 || key.tie != 0)
            find("record: offset", packed, 0);
        const Result<RecordItem> record = decode_record(value, layout_);
        if (!record)
            return find(record.error(), packed, 0);
        report_.data_bytes += record->head.logical_bytes;
        if (record->head.kind == RecordHead::kInline)
            return;
        const uint64_t address = record->segments[0].first();
        reach(record->segments, packed);
        if (record->head.birth > txg_max)
            find("record: younger than its node", packed, address);
        if (const Result<Page> content = read_record(store_.device(), *record); !content) {
            ++report_.damage.records_lost;
            find(content.error(), packed, address);
        }
    }

    // What the open found and went on without.
    void check_opened() {
        const StoreDamage& damage = store_.damage();
        for (const std::optional<Error>& found : {damage.labels, damage.free_map, damage.log})
            if (found)
                find(*found, PackedKey(), 0);
        if (damage.operations > 0)
            find("log: operations on what is damaged in the tree could not be replayed",
                 PackedKey(), 0);
    }

    void compare_bitmaps() {
        if (store_.damage().free_map)
            return;
        const FreeMap& on_disk = store_.free_map();
        for (uint64_t r = 0; r < layout_.regions(); ++r) {
            const uint64_t start = layout_.region_start(r);
            for (uint64_t block = start; block < start + layout_.region_size(r); ++block) {
                if (reached_.on_disk(block) == on_disk.on_disk(block))
                    continue;
                find(reached_.on_disk(block) ? "bitmap: a used block is marked free"
                                             : "bitmap: a block that nothing uses is marked used",
                     PackedKey(), block);
            }
        }
        if (store_.uberblock().used_blocks != reached_.used_on_disk())
            find("uberblock: count of used blocks", PackedKey(), 0);
    }

    void check_labels() {
        const LabelSurvey labels = LabelSurvey::read(store_.device(), layout_);
        for (uint32_t label = 0; label < Layout::kLabels; ++label) {
            if (!labels.header_sound(label))
                find("label: a copy of the header is damaged", PackedKey(),
                     layout_.header_block(label));
            for (uint64_t slot = 0; slot < labels.slots().size(); ++slot) {
                const uint64_t block = layout_.uberblock_block(label, slot);
                if (labels.slots()[slot][label].state == LabelSlot::State::kDamaged)
                    find("label: a copy of an uberblock is damaged", PackedKey(), block);
                else if (labels.amiss(label, slot))
                    find("label: a copy of an uberblock was not written", PackedKey(), block);
            }
        }
        if (labels.hides_newer() && !store_.damage().labels)
            find("label: both first labels are damaged and may have had a newer commit",
                 PackedKey(), 0);
    }

    Store& store_;
    const Layout& layout_;
    FreeMap reached_;
    CheckReport report_;
};

} // namespace

CheckReport check(Store& store) {
    const auto run = [&]() -> Result<CheckReport> {
        return Checker(store).run();
    };
    Result<CheckReport> report = guard(fail(Code::kENOMEM, "check: no memory"), run);
    if (report)
        return std::move(*report);
    CheckReport cut_off;
    cut_off.problems = 1;
    return cut_off;
}

} // namespace vexfs
