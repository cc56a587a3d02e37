// SPDX-License-Identifier: Apache-2.0
//
// What all four labels hold: copy by copy of the header, slot by slot of the uberblock rings.
//
// A slot that is damaged in one label is taken from another. Labels 0 and 1 get a commit before it
// is acknowledged, labels 2 and 3 with the next one: so a commit that only those two have may not
// be the newest that there was. An uberblock lies in one sector, so a crash leaves the old one or
// the new one in a slot; anything else is damage.
//
// Threads: immutable once read.
#pragma once

#include <array>
#include <vector>

#include "userlib/store/layout.h"

namespace vexfs {

struct LabelSlot {
    enum class State : uint8_t { kEmpty, kValid, kDamaged };

    State state = State::kEmpty;
    Uberblock uberblock; // kValid only
};

class LabelSurvey {
  public:
    using Slots = std::array<LabelSlot, Layout::kLabels>; // of one number, by label

    // Reads them all. What cannot be read is damaged.
    static LabelSurvey read(Device& device, const Layout& layout);

    // Every commit that some label has, newest first. If there is none: EIO if blocks could not be
    // read, else EUCLEAN.
    [[nodiscard]] Result<std::vector<Uberblock>> commits() const;
    // Labels 0 and 1 may have lost a commit that is newer than all of these.
    [[nodiscard]] bool hides_newer() const;

    // By number; an uberblock of txg n lies in slot n modulo their count.
    [[nodiscard]] const std::vector<Slots>& slots() const { return slots_; }
    // Whether the label's copy of the header is byte for byte what the layout was made from.
    [[nodiscard]] bool header_sound(uint32_t label) const { return headers_sound_[label]; }

    // The newest valid uberblock of a slot, or null.
    [[nodiscard]] const Uberblock* newest_of(uint64_t slot) const;
    [[nodiscard]] bool holds_newest(uint32_t label, uint64_t slot) const;
    // Whether a label has something in a slot that no commit and no crash leaves there: damage, or
    // an uberblock that other labels have newer.
    [[nodiscard]] bool amiss(uint32_t label, uint64_t slot) const;

  private:
    void find_newest();

    std::vector<Slots> slots_;
    std::array<bool, Layout::kLabels> headers_sound_{};
    bool unreadable_ = false;  // some block
    uint64_t newest_slot_ = 0; // of the newest commit
};

} // namespace vexfs
