// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/objects.h"

#include <algorithm>
#include <set>

#include "base/assert.h"

namespace vexfs {

namespace {

// Of records that are read whole, so that what a read needs in memory is bounded: 4 MiB.
constexpr size_t kBlocksAtOnce = 1024;

void trim(Page& content) {
    while (!content.empty() && content.back() == std::byte{0})
        content.pop_back();
}

// out = content[begin, begin + out.size()), zero where content has ended.
void copy_out(Bytes content, size_t begin, MutableBytes out) {
    const size_t have = begin < content.size() ? std::min(out.size(), content.size() - begin) : 0;
    if (have > 0)
        std::memcpy(out.data(), content.data() + begin, have);
    if (have < out.size())
        std::memset(out.data() + have, 0, out.size() - have);
}

} // namespace

Objects::Objects(Device& device, const Layout& layout, Tree& tree, FreeMap& free_map,
                 BlockCache& cache, DamageLog& damage_log)
    : device_(device), layout_(layout), tree_(tree), free_map_(free_map), cache_(cache),
      damage_log_(damage_log) {}

Error Objects::lost(const RecordId& id, uint64_t address, Error cause) const {
    damage_log_.lost_record(id.oid, id.offset, address, cause);
    return fail(Code::kEIO, cause.what);
}

bool Objects::is_numbers(uint64_t oid) const {
    const auto form = forms_.find(oid);
    return form != forms_.end() && form->second.numbers;
}

std::string_view Objects::pool_of(uint64_t oid) const {
    const auto form = forms_.find(oid);
    return form != forms_.end() ? form->second.pool : std::string_view();
}

bool Objects::is_pieced(const RecordId& id, const RecordItem& record) const {
    return is_numbers(id.oid) && is_seekable(record.head) &&
           unwritten_.find(record.segments[0].first()) == unwritten_.end();
}

Result<Page> Objects::load_packed(uint64_t oid, const RecordItem& record, ReadWidth width) const {
    const uint64_t address = record.segments[0].first();
    const size_t bytes = record.head.stored_bytes;
    if (const auto packed = cache_.map_stored(address, record.head.birth);
        packed && packed->bytes().size() == bytes)
        return decode_content(record.head, packed->bytes());
    const BlockBuffer blocks = VEXFS_TRY(read_record_blocks(device_, record, 0, blocks_for(bytes)));
    const Bytes stored = blocks.bytes().first(bytes);
    if (width != ReadWidth::kOnce)
        cache_.put_stored(address, record.head.birth, stored, pool_of(oid));
    return decode_content(record.head, stored);
}

RecordContent Objects::in_memory(const RecordItem& record, ReadWidth width, size_t begin) const {
    const uint64_t address = record.segments[0].first();
    if (const auto found = unwritten_.find(address); found != unwritten_.end())
        return found->second;
    using Use = Cache<CachedBlock>::Use;
    const bool again = width == ReadWidth::kInTurn && begin > 0;
    const PageHandle cached = cache_.get(address, again ? Use::kUncounted : Use::kCounted);
    if (!cached || cached->birth != record.head.birth)
        return nullptr;
    return {cached, &cached->bytes};
}

PageHandle Objects::in_cache_form(const RecordItem& record, Page content) {
    auto block = std::make_shared<CachedBlock>();
    block->birth = record.head.birth;
    block->kind = BlockKind::kRecord;
    block->bytes = std::move(content);
    return block;
}

RecordContent Objects::take_in(const RecordItem& record, Page content, ReadWidth width) const {
    const PageHandle cached = in_cache_form(record, std::move(content));
    if (width != ReadWidth::kOnce)
        cache_.put(record.segments[0].first(), cached);
    return {cached, &cached->bytes};
}

Result<RecordContent> Objects::load_stored(const RecordId& id, const RecordItem& record,
                                           ReadWidth width, size_t begin) const {
    if (RecordContent content = in_memory(record, width, begin))
        return content;
    Result<Page> content = is_numbers(id.oid) && !is_seekable(record.head)
                               ? load_packed(id.oid, record, width)
                               : read_record(device_, record);
    if (!content)
        return lost(id, record.segments[0].first(), content.error());
    return take_in(record, std::move(*content), width);
}

Result<RecordContent> Objects::load(const RecordId& id) const {
    if (const auto found = dirty_.find(id); found != dirty_.end())
        return found->second;
    const std::optional<Page> item = VEXFS_TRY(tree_.get(record_key(id.oid, id.offset)));
    if (!item)
        return std::make_shared<const Page>();
    const RecordItem record = VEXFS_TRY(decode_record(*item, layout_));
    if (record.head.kind == RecordHead::kInline)
        return std::make_shared<const Page>(record.inlined.begin(), record.inlined.end());
    if (!is_pieced(id, record))
        return load_stored(id, record, ReadWidth::kPiece);
    Page content(record.head.logical_bytes);
    PieceBatch batch(device_, cache_, ReadWidth::kPiece);
    batch.add(0, record, 0, content, pool_of(id.oid));
    for (const PieceBatch::Failure& failure : batch.read())
        return lost(id, failure.address, failure.error);
    return std::make_shared<const Page>(std::move(content));
}

Status Objects::read_piece(const Wanted& wanted, Asked& asked, size_t number) const {
    const RecordId& id = wanted.id;
    const size_t begin = wanted.begin;
    const MutableBytes out = wanted.out;
    if (dirty_.find(id) != dirty_.end()) {
        copy_out(*dirty_.at(id), begin, out);
        return ok();
    }
    const std::optional<Page> item = VEXFS_TRY(tree_.get(record_key(id.oid, id.offset)));
    if (!item) {
        copy_out({}, 0, out);
        return ok();
    }
    RecordItem record = VEXFS_TRY(decode_record(*item, layout_));
    if (record.head.kind == RecordHead::kInline) {
        copy_out(record.inlined, begin, out);
        return ok();
    }
    // A small piece of a large record is read without the rest of it.
    const uint64_t address = record.segments[0].first();
    const bool small = asked.width == ReadWidth::kPiece && is_seekable(record.head) &&
                       out.size() * 4 <= record.head.logical_bytes &&
                       unwritten_.find(address) == unwritten_.end() && !cache_.get(address);
    if (small || is_pieced(id, record)) {
        asked.pieces.add(number, record, begin, out, pool_of(id.oid));
    } else if (is_numbers(id.oid)) {
        copy_out(*VEXFS_TRY(load_stored(id, record, asked.width, begin)), begin, out);
    } else if (const RecordContent content = in_memory(record, asked.width, begin)) {
        copy_out(*content, begin, out);
    } else {
        // Pieces of one record come one after the other.
        if (asked.wanted.empty() || asked.wanted.back().id != id)
            asked.records.add(std::move(record));
        asked.wanted.push_back(wanted);
        asked.wanted.back().record = asked.records.count() - 1;
    }
    return ok();
}

void Objects::read_wanted(Asked& asked) const {
    asked.records.read();
    auto wanted = asked.wanted.begin();
    for (size_t i = 0; i < asked.records.count(); ++i) {
        const RecordItem& record = asked.records.record(i);
        Result<Page> read = asked.records.content(i);
        Result<RecordContent> content =
            read ? Result<RecordContent>(take_in(record, std::move(*read), asked.width))
                 : lost(wanted->id, record.segments[0].first(), read.error());
        for (; wanted != asked.wanted.end() && wanted->record == i; ++wanted)
            if (content)
                copy_out(**content, wanted->begin, wanted->out);
            else
                *wanted->status = content.error();
    }
    asked.records.clear();
    asked.wanted.clear();
}

BlockCounts Objects::read(uint64_t oid, std::span<PieceRead> pieces, ReadWidth width) const {
    Asked asked{PieceBatch(device_, cache_, width), RecordBatch(device_), {}, width};
    std::vector<std::pair<RecordId, PieceRead*>> parts; // by their numbers in the batch
    for (PieceRead& piece : pieces) {
        for (size_t done = 0; done < piece.out.size() && piece.status;) {
            const uint64_t offset = piece.offset + done;
            const size_t begin = offset % record_bytes();
            const MutableBytes out =
                piece.out.subspan(done, std::min(piece.out.size() - done, record_bytes() - begin));
            const RecordId id{oid, offset - begin};
            piece.status = read_piece({id, begin, out, &piece.status}, asked, parts.size());
            parts.emplace_back(id, &piece);
            done += out.size();
            if (asked.records.blocks() >= kBlocksAtOnce)
                read_wanted(asked);
        }
    }
    read_wanted(asked);
    for (const PieceBatch::Failure& failure : asked.pieces.read()) {
        const auto& [id, piece] = parts[failure.number];
        piece->status = lost(id, failure.address, failure.error);
    }
    return asked.pieces.counts();
}

void Objects::set_dirty(const RecordId& id, RecordContent content, Undo& undo) {
    const auto found = dirty_.find(id);
    undo.records.push_back({id, found == dirty_.end() ? nullptr : found->second});
    restore({id, std::move(content)});
}

void Objects::restore(const Undo::RecordBefore& before) {
    const auto found = dirty_.find(before.id);
    if (found != dirty_.end()) {
        dirty_bytes_ -= found->second->size();
        dirty_.erase(found);
    }
    if (before.content) {
        dirty_bytes_ += before.content->size();
        dirty_.emplace(before.id, before.content);
    }
}

// Remembers the item as it is, and that its blocks are to be given up.
Status Objects::note_item(const PackedKey& key, Undo& undo) {
    std::optional<Page> before = VEXFS_TRY(tree_.get(key));
    if (before && key.unpacked().type == static_cast<uint8_t>(ItemType::kRecord)) {
        const RecordItem record = VEXFS_TRY(decode_record(*before, layout_));
        undo.released.insert(undo.released.end(), record.segments.begin(), record.segments.end());
    }
    undo.items.push_back({key, std::move(before)});
    return ok();
}

// A change of the tree that failed changed nothing, and undoing it might fail in the same way.
Status Objects::put_item(const PackedKey& key, Bytes value, Undo& undo) {
    VEXFS_TRY_VOID(note_item(key, undo));
    const Status put = tree_.put(key, value);
    if (!put)
        undo.items.pop_back();
    return put;
}

Status Objects::remove_item(const PackedKey& key, Undo& undo) {
    VEXFS_TRY_VOID(note_item(key, undo));
    const Status erased = tree_.erase(key);
    if (!erased)
        undo.items.pop_back();
    return erased;
}

Status Objects::remove_record(const RecordId& id, Undo& undo) {
    set_dirty(id, nullptr, undo);
    return remove_item(record_key(id.oid, id.offset), undo);
}

Status Objects::store_content(const RecordId& id, Page content, Undo& undo) {
    trim(content);
    if (content.empty())
        return remove_record(id, undo);
    if (content.size() <= layout_.header().inline_bytes) {
        set_dirty(id, nullptr, undo);
        return put_item(record_key(id.oid, id.offset), encode_inline_record(content), undo);
    }
    set_dirty(id, std::make_shared<const Page>(std::move(content)), undo);
    return ok();
}

// Damage around a record that is replaced whole has to be an error of the write: placing the record
// reads its item, and a commit that fails there suspends the store.
Status Objects::look_up(const RecordId& id) const {
    if (dirty_.find(id) != dirty_.end())
        return ok();
    if (const std::optional<Page> item = VEXFS_TRY(tree_.get(record_key(id.oid, id.offset))))
        VEXFS_TRY(decode_record(*item, layout_));
    return ok();
}

Status Objects::write(uint64_t oid, uint64_t offset, Bytes bytes, Undo& undo) {
    while (!bytes.empty()) {
        const size_t begin = offset % record_bytes();
        const size_t count = std::min(bytes.size(), record_bytes() - begin);
        const RecordId id{oid, offset - begin};
        Page content;
        if (count < record_bytes())
            content = *VEXFS_TRY(load(id));
        else
            VEXFS_TRY_VOID(look_up(id));
        content.resize(std::max(content.size(), begin + count));
        std::memcpy(content.data() + begin, bytes.data(), count);
        VEXFS_TRY_VOID(store_content(id, std::move(content), undo));
        bytes = bytes.subspan(count);
        offset += count;
    }
    return ok();
}

Status Objects::zero_part(const RecordId& id, size_t begin, size_t end, Undo& undo) {
    Page content = *VEXFS_TRY(load(id));
    if (begin >= content.size())
        return ok();
    end = std::min(end, content.size());
    std::memset(content.data() + begin, 0, end - begin);
    return store_content(id, std::move(content), undo);
}

Status Objects::punch(uint64_t oid, uint64_t offset, uint64_t length, Undo& undo) {
    if (length == 0)
        return ok();
    const uint64_t end = offset + length;
    const uint64_t first_start = offset - offset % record_bytes();
    const uint64_t last_start = end - end % record_bytes();
    if (first_start == last_start)
        return zero_part({oid, first_start}, offset - first_start, end - first_start, undo);
    uint64_t whole = first_start;
    if (first_start != offset) {
        VEXFS_TRY_VOID(zero_part({oid, first_start}, offset - first_start, record_bytes(), undo));
        whole = first_start + record_bytes();
    }
    if (end != last_start)
        VEXFS_TRY_VOID(zero_part({oid, last_start}, 0, end - last_start, undo));
    std::vector<RecordId> gone;
    for (auto it = dirty_.lower_bound({oid, whole}); it != dirty_.end(); ++it) {
        if (it->first.oid != oid || it->first.offset >= last_start)
            break;
        gone.push_back(it->first);
    }
    for (const RecordId& id : gone)
        VEXFS_TRY_VOID(remove_record(id, undo));
    for (;;) {
        const std::vector<Item> items = VEXFS_TRY(list_records(oid, whole, last_start, 64));
        if (items.empty())
            return ok();
        for (const Item& item : items)
            VEXFS_TRY_VOID(remove_record({oid, item.key.unpacked().sub}, undo));
    }
}

// Its form goes, too: if this is undone, what is written from then on is only stored plainly.
void Objects::drop_dirty(uint64_t oid, Undo& undo) {
    forms_.erase(oid);
    for (;;) {
        const auto it = dirty_.lower_bound({oid, 0});
        if (it == dirty_.end() || it->first.oid != oid)
            return;
        set_dirty(RecordId(it->first), nullptr, undo);
    }
}

// A damaged key may name no record at all. Whoever removes what is listed here, until nothing is
// left, relies on it that each item has the key of its record.
Result<std::vector<Item>> Objects::list_records(uint64_t oid, uint64_t offset, uint64_t end,
                                                size_t count_max) const {
    std::vector<Item> items =
        VEXFS_TRY(tree_.list(record_key(oid, offset), record_key(oid, end), count_max));
    for (const Item& item : items) {
        const Key key = item.key.unpacked();
        if (key.sub % record_bytes() != 0 || key.tie != 0)
            return fail(Code::kEUCLEAN, "record: offset");
    }
    return items;
}

Result<std::vector<uint64_t>> Objects::offsets(uint64_t oid, uint64_t offset, uint64_t end,
                                               size_t count_max) const {
    std::set<uint64_t> found; // a record may have an item and be dirty
    for (const Item& item : VEXFS_TRY(list_records(oid, offset, end, count_max)))
        found.insert(item.key.unpacked().sub);
    auto it = dirty_.lower_bound({oid, offset});
    for (size_t i = 0; i < count_max && it != dirty_.end(); ++i, ++it) {
        if (it->first.oid != oid || it->first.offset >= end)
            break;
        found.insert(it->first.offset);
    }
    std::vector<uint64_t> offsets(found.begin(), found.end());
    offsets.resize(std::min(offsets.size(), count_max));
    return offsets;
}

Result<uint64_t> Objects::stored_bytes(uint64_t oid, uint64_t& offset, size_t count_max) const {
    const std::vector<Item> items = VEXFS_TRY(list_records(oid, offset, UINT64_MAX, count_max));
    uint64_t bytes = 0;
    for (const Item& item : items) {
        const RecordItem record = VEXFS_TRY(decode_record(item.value, layout_));
        bytes += record.head.kind == RecordHead::kInline
                     ? record.inlined.size()
                     : uint64_t{blocks_for(record.head.stored_bytes)} * kBlockBytes;
    }
    const bool last = items.size() < count_max || !checked_add(items.back().key.unpacked().sub,
                                                               uint64_t{record_bytes()}, offset);
    if (last)
        offset = UINT64_MAX;
    return bytes;
}

std::vector<DirtyRecord> Objects::dirty(size_t records_max) const {
    std::vector<DirtyRecord> records;
    records.reserve(std::min(records_max, dirty_.size()));
    for (auto it = dirty_.begin(); it != dirty_.end() && records.size() < records_max; ++it) {
        const auto form = forms_.find(it->first.oid);
        records.push_back(
            {it->first, it->second, form == forms_.end() ? ObjectForm{} : form->second});
    }
    return records;
}

Status Objects::install(const DirtyRecord& record, const StoredRecord& stored, uint64_t txg) {
    const auto found = dirty_.find(record.id);
    const bool changed = found == dirty_.end() || found->second != record.content;
    Undo undo;
    Status put = ok();
    if (!changed)
        put = put_item(record_key(record.id.oid, record.id.offset), stored.item, undo);
    for (const Segment segment : changed || !put ? stored.segments : undo.released)
        free_map_.release(segment, txg);
    if (!changed && put) {
        dirty_bytes_ -= found->second->size();
        dirty_.erase(found);
    }
    return put;
}

void Objects::keep(const DirtyRecord& record, const StoredRecord& stored) {
    unwritten_[stored.segments[0].first()] = record.content;
}

void Objects::written(const std::vector<StoredRecord>& records) {
    for (const StoredRecord& record : records)
        unwritten_.erase(record.segments[0].first());
}

} // namespace vexfs
