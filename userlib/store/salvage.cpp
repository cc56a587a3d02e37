// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/salvage.h"

#include <algorithm>

#include "base/guard.h"
#include "userlib/store/record_batch.h"
#include "userlib/store/salvage_log.h"

namespace vexfs {

namespace {

struct Range {
    PackedKey from;
    PackedKey end;
};

class Salvager {
  public:
    Salvager(Device& device, const Layout& layout, std::vector<Uberblock> commits,
             SalvageSink& sink)
        : device_(device), layout_(layout), commits_(std::move(commits)),
          log_(SalvageLog::read(device, layout, commits_.front())), sink_(sink), cache_(0),
          nodes_(device, layout_, cache_), wanted_{{PackedKey(), PackedKey::highest()}} {}

    Result<SalvageReport> run() {
        SalvageReport report;
        report.header = layout_.header();
        report.newest_txg = commits_.front().txg;
        for (const Uberblock& commit : commits_) {
            if (wanted_.empty())
                break;
            ++report.commits;
            VEXFS_TRY_VOID(walk_commit(commit));
        }
        txg_ = commits_.front().txg + 1;
        VEXFS_TRY_VOID(take_log());
        report.damaged_nodes = damaged_nodes_;
        report.log_operations = log_.operations();
        report.log_damaged = log_.damaged();
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
        if (log_.destroyed(key.oid))
            return ok();
        if (key.oid == kVolumeOid || key.type != static_cast<uint8_t>(ItemType::kRecord))
            return log_.items().count(PackedKey(key)) != 0 ? ok() : sink_.item(key, value, txg_);
        const RecordId id{key.oid, key.sub};
        SalvagedRecord record = read(value);
        uint64_t txg = txg_;
        if (log_.touches(id)) {
            log_.change(id, record);
            taken_.insert(id);
            txg = commits_.front().txg + 1;
        }
        return emit(id, record, txg, true);
    }

    // The record as far as it can be read.
    SalvagedRecord read(Bytes item) {
        SalvagedRecord content;
        const Result<RecordItem> record = decode_record(item, layout_);
        if (!record) {
            content.resize(layout_.header().record_bytes, true);
        } else if (record->head.kind == RecordHead::kInline) {
            content.bytes.assign(record->inlined.begin(), record->inlined.end());
            content.lost.resize(content.bytes.size());
        } else if (Result<Page> whole = read_record(device_, *record); whole) {
            content.bytes = std::move(*whole);
            content.lost.resize(content.bytes.size());
        } else {
            content.resize(record->head.logical_bytes, true);
            if (is_seekable(record->head))
                read_pieces(*record, content);
        }
        return content;
    }

    // Each block has a checksum, so a part of a record that is read piece by piece may be good.
    void read_pieces(const RecordItem& record, SalvagedRecord& content) {
        const size_t step = piece_bytes(record.head);
        for (size_t begin = 0; begin < content.bytes.size(); begin += step) {
            const size_t count = std::min(step, content.bytes.size() - begin);
            const MutableBytes piece = MutableBytes(content.bytes).subspan(begin, count);
            if (!read_record_piece(device_, record, begin, piece))
                continue;
            std::fill_n(content.lost.begin() + static_cast<ptrdiff_t>(begin), count, false);
        }
    }

    // Hands on each stretch of known bytes, and tells of each that is lost.
    Status emit(const RecordId& id, const SalvagedRecord& record, uint64_t txg, bool tell_lost) {
        for (size_t begin = 0, end = 0; begin < record.bytes.size(); begin = end) {
            const bool lost = record.lost[begin];
            while (end < record.bytes.size() && record.lost[end] == lost)
                ++end;
            const Bytes stretch = Bytes(record.bytes).subspan(begin, end - begin);
            if (!lost)
                VEXFS_TRY_VOID(sink_.data(id.oid, id.offset + begin, stretch, txg));
            else if (tell_lost)
                VEXFS_TRY_VOID(sink_.lost_data(id.oid, id.offset + begin, stretch.size()));
        }
        return ok();
    }

    // What the log has and no tree.
    Status take_log() {
        for (const auto& [key, value] : log_.items())
            if (value && !log_.destroyed(key.unpacked().oid))
                VEXFS_TRY_VOID(sink_.item(key.unpacked(), *value, txg_));
        for (const RecordId& id : log_.written()) {
            if (taken_.count(id) != 0 || log_.destroyed(id.oid))
                continue;
            // Below a damaged node nobody knows what was there before, or whether anything was.
            const PackedKey key = record_key(id.oid, id.offset);
            const bool unknown = std::ranges::any_of(
                wanted_, [&](const Range& range) { return key >= range.from && key < range.end; });
            SalvagedRecord record;
            record.resize(unknown ? layout_.header().record_bytes : 0, true);
            log_.change(id, record);
            VEXFS_TRY_VOID(emit(id, record, txg_, false));
        }
        return ok();
    }

    Device& device_;
    const Layout& layout_;
    const std::vector<Uberblock> commits_; // newest first
    const SalvageLog log_;
    std::set<RecordId> taken_; // of those that the log changes
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
        std::vector<Uberblock> commits = VEXFS_TRY(LabelSurvey::read(device, layout).commits());
        return Salvager(device, layout, std::move(commits), sink).run();
    });
}

} // namespace vexfs
