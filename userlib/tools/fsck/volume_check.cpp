// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/fsck/volume_check.h"

#include "userlib/collection/item.h"
#include "userlib/device/file_device.h"
#include "userlib/device/signature.h"

namespace vexfs {

namespace {

using Mode = FsckOptions::Mode;

Look look(Device& device, const StoreOptions& options) {
    Look found;
    const auto store = Store::open(device, options);
    if (!store) {
        found.refusal = store.error();
        return found;
    }
    found.header = (*store)->layout().header();
    found.txg = (*store)->uberblock().txg;
    found.log_damaged = (*store)->damage().log.has_value();
    found.report = check(**store);
    found.collections = check_collections(**store);
    const NamesGuests guests{found.collections.objects,
                             {static_cast<uint8_t>(CollectionItem::kRows)},
                             {static_cast<uint8_t>(CollectionItem::kGraph)}};
    found.names = check_names(**store, guests);
    return found;
}

std::string repair_words(const StoreOptions& options) {
    std::string words;
    auto add = [&](const std::string& word) {
        words += (words.empty() ? "" : ", ") + word;
    };
    if (options.rewind_txg != UINT64_MAX)
        add("go back to commit " + std::to_string(options.rewind_txg));
    if (options.rebuild_free_map)
        add("count the blocks in use anew");
    if (options.truncate_log)
        add("give up what lies behind the damage in the log");
    if (words.empty())
        add("replay the log, write damaged copies of the labels anew");
    return words;
}

// What may be tried on a damaged volume, the mildest first.
std::vector<StoreOptions> repairs_for(const FsckOptions& options, bool clean) {
    std::vector<StoreOptions> repairs;
    StoreOptions named;
    named.rewind_txg = options.rewind_txg.value_or(UINT64_MAX);
    named.rebuild_free_map = options.rebuild_free_map;
    named.truncate_log = options.truncate_log;
    if (options.named_repair()) {
        repairs.push_back(named);
        return repairs;
    }
    if (clean || options.mode == Mode::kLook)
        return repairs;
    for (const bool truncate : {false, true}) {
        if (truncate && options.mode != Mode::kRepair)
            break;
        for (const bool rebuild : {false, true}) {
            named.truncate_log = truncate;
            named.rebuild_free_map = rebuild;
            repairs.push_back(named);
        }
    }
    return repairs;
}

} // namespace

int VolumeCheck::exit_status() const {
    if (!after)
        return before.clean() ? kFsckClean : kFsckUncorrected;
    if (!after->clean())
        return kFsckUncorrected;
    return kFsckCorrected;
}

Result<VolumeCheck> check_volume(const FsckOptions& options, std::string& explanation) {
    FileOptions open;
    open.read_only = options.mode == Mode::kLook && !options.named_repair();
    const auto device = VEXFS_TRY(FileDevice::open(options.target, open, explanation));
    // Some labels survive when another file system is made in the place of a volume.
    VEXFS_TRY_VOID(refuse_foreign(options.target, device->descriptor(), explanation));

    VolumeCheck result;
    StoreOptions reading;
    reading.read_only = true;
    result.before = look(*device, reading);
    // Neither of these is damage: there is no volume, or one of another version.
    if (result.before.refusal && (result.before.refusal->code == Code::kEINVAL ||
                                  result.before.refusal->code == Code::kEOPNOTSUPP)) {
        explanation = options.target + ": " + result.before.refusal->what;
        return *result.before.refusal;
    }
    for (const StoreOptions& repair : repairs_for(options, result.before.store_clean())) {
        result.repairs.push_back(repair_words(repair));
        result.after = look(*device, repair);
        if (result.after->store_clean())
            break;
    }
    return result;
}

Result<SalvageSummary> salvage_volume(const FsckOptions& options, std::string& explanation) {
    FileOptions open;
    open.read_only = true;
    const auto device = VEXFS_TRY(FileDevice::open(options.target, open, explanation));
    auto summary = salvage_files(*device, options.salvage_directory, explanation);
    if (!summary &&
        (summary.error().code == Code::kEINVAL || summary.error().code == Code::kEOPNOTSUPP))
        explanation = options.target + ": " + summary.error().what;
    return summary;
}

} // namespace vexfs
