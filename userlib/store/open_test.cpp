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

TEST_CASE("open: going back to the newest commit that is left keeps what was synced since") {
    History history(2);
    {
        const auto store = opened(*history.device);
        history.commits.push_back(store->uberblock());
        REQUIRE(put(*store, 2));
        REQUIRE(store->sync());
        REQUIRE(store->commit());
        history.commits.push_back(store->uberblock());
        REQUIRE(put(*store, 3));
        REQUIRE(store->sync());
    }
    for (uint32_t label = 0; label < 2; ++label)
        flip(*history.device, history.block_of(label, history.commits[3].txg));
    CHECK_FALSE(Store::open(*history.device, small_options()));
    {
        const auto store = opened(*history.device, rewound_to(history.commits[2].txg));
        CHECK(has(*store, 2));
        CHECK(has(*store, 3));
        CHECK(check(*store).clean());
    }
    CHECK(has(*opened(*history.device), 3));
}

TEST_CASE("open: an epoch that was lost is not begun again") {
    History history(1);
    {
        const auto store = opened(*history.device);
        history.commits.push_back(store->uberblock());
        for (uint64_t i = 1; i <= 3; ++i) {
            REQUIRE(put(*store, i));
            REQUIRE(store->sync());
        }
    }
    REQUIRE(history.commits[1].epoch > history.commits[0].epoch);
    for (uint32_t label = 0; label < 2; ++label)
        flip(*history.device, history.block_of(label, history.commits[1].txg));
    {
        const auto store = opened(*history.device, rewound_to(history.commits[0].txg));
        CHECK(store->uberblock().epoch > history.commits[1].epoch);
        REQUIRE(put(*store, 7));
        REQUIRE(store->sync());
    }
    // What the lost epoch left in the log is behind the end of this one's.
    const auto store = opened(*history.device);
    CHECK(has(*store, 7));
    CHECK_FALSE(has(*store, 3));
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

TEST_CASE("open: a damaged free map keeps nobody from reading, and writing waits for its repair") {
    History history(3);
    flip(*history.device, history.layout->summary_start(history.commits[2].summary_slot));
    {
        const auto store = opened(*history.device, reading());
        CHECK(has(*store, 2));
        REQUIRE(store->damage().free_map);
        CHECK(store->damage().free_map->code == Code::kEBADMSG);
        CHECK(store->usage().used_blocks == history.commits[2].used_blocks);
        CHECK(check(*store).problems == 1);
    }
    const auto refused = Store::open(*history.device, small_options());
    REQUIRE_FALSE(refused);
    CHECK(std::string(refused.error().what).find("fsck.vexfs --rebuild-freemap") !=
          std::string::npos);
    StoreOptions options = small_options();
    options.rebuild_free_map = true;
    const auto store = opened(*history.device, options);
    CHECK_FALSE(store->damage().free_map);
    CHECK(check(*store).clean());
}

TEST_CASE("open: a log with a sector that cannot be read is read up to there") {
    History history(1);
    {
        const auto store = opened(*history.device);
        for (uint64_t i = 1; i <= 3; ++i) {
            REQUIRE(put(*store, i));
            REQUIRE(store->sync());
        }
        history.commits = {store->uberblock()};
    }
    const uint64_t bad = history.layout->log_start() + history.commits[0].log_position + 1;
    FaultPlan plan;
    plan.rules.push_back({FaultKind::kIoError, FaultOp::kRead, bad, bad, 1, 0, 0, true});
    const auto faulty = FaultDevice::create(*history.device, plan).value();
    {
        const auto store = opened(*faulty, reading());
        CHECK(has(*store, 1));
        CHECK_FALSE(has(*store, 2));
        REQUIRE(store->damage().log);
        CHECK(store->damage().log->code == Code::kEIO);
        CHECK(check(*store).problems == 1);
    }
    const auto refused = Store::open(*faulty, small_options());
    REQUIRE_FALSE(refused);
    CHECK(std::string(refused.error().what).find("fsck.vexfs --truncate-log") != std::string::npos);
    StoreOptions options = small_options();
    options.truncate_log = true;
    const auto store = opened(*faulty, options);
    CHECK(has(*store, 1));
    CHECK_FALSE(has(*store, 2));
    CHECK(check(*store).clean());
    // A bad sector behind the end of the log is nobody's.
    FaultPlan behind;
    behind.rules.push_back({FaultKind::kIoError, FaultOp::kRead, bad + 6, bad + 6, 1, 0, 0, true});
    CHECK(has(*opened(*FaultDevice::create(*history.device, behind).value()), 1));
}

TEST_CASE(
    "open: what the log has for a damaged leaf is an error there, and all else is as synced") {
    StoreOptions single = small_options();
    single.node_copies = 1;
    single.cache_bytes = 0;
    for (const bool once : {false, true}) {
        CAPTURE(once);
        const auto device = formatted(2000);
        std::optional<uint64_t> leaf;
        {
            const auto store = opened(*device, single);
            for (uint64_t i = 0; i < 100; ++i)
                REQUIRE(put(*store, i));
            REQUIRE(store->commit());
            const auto root = store->nodes().read(store->uberblock().root).value();
            REQUIRE_FALSE(NodeView(root->bytes).leaf());
            leaf = NodeView(root->bytes).child(0).segments[0].first();
            Transaction transaction;
            transaction.put(key_of(0), value_of(1000));  // in the first leaf
            transaction.put(key_of(97), value_of(1001)); // in the last one
            REQUIRE(store->apply(transaction));
            REQUIRE(store->sync());
        }
        FaultPlan plan;
        // The first read is one ahead of need, and nobody minds.
        plan.rules.push_back({FaultKind::kIoError, FaultOp::kRead, *leaf, *leaf, 2, 0, 0, !once});
        {
            const auto faulty = FaultDevice::create(*device, plan).value();
            const auto refused = Store::open(*faulty, single);
            REQUIRE_FALSE(refused);
            CHECK(std::string(refused.error().what).find("fsck.vexfs --truncate-log") !=
                  std::string::npos);
        }
        const auto faulty = FaultDevice::create(*device, plan).value();
        StoreOptions options = single;
        options.read_only = true;
        const auto store = opened(*faulty, options);
        CHECK(store->get(key_of(97)).value() == value_of(1001));
        CHECK(has(*store, 96));
        CHECK(store->damage().operations == 1);
        const auto lost = store->get(key_of(0));
        REQUIRE_FALSE(lost);
        CHECK(lost.error().code == Code::kEIO);
        CHECK(has(*store, 7) == once); // its neighbour
        CHECK_FALSE(store->list(Key{1, 0, 0, 0}, Key{2, 0, 0, 0}, 100));
        CHECK(store->list(Key{7, 0, 0, 0}, Key{8, 0, 0, 0}, 100));
        CHECK_FALSE(check(*store).clean());
        StoreOptions repair = single;
        repair.truncate_log = true;
        const auto faulty_again = FaultDevice::create(*device, plan).value();
        const auto repaired = opened(*faulty_again, repair);
        CHECK(repaired->get(key_of(97)).value() == value_of(1001));
        CHECK(has(*repaired, 0) == once);
    }
}

} // namespace vexfs
