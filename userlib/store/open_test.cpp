// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include <doctest/doctest.h>

#include "userlib/device/fault_device.h"
#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

StoreOptions rewound_to(uint64_t txg) {
    StoreOptions options = small_options();
    options.rewind_txg = txg;
    return options;
}

StoreOptions reading() {
    StoreOptions options = small_options();
    options.read_only = true;
    return options;
}

Page image_of(RamDevice& device) {
    return {device.bytes().begin(), device.bytes().end()};
}

void flip(RamDevice& device, uint64_t block, size_t at = 99) {
    device.bytes()[block * kBlockBytes + at] ^= std::byte{1};
}

void wipe(RamDevice& device, uint64_t block, uint64_t count = 1) {
    std::memset(device.bytes().data() + block * kBlockBytes, 0, count * kBlockBytes);
}

// A volume with a few commits, each of which puts one more item.
struct History {
    std::unique_ptr<RamDevice> device = formatted(2000);
    std::vector<Uberblock> commits; // by the number of the last item put
    std::optional<Layout> layout;

    explicit History(uint64_t items) {
        const auto store = opened(*device);
        layout.emplace(store->layout());
        for (uint64_t i = 0; i < items; ++i) {
            VEXFS_ASSERT(put(*store, i));
            VEXFS_ASSERT(store->commit());
            commits.push_back(store->uberblock());
        }
    }

    [[nodiscard]] uint64_t block_of(uint32_t label, uint64_t txg) const {
        return layout->uberblock_block(label, txg % layout->header().uberblock_slots);
    }
    void damage_root(const Uberblock& commit) {
        for (const bool second : {false, true})
            flip(*device, commit.root.copy(second)[0].first());
    }
};

} // namespace

TEST_CASE("open: going back to a commit that is not whole is refused, and nothing is written") {
    History history(3);
    history.damage_root(history.commits[1]);
    const Page before = image_of(*history.device);
    const auto store = Store::open(*history.device, rewound_to(history.commits[1].txg));
    REQUIRE_FALSE(store);
    CHECK(store.error().code == Code::kEUCLEAN);
    CHECK(std::string(store.error().what).find("rewind: ") == 0);
    CHECK(std::ranges::equal(before, history.device->bytes()));
    // Neither the newest nor an older one took any harm.
    CHECK(has(*opened(*history.device, reading()), 2));
    const auto older = opened(*history.device, rewound_to(history.commits[0].txg));
    CHECK(has(*older, 0));
    CHECK_FALSE(has(*older, 1));
    CHECK(check(*older).clean());
}

TEST_CASE("open: a commit older than all that the labels have cannot be gone back to") {
    History history(6);
    const auto store = Store::open(*history.device, rewound_to(1));
    REQUIRE_FALSE(store);
    CHECK(store.error() == fail(Code::kEUCLEAN, store.error().what));
    CHECK(has(*opened(*history.device), 5));
}

TEST_CASE("open: going back that is cut short at any write leaves the newest commit as it was") {
    uint64_t cut_short = 0;
    for (uint64_t n = 1; n < 100; ++n) {
        CAPTURE(n);
        History history(3);
        FaultPlan plan;
        plan.rules.push_back({FaultKind::kIoError, FaultOp::kWrite, 0, UINT64_MAX, n, 0, 0, true});
        const auto faulty = FaultDevice::create(*history.device, plan).value();
        if (Store::open(*faulty, rewound_to(history.commits[0].txg)))
            break;
        ++cut_short;
        const auto store = opened(*history.device);
        CHECK(check(*store).clean());
        // The last write of all may be a whole uberblock.
        CHECK((has(*store, 2) || n >= 8));
    }
    CHECK(cut_short > 3);
}

TEST_CASE("open: a slot that one label lost is taken from another, whatever else both lost") {
    History history(3);
    const uint64_t newest = history.commits[2].txg;
    const uint64_t older = history.commits[1].txg;
    // Label 0 lost the newest commit, label 1 another.
    flip(*history.device, history.block_of(0, newest));
    flip(*history.device, history.block_of(1, older));
    CHECK(check(*opened(*history.device, reading())).problems == 2);
    const auto store = opened(*history.device);
    CHECK(has(*store, 2));
    CHECK(check(*store).clean());
}

TEST_CASE("open: a sector of a ring that cannot be read costs that slot alone") {
    History history(3);
    FaultPlan plan;
    for (uint32_t label = 0; label < 2; ++label) {
        const uint64_t block = history.block_of(label, history.commits[2 - label].txg);
        plan.rules.push_back({FaultKind::kIoError, FaultOp::kRead, block, block, 1, 0, 0, true});
    }
    const auto faulty = FaultDevice::create(*history.device, plan).value();
    CHECK(has(*opened(*faulty, reading()), 2));
    CHECK(has(*opened(*faulty), 2));
}

TEST_CASE("open: what only the last two labels have is not taken for the newest without asking") {
    const auto lose_slot = [](History& history) {
        for (uint32_t label = 0; label < 2; ++label)
            flip(*history.device, history.block_of(label, history.commits[2].txg));
    };
    const auto lose_rings = [](History& history) {
        for (uint32_t label = 0; label < 2; ++label)
            wipe(*history.device, history.layout->uberblock_block(label, 0), 4);
    };
    for (const std::function<void(History&)>& lose : {std::function(lose_slot), {lose_rings}}) {
        History history(3);
        lose(history);
        const Page before = image_of(*history.device);
        const auto refused = Store::open(*history.device, small_options());
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Code::kEUCLEAN);
        CHECK(std::string(refused.error().what).find("fsck.vexfs --rewind") != std::string::npos);
        CHECK(std::ranges::equal(before, history.device->bytes()));
        {
            const auto store = opened(*history.device, reading());
            CHECK(has(*store, 1));
            CHECK_FALSE(has(*store, 2));
            CHECK_FALSE(check(*store).clean());
        }
        CHECK(has(*opened(*history.device, rewound_to(history.commits[2].txg)), 1));
        const auto store = opened(*history.device);
        CHECK(has(*store, 1));
        CHECK(check(*store).clean());
    }
}

TEST_CASE("open: a header is taken from any label, and writing mends the others") {
    for (uint32_t label = 0; label < Layout::kLabels; ++label) {
        CAPTURE(label);
        History history(1);
        for (uint32_t other = 0; other < Layout::kLabels; ++other)
            if (other != label)
                flip(*history.device, history.layout->header_block(other), 40 * (other + 1));
        CHECK(check(*opened(*history.device, reading())).problems == 3);
        CHECK(has(*opened(*history.device), 0));
        CHECK(check(*opened(*history.device, reading())).clean());
    }
}

} // namespace vexfs
