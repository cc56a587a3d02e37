// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/salvage.h"

#include <algorithm>

#include "base/guard.h"
#include "userlib/store/record.h"

namespace vexfs {

namespace {

struct Range {
    PackedKey from;
    PackedKey end;
};

class Salvager {
  public:
    Salvager(Device& device, const Layout& layout, SalvageSink& sink)
        : device_(device), layout_(layout), sink_(sink), cache_(0),
          nodes_(device, layout_, cache_), wanted_{{PackedKey(), PackedKey::highest()}} {}

    Result<SalvageReport> run() {
        SalvageReport report;
        report.header = layout_.header();
        const std::vector<Uberblock> commits =
            VEXFS_TRY(LabelSurvey::read(device_, layout_).commits());
        report.newest_txg = commits.front().txg;
        for (const Uberblock& commit : commits) {
            if (wanted_.empty())
                break;
            ++report.commits;
            VEXFS_TRY_VOID(walk_commit(commit));
        }
        report.damaged_nodes = damaged_nodes_;
        for (const Range& range : wanted_)
            VEXFS_TRY_VOID(sink_.lost_keys(range.from.unpacked(), range.end.unpacked()));
        return report;
    }

  private:
    Status walk_commit(const Uberblock& uberblock) {
        txg_ = uberblock.txg;
        const std::vector<Range> ranges = std::exchange(wanted_, {});
        for (const Range& range : ranges)
            VEXFS_TRY_VOID(walk(uberblock.root, {PackedKey(), PackedKey::highest()}, range));
        return ok();
    }

    // Takes what the node, which covers `covers`, has of the range; what it cannot is wanted still.
    Status walk(const Pointer& pointer, const Range& covers, const Range& range) {
        const Range part{std::max(covers.from, range.from), std::min(covers.end, range.end)};
        if (part.from >= part.end)
            return ok();
        const Result<PageHandle> page = nodes_.read(pointer);
        if (!page && page.error().code == Code::kENOMEM)
            return page.error();
        const bool sound = page && NodeView((*page)->bytes).head().lower == covers.from &&
                           NodeView((*page)->bytes).head().upper == covers.end;
        if (!sound) {
            ++damaged_nodes_;
            wanted_.push_back(part);
            return ok();
        }
        const NodeView node((*page)->bytes);
        for (size_t i = 0; i < node.count(); ++i) {
            if (node.leaf()) {
                if (node.key(i) >= part.from && node.key(i) < part.end)
                    VEXFS_TRY_VOID(take(node.key(i).unpacked(), node.value(i)));
                continue;
            }
            const Range below{node.key(i), node.upper_of(i)};
            if (node.child(i).level + 1 == node.head().level)
                VEXFS_TRY_VOID(walk(node.child(i), below, part));
            else
                wanted_.push_back(below);
        }
        return ok();
    }

    Status take(const Key& key, Bytes value) {
        if (key.oid == kVolumeOid || key.type != static_cast<uint8_t>(ItemType::kRecord))
            return sink_.item(key, value, txg_);
        const Result<RecordItem> record = decode_record(value, layout_);
        if (!record)
            return sink_.lost_data(key.oid, key.sub, layout_.header().record_bytes);
        if (record->head.kind == RecordHead::kInline)
            return sink_.data(key.oid, key.sub, record->inlined, txg_);
        if (const Result<Page> content = read_record(device_, *record))
            return sink_.data(key.oid, key.sub, *content, txg_);
        if (record->head.codec != CodecId::kNone)
            return sink_.lost_data(key.oid, key.sub, record->head.logical_bytes);
        return take_blocks(key, *record);
    }

    // A record that is not compressed has a checksum for each block, so a part of it may be good.
    Status take_blocks(const Key& key, const RecordItem& record) {
        for (uint32_t i = 0; i < blocks_for(record.head.stored_bytes); ++i) {
            const size_t begin = size_t{i} * kBlockBytes;
            const size_t count = std::min<size_t>(kBlockBytes, record.head.logical_bytes - begin);
            const Result<BlockBuffer> block = read_record_blocks(device_, record, i, 1);
            VEXFS_TRY_VOID(block ? sink_.data(key.oid, key.sub + begin,
                                              block.value().bytes().first(count), txg_)
                                 : sink_.lost_data(key.oid, key.sub + begin, count));
        }
        return ok();
    }

    Device& device_;
    const Layout& layout_;
    SalvageSink& sink_;
    BlockCache cache_;
    NodeReader nodes_;
    std::vector<Range> wanted_;
    uint64_t txg_ = 0; // of the commit that is being walked
    uint64_t damaged_nodes_ = 0;
};

} // namespace

Result<SalvageReport> salvage(Device& device, SalvageSink& sink) {
    return guard(fail(Code::kENOMEM, "salvage: no memory"), [&]() -> Result<SalvageReport> {
        const Header header = VEXFS_TRY(Label::read_header(device));
        VEXFS_TRY_VOID(check_features(header.features_write, header.features_read, false));
        const Layout layout = VEXFS_TRY(Layout::of(header));
        return Salvager(device, layout, sink).run();
    });
}

} // namespace vexfs
