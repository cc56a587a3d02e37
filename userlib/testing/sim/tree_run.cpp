// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/tree_run.h"

#include "base/checksum.h"
#include "userlib/names/check.h"

namespace vexfs {

namespace {

constexpr uint64_t kBlocks = 1024;

FormatOptions format() {
    FormatOptions format;
    format.log_blocks = 32;
    format.node_bytes = 8192;
    format.record_bytes = kTreeRecordBytes;
    format.region_blocks = 256;
    format.uberblock_slots = 4;
    format.inline_bytes = 200;
    return format;
}

uint64_t hash_of(const std::string& text) {
    return xxh3_64(std::as_bytes(std::span(text)));
}

} // namespace

StoreOptions tree_store_options(bool hasty) {
    StoreOptions options;
    if (hasty)
        options.dirty_bytes_max = 1;
    options.slop_blocks_min = 128;
    return options;
}

std::string words_of(const TreeWorkload& workload) {
    constexpr const char* kThen[] = {"", ", sync", ", commit"};
    std::string words = workload.hasty ? "hasty: " : "";
    for (const TreeStep& step : workload.steps)
        words += (&step == &workload.steps.front() ? "" : "; ") + step.operation.words() +
                 kThen[static_cast<size_t>(step.then)];
    return words;
}

Result<FirstTree> FirstTree::make() {
    FirstTree first;
    const std::unique_ptr<RamDevice> device = VEXFS_TRY(RamDevice::create(kBlocks * kBlockBytes));
    VEXFS_TRY_VOID(format_store(*device, format()));
    const std::unique_ptr<Store> store = VEXFS_TRY(Store::open(*device, tree_store_options()));
    VEXFS_TRY_VOID(Names::create(*store, {0755}, {}));
    const std::unique_ptr<Names> names = VEXFS_TRY(Names::open(*store, false));
    VEXFS_TRY_VOID(make_first_tree(*names, first.model_));
    VEXFS_TRY_VOID(store->close());
    first.image_.assign(device->bytes().begin(), device->bytes().end());
    return first;
}

void TreeRun::note_state(size_t since_record) {
    states_.push_back({hash_of(model_.text()), since_record});
}

Status TreeRun::run(const TreeWorkload& workload) {
    store_ = VEXFS_TRY(Store::open(*recorder_, tree_store_options(workload.hasty)));
    names_ = VEXFS_TRY(Names::open(*store_, false));
    // The first number is reserved durably, with all that is before it; here nothing is.
    const Entry unnamed = VEXFS_TRY(names_->make_unnamed({S_IFREG | 0600}, {}));
    VEXFS_TRY_VOID(names_->release(unnamed.ino));
    VEXFS_TRY_VOID(store_->commit());
    recorder_->forget();
    start_ = device_.save();
    note_state(0);
    acks_.push_back({0, 0});
    char letter = 'a';
    for (const TreeStep& next : workload.steps)
        VEXFS_TRY_VOID(step(next, letter++));
    if (VEXFS_TRY(text_of(*names_)) != model_.text())
        return fail(Code::kEUCLEAN, "tree: it is not what the model is, without any crash");
    const NamesReport report = check_names(*store_);
    names_.reset();
    store_.reset();
    return report.clean() ? ok() : Status(report.findings[0].error);
}

Status TreeRun::step(const TreeStep& step, char letter) {
    // A long operation may be on the medium in part before it returns, and is finished then.
    const size_t since = recorder_->record_count();
    VEXFS_TRY_VOID(perform(step.operation, letter, model_, *names_));
    note_state(since);
    if (step.then == TreeStep::Then::kNothing)
        return ok();
    VEXFS_TRY_VOID(step.then == TreeStep::Then::kSync ? store_->sync() : store_->commit());
    acks_.push_back({recorder_->record_count(), states_.size() - 1});
    return ok();
}

} // namespace vexfs
