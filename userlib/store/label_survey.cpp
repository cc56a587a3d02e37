// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/label_survey.h"

#include <algorithm>

#include "userlib/store/block_buffer.h"
#include "userlib/store/label.h"

namespace vexfs {

namespace {

constexpr uint32_t kNearLabels = 2;

bool near(uint32_t label) {
    return label < kNearLabels;
}

bool newer(const Uberblock& a, const Uberblock& b) {
    return std::pair(a.epoch, a.txg) > std::pair(b.epoch, b.txg);
}

bool same(const Uberblock& a, const Uberblock& b) {
    return a.checksum == b.checksum;
}

LabelSlot parse_slot(Bytes block, const Header& header, uint64_t number) {
    LabelSlot slot;
    if (const std::optional<Uberblock> found = parse_uberblock(block, header, number)) {
        slot.state = LabelSlot::State::kValid;
        slot.uberblock = *found;
    } else if (!all_zero(block)) {
        slot.state = LabelSlot::State::kDamaged;
    }
    return slot;
}

// Reads blocks in one piece or, if that fails, one by one, so that a bad sector costs one block.
// Returns which of them are there.
std::vector<bool> read_blocks(Device& device, uint64_t first, MutableBytes bytes) {
    const size_t count = bytes.size() / kBlockBytes;
    if (device.read_one(whole_extent(first, bytes)))
        return std::vector<bool>(count, true);
    std::vector<bool> there(count);
    for (size_t i = 0; i < count; ++i)
        there[i] =
            device.read_one(whole_extent(first + i, bytes.subspan(i * kBlockBytes, kBlockBytes)))
                .has_value();
    return there;
}

} // namespace

LabelSurvey LabelSurvey::read(Device& device, const Layout& layout) {
    const Header& header = layout.header();
    const auto count = static_cast<size_t>(header.uberblock_slots);
    LabelSurvey survey;
    survey.slots_.resize(count);
    BlockBuffer blocks(1 + count);
    for (uint32_t label = 0; label < Layout::kLabels; ++label) {
        const std::vector<bool> there =
            read_blocks(device, layout.header_block(label), blocks.bytes());
        const Bytes copy = blocks.bytes().first(kBlockBytes);
        survey.headers_sound_[label] = there[0] && header_is(copy, header);
        for (size_t slot = 0; slot < count; ++slot) {
            const Bytes block = blocks.bytes().subspan((1 + slot) * kBlockBytes, kBlockBytes);
            LabelSlot& found = survey.slots_[slot][label];
            if (there[1 + slot])
                found = parse_slot(block, header, slot);
            else
                found.state = LabelSlot::State::kDamaged;
            survey.unreadable_ = survey.unreadable_ || !there[1 + slot];
        }
    }
    survey.find_newest();
    return survey;
}

void LabelSurvey::find_newest() {
    const Uberblock* newest = nullptr;
    for (uint64_t slot = 0; slot < slots_.size(); ++slot) {
        const Uberblock* found = newest_of(slot);
        if (found == nullptr || (newest != nullptr && newer(*newest, *found)))
            continue;
        newest = found;
        newest_slot_ = slot;
    }
}

const Uberblock* LabelSurvey::newest_of(uint64_t slot) const {
    const Uberblock* best = nullptr;
    for (const LabelSlot& copy : slots_[slot])
        if (copy.state == LabelSlot::State::kValid &&
            (best == nullptr || newer(copy.uberblock, *best)))
            best = &copy.uberblock;
    return best;
}

Result<std::vector<Uberblock>> LabelSurvey::commits() const {
    std::vector<Uberblock> found;
    for (const Slots& slot : slots_)
        for (const LabelSlot& copy : slot)
            if (copy.state == LabelSlot::State::kValid)
                found.push_back(copy.uberblock);
    if (found.empty())
        return unreadable_ ? fail(Code::kEIO, "label: no uberblock can be read")
                           : fail(Code::kEUCLEAN, "label: no valid uberblock");
    std::stable_sort(found.begin(), found.end(), newer);
    found.erase(std::unique(found.begin(), found.end(), same), found.end());
    return found;
}

bool LabelSurvey::hides_newer() const {
    std::array<const Uberblock*, 2> best{}; // of labels 0 and 1, of labels 2 and 3
    for (const Slots& slot : slots_) {
        bool lost = true;
        for (uint32_t label = 0; label < Layout::kLabels; ++label) {
            const LabelSlot& copy = slot[label];
            const Uberblock*& there = best[near(label) ? 0 : 1];
            if (near(label) && copy.state != LabelSlot::State::kDamaged)
                lost = false;
            if (copy.state == LabelSlot::State::kValid &&
                (there == nullptr || newer(copy.uberblock, *there)))
                there = &copy.uberblock;
        }
        if (lost)
            return true;
    }
    return best[1] != nullptr && (best[0] == nullptr || newer(*best[1], *best[0]));
}

bool LabelSurvey::holds_newest(uint32_t label, uint64_t slot) const {
    const LabelSlot& copy = slots_[slot][label];
    const Uberblock* newest = newest_of(slot);
    if (newest == nullptr)
        return copy.state == LabelSlot::State::kEmpty;
    return copy.state == LabelSlot::State::kValid && same(copy.uberblock, *newest);
}

// The newest commit may have reached one of the first two labels alone before a crash, and the last
// two get it later in any case.
bool LabelSurvey::amiss(uint32_t label, uint64_t slot) const {
    return slots_[slot][label].state == LabelSlot::State::kDamaged ||
           (!holds_newest(label, slot) && slot != newest_slot_);
}

} // namespace vexfs
