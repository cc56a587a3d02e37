// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/row_sim/row_run.h"

#include <algorithm>

#include "userlib/collection/check.h"
#include "userlib/collection/item.h"
#include "userlib/device/ram_device.h"
#include "userlib/names/check.h"
#include "userlib/store/check.h"

namespace vexfs {

namespace {

constexpr uint64_t kBlocks = 3072;
constexpr uint64_t kSteps = 80;
constexpr uint64_t kNames = 3; // of each folder

const Caller kRoot{0, 0, {}, true};
const Timestamp kNow{1, 0};

Schema schema_of_run() {
    Schema schema;
    schema.dim = kModelDim;
    schema.index = static_cast<uint16_t>(IndexKind::kFlat);
    return schema;
}

FormatOptions format(Random& random) {
    FormatOptions format;
    format.log_blocks = random.between(8, 32);
    format.node_bytes = random.chance(1, 2) ? 8192 : 16384;
    format.record_bytes = 4096;
    format.region_blocks = 256;
    format.uberblock_slots = 4;
    format.inline_bytes = 200;
    return format;
}

template <typename T>
Status status_of(const Result<T>& result) {
    return result ? ok() : Status(result.error());
}

} // namespace

Result<RowVolumeParts> RowVolumeParts::open(Device& device, const StoreOptions& options) {
    RowVolumeParts parts;
    parts.store = VEXFS_TRY(Store::open(device, options));
    parts.names = VEXFS_TRY(Names::open(*parts.store, false));
    parts.collections = VEXFS_TRY(Collections::open(*parts.store, *parts.names, false));
    return parts;
}

void RowVolumeParts::end() {
    collections.reset();
    names.reset();
    store.reset();
}

Status RowVolumeParts::close() {
    collections.reset();
    return store->close();
}

Status RowVolumeParts::check_sound() const {
    const CheckReport report = check(*store);
    if (!report.clean())
        return report.findings[0].error;
    const CollectionsReport rows = check_collections(*store);
    if (!rows.clean())
        return rows.findings[0].error;
    const NamesGuests guests{rows.objects,
                             {static_cast<uint8_t>(CollectionItem::kRows)},
                             {static_cast<uint8_t>(CollectionItem::kGraph)}};
    const NamesReport tree = check_names(*store, guests);
    return tree.clean() ? ok() : Status(tree.findings[0].error);
}

Status RowRun::make_first_image() {
    const std::unique_ptr<RamDevice> device = VEXFS_TRY(RamDevice::create(kBlocks * kBlockBytes));
    VEXFS_TRY_VOID(format_store(*device, format(random_)));
    options_.slop_blocks_min = 128;
    options_.cache_bytes = random_.chance(1, 4) ? 0 : size_t{1} << 20;
    options_.dirty_bytes_max = random_.chance(1, 4) ? 1 : size_t{128} << 10;
    if (random_.chance(3, 4))
        options_.policy = FreeMap::Policy::kLowestFirst;
    {
        const std::unique_ptr<Store> store = VEXFS_TRY(Store::open(*device, options_));
        VEXFS_TRY_VOID(Names::create(*store, {0755}, kNow));
        VEXFS_TRY_VOID(store->close());
    }
    RowVolumeParts parts = VEXFS_TRY(RowVolumeParts::open(*device, options_));
    for (const Folder folder : {Folder::kA, Folder::kS, Folder::kP}) {
        const uint64_t parent = folder == Folder::kS ? model_.at(Folder::kA).ino : kRootIno;
        model_.at(folder).ino =
            VEXFS_TRY(parts.names->make(parent, name_of(folder), {S_IFDIR | 0755}, kNow)).ino;
    }
    VEXFS_TRY_VOID(status_of(parts.collections->set_schema(model_.at(Folder::kA).ino,
                                                           schema_of_run(), false, kRoot, kNow)));
    model_.at(Folder::kA).schema = true;
    VEXFS_TRY_VOID(parts.close());
    first_image_.assign(device->bytes().begin(), device->bytes().end());
    return ok();
}

Status RowRun::run() {
    VEXFS_TRY_VOID(make_first_image());
    device_ = std::make_unique<OverlayDevice>(first_image_);
    recorder_ = std::make_unique<RecordDevice>(*device_);
    volume_ = VEXFS_TRY(RowVolumeParts::open(*recorder_, options_));
    VEXFS_TRY_VOID(volume_.store->commit());
    recorder_->forget();
    start_ = device_->save();
    states_.push_back({model_, 0});
    acks_.push_back({0, 0});
    for (uint64_t i = 0; i < kSteps; ++i)
        VEXFS_TRY_VOID(step());
    VEXFS_TRY_VOID(volume_.store->commit());
    VEXFS_TRY_VOID(note_ack());
    if (VEXFS_TRY(read_model(*volume_.names, *volume_.collections)) != model_)
        return fail(Code::kEUCLEAN, "rows: they are not what the model is, without any crash");
    VEXFS_TRY_VOID(volume_.check_sound());
    volume_.end();
    return ok();
}

Status RowRun::note_ack() {
    acks_.push_back({recorder_->record_count(), states_.size() - 1});
    return ok();
}

Status RowRun::expect(std::optional<Code> foreseen, const Status& outcome) {
    if (outcome)
        return foreseen ? Status(fail(Code::kEUCLEAN, "rows: a verb should fail")) : ok();
    if (foreseen == outcome.error().code)
        return ok();
    return outcome.error();
}

// A long verb may be on the medium in part before it returns.
Status RowRun::step() {
    const uint64_t choice = random_.below(100);
    if (choice < 18)
        return background();
    const size_t since = recorder_->record_count();
    if (choice < 60)
        VEXFS_TRY_VOID(change_rows(choice - 18));
    else if (choice < 90)
        VEXFS_TRY_VOID(change_names(choice - 60));
    else
        VEXFS_TRY_VOID(change_folders(choice - 90));
    states_.push_back({model_, since});
    std::array<float, kModelDim> point{};
    point[0] = static_cast<float>(choice);
    VEXFS_TRY_VOID(check_searches(model_, *volume_.collections, point));
    if (random_.chance(1, 3)) {
        VEXFS_TRY_VOID(random_.chance(1, 4) ? volume_.store->commit() : volume_.store->sync());
        VEXFS_TRY_VOID(note_ack());
    }
    return ok();
}

Status RowRun::background() {
    switch (random_.below(12)) {
    case 0:
        return come_back(true);
    case 1:
        return come_back(false);
    case 2:
    case 3:
        return status_of(volume_.store->step_place(1));
    case 4:
    case 5:
    case 6:
        return status_of(volume_.store->step_reap(random_.between(1, 8)));
    default:
        return status_of(volume_.store->step_commit());
    }
}

// The process ends, or dies; the device goes on. Of what was not synced a prefix is there.
Status RowRun::come_back(bool orderly) {
    if (orderly)
        VEXFS_TRY_VOID(volume_.close());
    volume_.end();
    const size_t since = recorder_->record_count();
    volume_ = VEXFS_TRY(RowVolumeParts::open(*recorder_, options_));
    RowModel found = VEXFS_TRY(read_model(*volume_.names, *volume_.collections));
    size_t state = states_.size();
    while (state-- > acks_.back().state && states_[state].model != found) {
    }
    if (state + 1 == acks_.back().state || (orderly && states_[state].model != model_))
        return fail(Code::kEUCLEAN, "rows: a process that came back lost what it had");
    model_ = std::move(found);
    states_.push_back({model_, since});
    return note_ack();
}

RowRun::Where RowRun::any_place() {
    Folder folder = Folder::kB;
    do
        folder = kFolders[random_.below(kFolders.size())];
    while (model_.at(folder).ino == 0);
    return {folder, std::string(1, static_cast<char>('f' + random_.below(kNames)))};
}

std::optional<RowRun::Where> RowRun::any_name() {
    std::vector<Where> all;
    const bool of_collections = random_.chance(3, 4);
    for (const Folder folder : kFolders)
        for (const auto& [name, ino] : model_.at(folder).names)
            if (!of_collections || model_.collection_of(folder) != 0)
                all.push_back({folder, name});
    if (all.empty())
        return std::nullopt;
    return all[random_.below(all.size())];
}

Status RowRun::change_rows(uint64_t choice) {
    if (choice < 24)
        return put();
    if (choice < 34)
        return drop();
    return choice < 39 ? write() : truncate();
}

Status RowRun::change_names(uint64_t choice) {
    if (choice < 8)
        return create();
    if (choice < 13)
        return unlink();
    if (choice < 17)
        return link();
    return choice < 25 ? rename() : close_or_open();
}

Status RowRun::change_folders(uint64_t choice) {
    if (choice < 4)
        return make_b();
    return choice < 7 ? move_s() : remove_b();
}

std::optional<Code> RowRun::code_of_rows(uint64_t ino) const {
    switch (model_.home_of(ino)) {
    case RowModel::Home::kNowhere:
        return Code::kENODATA;
    case RowModel::Home::kSeveral:
        return Code::kEXDEV;
    case RowModel::Home::kOne:
        return std::nullopt;
    }
    VEXFS_UNREACHABLE("every home has a case");
}

} // namespace vexfs
