// SPDX-License-Identifier: Apache-2.0
//
// How a volume comes to be and how it is opened: format, choice of the commit in force.
#include "userlib/store/store.h"

#include <algorithm>

#include "base/log.h"
#include "userlib/store/reach.h"

namespace vexfs {

namespace {

// The log is what an open after a crash has to do again, so its size bounds the time of that. It
// need not be large: a commit writes a changed node once, however often the log tells of it.
constexpr uint64_t kLogBlocksDefault = (uint64_t{8} << 20) / kBlockBytes;

Header make_header(uint64_t device_blocks, const FormatOptions& options) {
    Header header;
    header.volume_id = options.volume_id;
    options.label.copy(header.label.data(), header.label.size());
    header.device_blocks = device_blocks;
    header.log_blocks = options.log_blocks;
    if (header.log_blocks == 0)
        header.log_blocks = std::min(kLogBlocksDefault, device_blocks / 8);
    header.node_bytes = options.node_bytes;
    header.record_bytes = options.record_bytes;
    header.region_blocks = options.region_blocks;
    header.uberblock_slots = options.uberblock_slots;
    header.inline_bytes = options.inline_bytes;
    return header;
}

Uberblock first_uberblock(const Header& header) {
    Uberblock uberblock;
    uberblock.volume_id = header.volume_id;
    uberblock.epoch = 1;
    uberblock.txg = 1;
    uberblock.log_sequence = 1;
    return uberblock;
}

FreeMap::Written map_of(const Uberblock& commit) {
    return {commit.summary_slot, commit.summary_checksum, commit.used_blocks};
}

} // namespace

Result<Layout> plan_store(uint64_t device_blocks, const FormatOptions& options) {
    return Layout::of(make_header(device_blocks, options));
}

namespace {

Status format_volume(Device& device, const FormatOptions& options) {
    const Layout layout = VEXFS_TRY(plan_store(device.geometry().size_blocks(), options));
    Label label(device, layout);
    VEXFS_TRY_VOID(label.format());
    VEXFS_TRY_VOID(Log(device, layout).format());

    BlockCache cache(0);
    NodeReader reader(device, layout, cache);
    FreeMap free_map(layout, FreeMap::Policy::kLowestFirst);
    Tree tree(reader, free_map, options.node_bytes);
    tree.create(1);
    const WrittenTree written = VEXFS_TRY(write_tree(tree.freeze(2), device, free_map, 1, 2));
    const FreeMap::Written map = VEXFS_TRY(free_map.write(device, 1));
    VEXFS_TRY_VOID(device.flush());

    Uberblock uberblock = first_uberblock(layout.header());
    uberblock.root = written.root;
    uberblock.summary_slot = map.summary_slot;
    uberblock.summary_checksum = map.summary_checksum;
    uberblock.used_blocks = map.used_blocks;
    VEXFS_TRY_VOID(label.write(uberblock));
    VEXFS_TRY_VOID(label.write_far(uberblock));
    return device.flush();
}

} // namespace

Status format_store(Device& device, const FormatOptions& options) {
    return guard(fail(Code::kENOMEM, "format: no memory"),
                 [&] { return format_volume(device, options); });
}

Store::Store(Device& device, const Layout& layout, const StoreOptions& options)
    : device_(device), options_(options), layout_(layout),
      cache_(options.cache_bytes, options.cold, options.cache_policy),
      nodes_(device, layout_, cache_), free_map_(layout_, options.policy), label_(device, layout_),
      log_(device, layout_), compression_(options.compression),
      tree_(nodes_, free_map_, layout_.header().node_bytes),
      objects_(device, layout_, tree_, free_map_, cache_, nodes_.damage_log()) {}

Result<std::unique_ptr<Store>> Store::open(Device& device, const StoreOptions& options) {
    return guarded([&] { return open_volume(device, options); });
}

Result<std::unique_ptr<Store>> Store::open_volume(Device& device, const StoreOptions& options) {
    const Header header = VEXFS_TRY(Label::read_header(device));
    VEXFS_TRY_VOID(check_features(header.features_write, header.features_read, !options.read_only));
    const Layout layout = VEXFS_TRY(Layout::of(header));
    std::unique_ptr<Store> store(new Store(device, layout, options));

    const LabelSurvey labels = LabelSurvey::read(device, layout);
    const std::vector<Uberblock> commits = VEXFS_TRY(labels.commits());
    if (options.rewind_txg == UINT64_MAX)
        VEXFS_TRY_VOID(store->take_newest(labels, commits));
    else
        VEXFS_TRY_VOID(store->rewind(commits));
    const Uberblock& in_force = store->uberblock_;
    VEXFS_TRY_VOID(
        check_features(in_force.features_write, in_force.features_read, !options.read_only));
    // Each commit that was lost may have begun an epoch of its own, and left a log of it.
    const uint64_t lost = labels.hides_newer() ? labels.slots().size() : 0;
    VEXFS_TRY_VOID(store->load(labels, commits.front().epoch + lost));
    return store;
}

// Labels 2 and 3 lag a commit behind: to take what they have for the newest would lose that commit
// in silence.
Status Store::take_newest(const LabelSurvey& labels, const std::vector<Uberblock>& commits) {
    uberblock_ = commits.front();
    if (!labels.hides_newer())
        return ok();
    constexpr Error kHidden =
        fail(Code::kEUCLEAN, "label: both first labels are damaged and may have had a newer "
                             "commit; fsck.vexfs --rewind takes the newest that is left");
    return refuse_damage(kHidden, kHidden, damage_.labels);
}

// Writing would make it worse, reading does without it. Said once, where it is found.
Status Store::refuse_damage(Error damage, Error cause, std::optional<Error>& kept) {
    tell_damage(damage.what, cause, uberblock_.txg);
    if (!options_.read_only)
        return damage;
    kept = damage;
    return ok();
}

void Store::tell_damage(const char* sentence, Error cause, uint64_t txg) const {
    log(LogLevel::kWarning, "store", sentence,
        {{"volume", device_.identity()}, {"txg", txg}, {"cause", cause}});
}

// Nothing is written before the commit that was asked for has proved to be whole. If it is not, the
// next older one that is can be named, but nobody asked for it: it may be the empty volume.
Status Store::rewind(const std::vector<Uberblock>& commits) {
    const Uberblock& newest = commits.front();
    std::optional<uint64_t> target;
    for (const Uberblock& commit : commits) {
        if (commit.txg > options_.rewind_txg)
            continue;
        free_map_.format_beside(device_, map_of(newest), newest.txg);
        const Status whole = check_whole(commit);
        if (whole && commit.txg == target.value_or(commit.txg)) {
            uberblock_ = commit;
            // The log goes on from the newest commit that is left, whatever was lost behind it.
            with_log_ = &commit == &newest;
            return ok();
        }
        target = target.value_or(commit.txg);
        if (whole) {
            log(LogLevel::kWarning, "store", "the newest commit that one can go back to",
                {{"volume", device_.identity()}, {"txg", commit.txg}});
            break;
        }
        if (whole.error().code == Code::kENOMEM)
            return whole;
        tell_damage("a commit is not whole, one cannot go back to it", whole.error(), commit.txg);
    }
    if (!target)
        return fail(Code::kEUCLEAN, "rewind: no label has a commit that old");
    return fail(Code::kEUCLEAN, "rewind: the commit is not whole, and nothing was changed; the log "
                                "names it, and the one to go back to instead");
}

// Counts what the commit uses, too.
Status Store::check_whole(const Uberblock& commit) {
    VEXFS_TRY_VOID(mark_reachable(commit, nodes_, layout_, free_map_));
    if (free_map_.used_on_disk() != commit.used_blocks && !options_.rebuild_free_map)
        return fail(Code::kEUCLEAN, "uberblock: count of used blocks");
    return ok();
}

Status Store::load(const LabelSurvey& labels, uint64_t epoch) {
    // What this open reads may still be in the cache of a device whose last owner was killed.
    if (!options_.read_only)
        VEXFS_TRY_VOID(device_.flush());
    VEXFS_TRY_VOID(validate_pointer(uberblock_.root, layout_));
    {
        WriteLock lock(lock_);
        txg_ = uberblock_.txg + 1;
        tree_.open(uberblock_.root, txg_);
    }
    if (const auto root = nodes_.read(uberblock_.root); !root) {
        tell_damage("the root of the tree cannot be read", root.error(), uberblock_.txg);
        return fail(root.error().code, "open: the root of the tree cannot be read; fsck.vexfs "
                                       "--rewind goes back to an older commit");
    }
    VEXFS_TRY_VOID(load_free_map());
    // Once this epoch is on disk, nothing that an earlier owner still has under way can pass for
    // the newest.
    epoch_ = epoch + 1;
    VEXFS_TRY_VOID(replay());
    if (options_.read_only)
        return ok();
    VEXFS_TRY_VOID(label_.mend(labels));
    MutexLock lock(commit_mutex_);
    do
        VEXFS_TRY_VOID(run_stage());
    while (stage_ != Stage::kIdle);
    return ok();
}

Status Store::load_free_map() {
    if (options_.rewind_txg != UINT64_MAX)
        return ok(); // rewind() has counted it
    if (options_.rebuild_free_map) {
        free_map_.format_beside(device_, map_of(uberblock_), uberblock_.txg);
        return mark_reachable(uberblock_, nodes_, layout_, free_map_);
    }
    const Status loaded = free_map_.load(device_, map_of(uberblock_), uberblock_.txg);
    if (loaded || loaded.error().code == Code::kENOMEM)
        return loaded;
    return refuse_damage(fail(loaded.error().code, "open: the free map is damaged; fsck.vexfs "
                                                   "--rebuild-freemap counts it anew"),
                         loaded.error(), damage_.free_map);
}

} // namespace vexfs
