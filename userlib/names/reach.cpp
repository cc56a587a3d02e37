// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/reach.h"

#include <algorithm>

namespace vexfs {

DirectoryReach::Directory* DirectoryReach::find(uint64_t ino) {
    const auto found = std::ranges::lower_bound(directories_, ino, {}, &Directory::ino);
    return found != directories_.end() && found->ino == ino ? &*found : nullptr;
}

void DirectoryReach::check(uint64_t root, const std::function<void(uint64_t ino, Cut cut)>& tell) {
    std::vector<Directory*> way;
    for (Directory& start : directories_) {
        way.clear();
        State end = State::kOpen;
        for (Directory* at = &start; end == State::kOpen;) {
            if (at->state == State::kReaches || at->state == State::kLost) {
                end = at->state;
                break;
            }
            at->state = State::kOnTheWay;
            way.push_back(at);
            Directory* const parent = find(at->parent);
            if (at->parent == root) {
                end = State::kReaches;
            } else if (parent == nullptr || parent->state == State::kOnTheWay) {
                tell(at->ino, parent == nullptr ? Cut::kNoParent : Cut::kCircle);
                end = State::kLost;
            }
            at = parent;
        }
        for (Directory* const passed : way)
            passed->state = end;
    }
}

} // namespace vexfs
