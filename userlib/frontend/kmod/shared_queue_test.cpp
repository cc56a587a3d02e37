// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/shared_queue.h"

#include <doctest/doctest.h>

#include "userlib/testing/queue/module_peer.h"

using namespace vexfs;

TEST_CASE("shared queue: memory without room for its slots is refused") {
    ModulePeer peer(3);
    REQUIRE(SharedQueue::over(peer.memory(), 3));
    CHECK(SharedQueue::over(peer.memory(), 2)->slots() == 2);
    for (const uint32_t slots : {0u, 4u, 65u, UINT32_MAX})
        CHECK(SharedQueue::over(peer.memory(), slots).error().code == Code::kEPROTO);
    const MutableBytes memory = peer.memory();
    for (const size_t bytes : {size_t{0}, sizeof(vexfs_queue_memory), memory.size() - 1})
        CHECK(SharedQueue::over(memory.first(bytes), 3).error().code == Code::kEPROTO);
}

TEST_CASE("shared queue: no access leaves the memory, and none meets another's") {
    ModulePeer peer(VEXFS_QUEUE_MAX_SLOTS);
    const SharedQueue shared = SharedQueue::over(peer.memory(), VEXFS_QUEUE_MAX_SLOTS).value();
    const std::byte* end = peer.memory().data() + sizeof(vexfs_queue_memory);
    for (uint32_t slot = 0; slot < shared.slots(); ++slot) {
        CHECK(shared.in_area(slot).data() == end);
        end += shared.in_area(slot).size();
        CHECK(shared.out_area(slot).data() == end);
        end += shared.out_area(slot).size();
        peer.slot(slot).request.ino = slot + 1;
        CHECK(shared.request(slot).ino == slot + 1);
        peer.queued(slot) = 1000 + slot;
    }
    CHECK(end == peer.memory().data() + peer.memory().size());
    for (const uint32_t position : {0u, 63u, 64u, 100u, UINT32_MAX})
        CHECK(shared.queued(position) == 1000 + position % 64);
}
