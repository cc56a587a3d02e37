// SPDX-License-Identifier: Apache-2.0
//
// The homes of a pool's objects, by number, and lists of them that cost no allocation.
//
// A home is what a driver puts objects into: a page, or a chain of pages. A list goes through links
// that are members of the homes, so that one home can be in several lists.
//
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace vexfs {

inline constexpr uint32_t kNoHome = 0xffffffff;

struct HomeLink {
    uint32_t before = kNoHome;
    uint32_t behind = kNoHome;
};

struct HomeList {
    uint32_t first = kNoHome;
    uint32_t last = kNoHome;
};

// Home has a HomeLink `age`, by which free ones hang together too.
template <typename Home>
class Homes {
  public:
    // A fresh one. May be cut off by lack of memory.
    uint32_t take() {
        if (free_ == kNoHome) {
            homes_.emplace_back();
            return static_cast<uint32_t>(homes_.size() - 1);
        }
        const uint32_t id = free_;
        free_ = homes_[id].age.behind;
        homes_[id] = Home();
        return id;
    }
    void give(uint32_t id) {
        homes_[id] = Home();
        homes_[id].age.behind = free_;
        free_ = id;
    }

    Home& operator[](uint32_t id) { return homes_[id]; }
    const Home& operator[](uint32_t id) const { return homes_[id]; }
    [[nodiscard]] size_t metadata_bytes() const { return homes_.size() * sizeof(Home); }

    template <HomeLink Home::*Link>
    void push_front(HomeList& list, uint32_t id) {
        HomeLink& link = homes_[id].*Link;
        link = {kNoHome, list.first};
        (list.first == kNoHome ? list.last : (homes_[list.first].*Link).before) = id;
        list.first = id;
    }
    template <HomeLink Home::*Link>
    void push_back(HomeList& list, uint32_t id) {
        HomeLink& link = homes_[id].*Link;
        link = {list.last, kNoHome};
        (list.last == kNoHome ? list.first : (homes_[list.last].*Link).behind) = id;
        list.last = id;
    }
    template <HomeLink Home::*Link>
    void remove(HomeList& list, uint32_t id) {
        const HomeLink link = homes_[id].*Link;
        (link.before == kNoHome ? list.first : (homes_[link.before].*Link).behind) = link.behind;
        (link.behind == kNoHome ? list.last : (homes_[link.behind].*Link).before) = link.before;
    }

  private:
    std::deque<Home> homes_;
    uint32_t free_ = kNoHome;
};

} // namespace vexfs
