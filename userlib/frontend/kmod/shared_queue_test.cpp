// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/shared_queue.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/testing/queue/module_peer.h"

using namespace vexfs;

TEST_CASE("shared queue: a header that is not of this queue or lies about its places is refused") {
    ModulePeer peer;
    const vexfs_queue_header good = peer.header();
    REQUIRE(SharedQueue::over(peer.memory(), 0, 1));
    CHECK(SharedQueue::over(peer.memory(), 1, 1).error().code == Code::kEPROTO);
    CHECK(SharedQueue::over(peer.memory(), 0, 2).error().code == Code::kEPROTO);
    CHECK(SharedQueue::over(peer.memory().first(64), 0, 1).error().code == Code::kEPROTO);
    CHECK(SharedQueue::over(peer.memory().first(peer.memory().size() - 1), 0, 1).error().code ==
          Code::kEPROTO);
    const auto refused = [&](const auto& spoil) {
        vexfs_queue_header header = good;
        spoil(header);
        peer.header() = header;
        CHECK(!SharedQueue::over(peer.memory(), 0, 1));
        peer.header() = good;
    };
    refused([](auto& header) { ++header.magic; });
    refused([](auto& header) { ++header.abi; });
    for (const uint32_t slots : {0u, 3u, 128u, UINT32_MAX})
        refused([&](auto& header) { header.slots = slots; });
    for (const uint32_t bytes : {0u, 4095u, 4097u, 131'072u, UINT32_MAX}) {
        refused([&](auto& header) { header.in_bytes = bytes; });
        refused([&](auto& header) { header.out_bytes = bytes; });
    }
    for (const uint32_t stride : {0u, 64u, 257u, UINT32_MAX - 63})
        refused([&](auto& header) { header.slot_stride = stride; });
    for (const uint32_t offset : {1u, 60u, UINT32_MAX, UINT32_MAX - 63}) {
        refused([&](auto& header) { header.tail_offset = offset; });
        refused([&](auto& header) { header.engine_offset = offset; });
        refused([&](auto& header) { header.slot_offset = offset; });
    }
    for (const uint32_t offset : {1u, UINT32_MAX - 3})
        refused([&](auto& header) { header.sq_offset = offset; });
    for (const uint64_t offset : {uint64_t{1}, uint64_t{peer.memory().size()}, UINT64_MAX - 63}) {
        refused([&](auto& header) { header.in_offset = offset; });
        refused([&](auto& header) { header.out_offset = offset; });
        refused([&](auto& header) { header.arena_offset = offset; });
    }
    refused([](auto& header) { header.arena_blocks = UINT32_MAX; });
}

TEST_CASE("shared queue: whatever stands in the header, no access leaves the memory") {
    constexpr uint64_t kSeed = 41;
    INFO("seed " << kSeed);
    Random random(kSeed);
    ModulePeer peer({4, 4096, 4096, 2, 0, 1});
    const vexfs_queue_header good = peer.header();
    int accepted = 0;
    for (int round = 0; round < 200'000; ++round) {
        vexfs_queue_header header = good;
        auto* const words = reinterpret_cast<uint32_t*>(&header);
        const size_t at = 5 + random.below(sizeof header / 4 - 5);
        words[at] = static_cast<uint32_t>(
            random.chance(1, 2) ? random.next() : 64 * random.below(peer.memory().size() / 32));
        peer.header() = header;
        const Result<SharedQueue> shared = SharedQueue::over(peer.memory(), 0, 1);
        if (!shared)
            continue;
        ++accepted;
        const auto inside = [&](Bytes bytes) {
            return bytes.data() >= peer.memory().data() &&
                   bytes.data() + bytes.size() <= peer.memory().data() + peer.memory().size();
        };
        const uint32_t last = shared->slots() - 1;
        CHECK(inside(shared->in_area(last)));
        CHECK(inside(shared->out_area(last)));
        for (const uint32_t block : {0u, 1u, static_cast<uint32_t>(random.next())}) {
            const auto place = shared->arena(block, random.below(4 * VEXFS_QUEUE_ARENA_BLOCK));
            CHECK((!place || inside(*place)));
        }
        // Under the address sanitizer these would be seen to leave it.
        CHECK(shared->request(last).zero[0] == shared->request(last).zero[0]);
        CHECK(shared->queued(UINT32_MAX) == shared->queued(UINT32_MAX));
        static_cast<void>(shared->tail() + shared->state(last));
    }
    CHECK(accepted > 1000);
}

TEST_CASE("shared queue: a place in the arena is a block and bytes that it has") {
    ModulePeer peer({4, 4096, 4096, 3, 0, 1});
    const SharedQueue shared = SharedQueue::over(peer.memory(), 0, 1).value();
    constexpr size_t kBlock = VEXFS_QUEUE_ARENA_BLOCK;
    CHECK(shared.arena(0, 3 * kBlock)->size() == 3 * kBlock);
    CHECK(shared.arena(2, kBlock)->size() == kBlock);
    CHECK(shared.arena(3, 0)->empty());
    CHECK(shared.arena(0, 3 * kBlock + 1).error().code == Code::kEINVAL);
    CHECK(shared.arena(2, kBlock + 1).error().code == Code::kEINVAL);
    CHECK(shared.arena(3, 1).error().code == Code::kEINVAL);
    CHECK(shared.arena(UINT32_MAX, 1).error().code == Code::kEINVAL);
    CHECK(shared.arena(0, SIZE_MAX).error().code == Code::kEINVAL);
}
