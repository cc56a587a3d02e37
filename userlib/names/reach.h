// SPDX-License-Identifier: Apache-2.0
//
// Which directories hang below the root.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace vexfs {

class DirectoryReach {
  public:
    enum class Cut : uint8_t { kNoParent, kCircle };

    // In order of number, the root not among them.
    void add(uint64_t ino, uint64_t parent) { directories_.push_back({ino, parent, State::kOpen}); }

    // Tells each directory at which the way to the root ends: its parent is none, or lies below it.
    // What is below such a one is not told.
    void check(uint64_t root, const std::function<void(uint64_t ino, Cut cut)>& tell);

  private:
    enum class State : uint8_t { kOpen, kOnTheWay, kReaches, kLost };
    struct Directory {
        uint64_t ino = 0;
        uint64_t parent = 0;
        State state = State::kOpen;
    };

    Directory* find(uint64_t ino);

    std::vector<Directory> directories_;
};

} // namespace vexfs
