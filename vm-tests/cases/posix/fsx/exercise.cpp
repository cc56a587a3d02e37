// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/fsx/exercise.h"

#include <filesystem>

namespace vexfs {

namespace {

constexpr size_t kLastShown = 20;
constexpr uint64_t kSavedEvery = 2000; // operations: what a resumed run has to go through

} // namespace

Exercise::Exercise(const Plan& plan) : plan_(plan), model_(plan.file_count) {
    if (!plan_.state.empty())
        state_ = std::make_unique<StateFile>(plan_.state);
}

// In a directory of its own, so that the files of the run stay as they are.
Checked Exercise::probe() {
    const std::string directory = plan_.directory + "/fsx-probe";
    std::error_code error;
    std::filesystem::create_directory(directory, error);
    if (error) {
        errno = error.value();
        return failed(directory);
    }
    missing_.clear();
    Checked trouble;
    {
        RealFiles tried(directory, 1);
        trouble = tried.open(true);
        if (!trouble)
            trouble = tried.probe(missing_);
    }
    std::filesystem::remove_all(directory, error);
    return trouble;
}

Checked Exercise::start() {
    if (Checked trouble = probe())
        return trouble;
    files_ = std::make_unique<RealFiles>(plan_.directory, plan_.file_count);
    if (Checked trouble = files_->open(true))
        return trouble;
    return save();
}

Checked Exercise::resume() {
    SavedRun saved;
    if (Checked trouble = state_->load(saved))
        return trouble;
    plan_.seed = saved.seed;
    plan_.size_max = saved.size_max;
    plan_.file_count = static_cast<uint32_t>(saved.files.size());
    model_ = Model(plan_.file_count);
    next_number_ = saved.next_number;
    for (const Operation& operation : saved.operations) {
        last_.push_back(operation);
        next_number_ = operation.number + 1;
    }
    while (last_.size() > kLastShown)
        last_.pop_front();
    if (Checked trouble = probe())
        return trouble;
    files_ = std::make_unique<RealFiles>(plan_.directory, plan_.file_count);
    if (Checked trouble = files_->open(false))
        return trouble;
    const std::vector<History> histories = histories_of(saved);
    for (uint32_t file = 0; file < plan_.file_count; ++file) {
        std::string found;
        if (Checked trouble = files_->read_whole(file, found))
            return trouble;
        if (!is_allowed(found, histories[file]))
            return wrong(files_->path(file) + " with " + std::to_string(found.size()) +
                         " bytes is in no state between what was synced (" +
                         std::to_string(histories[file].synced.size()) + " bytes) and the " +
                         std::to_string(histories[file].later.size()) + " changes behind it");
        model_.set_file(file, std::move(found));
    }
    return save();
}

Checked Exercise::save() {
    if (!state_)
        return std::nullopt;
    if (Checked trouble = files_->sync_all())
        return trouble;
    return state_->begin({plan_.seed, plan_.size_max, next_number_, model_.files(), {}, true});
}

Checked Exercise::step() {
    const Operation operation =
        draw(plan_.seed, next_number_, model_.sizes(), plan_.size_max, missing_);
    ++next_number_;
    last_.push_back(operation);
    if (last_.size() > kLastShown)
        last_.pop_front();
    const bool recorded = state_ && (changes(operation.kind) || is_sync(operation.kind));
    if (recorded)
        if (Checked trouble = state_->will_do(operation))
            return trouble;
    if (Checked trouble = files_->perform(operation, model_.file(operation.file), recorded))
        return trouble;
    model_.apply(operation);
    if (recorded)
        if (Checked trouble = state_->has_done())
            return trouble;
    if (Checked trouble = files_->expect_size(operation.file, model_.file(operation.file).size()))
        return trouble;
    return next_number_ % kSavedEvery == 0 ? save() : std::nullopt;
}

Checked Exercise::finish() {
    for (uint32_t file = 0; file < plan_.file_count; ++file) {
        const Operation whole{next_number_, Kind::kWhole, file, 0, 0, 0, 0};
        if (Checked trouble = files_->perform(whole, model_.file(file), false))
            return trouble;
    }
    return save();
}

std::string Exercise::last_operations() const {
    std::string lines;
    for (const Operation& operation : last_)
        lines += "  " + line_of(operation) + "\n";
    return lines;
}

} // namespace vexfs
