// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "userlib/store/check.h"
#include "userlib/testing/sim/overlay_device.h"
#include "userlib/testing/sim/workload.h"

namespace vexfs {

namespace {

struct Outcome {
    uint64_t refused = 0; // open or a read said so
    uint64_t found = 0;   // all answers were right, and check told of the damage
    uint64_t unnoticed = 0;
};

// What a damaged volume says. A wrong answer without an error is the one thing that must not
// happen.
void examine(Device& device, const SimConstants& constants, uint64_t hash, Outcome& outcome) {
    StoreOptions options = constants.store;
    options.read_only = true;
    const Result<std::unique_ptr<Store>> store = Store::open(device, options);
    if (!store) {
        ++outcome.refused;
        return;
    }
    const Result<uint64_t> seen = hash_of_store(**store, constants.object_bytes_max);
    if (!seen) {
        CHECK(seen.error().code != Code::kEINVAL);
        CHECK_FALSE(check(**store).clean());
        ++outcome.refused;
        return;
    }
    CHECK(*seen == hash);
    if (check(**store).clean())
        ++outcome.unnoticed;
    else
        ++outcome.found;
}

} // namespace

TEST_CASE("damage: a flipped bit anywhere never changes an answer") {
    Outcome outcome;
    for (uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Workload workload(seed);
        REQUIRE(workload.run());
        const uint64_t hash = workload.states().back().hash;
        OverlayDevice device(workload.image());
        Random random(seed);
        for (uint64_t block = 0; block < workload.constants().device_blocks; ++block) {
            const size_t at = random.chance(1, 2) ? random.below(256) : random.below(kBlockBytes);
            CAPTURE(block);
            CAPTURE(at);
            device.reset();
            const std::byte flipped = workload.image()[block * kBlockBytes + at] ^ std::byte{0x10};
            device.land(block * kBlockBytes + at, {&flipped, 1});
            examine(device, workload.constants(), hash, outcome);
        }
    }
    CHECK(outcome.refused > 100);
    CHECK(outcome.found > 50);
}

TEST_CASE("damage: a block that holds what belongs to another never changes an answer") {
    Outcome outcome;
    for (uint64_t seed = 21; seed <= 28; ++seed) {
        CAPTURE(seed);
        Workload workload(seed);
        REQUIRE(workload.run());
        const uint64_t hash = workload.states().back().hash;
        OverlayDevice device(workload.image());
        Random random(seed);
        for (int i = 0; i < 300; ++i) {
            const uint64_t from = random.below(workload.constants().device_blocks);
            const uint64_t to = random.below(workload.constants().device_blocks);
            CAPTURE(from);
            CAPTURE(to);
            device.reset();
            device.land(to * kBlockBytes,
                        workload.image().subspan(from * kBlockBytes, kBlockBytes));
            examine(device, workload.constants(), hash, outcome);
        }
    }
    CHECK(outcome.refused > 20);
}

TEST_CASE("damage: the newest commit is found as long as one of the first two labels has it") {
    for (uint64_t seed = 31; seed <= 34; ++seed) {
        for (uint32_t label = 0; label < 2; ++label) {
            CAPTURE(seed);
            CAPTURE(label);
            Workload workload(seed);
            REQUIRE(workload.run());
            OverlayDevice device(workload.image());
            const Header header = Label::read_header(device).value();
            const Layout layout = Layout::of(header).value();
            const std::vector<std::byte> zeros(size_t{header.uberblock_slots} * kBlockBytes);
            device.land(layout.uberblock_block(label, 0) * kBlockBytes, zeros);
            StoreOptions options = workload.constants().store;
            const auto store = Store::open(device, options);
            REQUIRE(store);
            CHECK(hash_of_store(**store, workload.constants().object_bytes_max).value() ==
                  workload.states().back().hash);
        }
    }
}

TEST_CASE("damage: what a write meets is an error of the write, and the next commit succeeds") {
    uint64_t refused = 0;
    for (uint64_t seed = 41; seed <= 52; ++seed) {
        CAPTURE(seed);
        Workload workload(seed);
        if (workload.constants().store.node_copies > 1)
            continue;
        REQUIRE(workload.run());
        OverlayDevice device(workload.image());
        for (uint64_t block = 0; block < workload.constants().device_blocks; ++block) {
            CAPTURE(block);
            device.reset();
            const std::byte flipped = workload.image()[block * kBlockBytes + 99] ^ std::byte{0x10};
            device.land(block * kBlockBytes + 99, {&flipped, 1});
            const auto store = Store::open(device, workload.constants().store);
            if (!store)
                continue;
            const std::vector<std::byte> record((*store)->layout().header().record_bytes,
                                                std::byte{7});
            for (uint64_t oid = 1; oid <= workload.constants().oids; ++oid) {
                Transaction transaction;
                transaction.write(oid, 0, record);
                const Status wrote = (*store)->apply(transaction);
                if (!wrote && wrote.error().code != Code::kENOSPC)
                    ++refused;
            }
            const Status committed = (*store)->commit();
            CHECK((committed || committed.error().code == Code::kENOSPC));
        }
    }
    CHECK(refused > 0);
}

} // namespace vexfs
