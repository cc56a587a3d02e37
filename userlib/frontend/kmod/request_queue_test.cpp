// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/request_queue.h"

#include <doctest/doctest.h>

#include "userlib/testing/queue/module_peer.h"

using namespace vexfs;

namespace {

struct Sides {
    ModulePeer peer{4};
    RequestQueue queue{SharedQueue::over(peer.memory(), 4).value()};

    uint32_t post(uint64_t ino) {
        PeerCall call;
        call.op = VEXFS_REQ_GETATTR;
        call.ino = ino;
        return peer.post(call);
    }
    [[nodiscard]] Code refusal() { return queue.take().error().code; }
};

} // namespace

TEST_CASE("request queue: requests are taken in the order in which they were queued") {
    Sides sides;
    CHECK(!sides.queue.take()->has_value());
    for (uint64_t turn = 0; turn < 100; ++turn) { // many times around
        sides.post(2 * turn);
        sides.post(2 * turn + 1);
        CHECK(sides.queue.more());
        for (const uint64_t ino : {2 * turn, 2 * turn + 1}) {
            const Taken taken = *sides.queue.take().value();
            CHECK(taken.request.ino == ino);
            CHECK(!sides.queue.answer(taken, -ENOENT, 0)); // nobody sleeps yet
            CHECK(sides.peer.collect(taken.slot).result == -ENOENT);
        }
        CHECK(!sides.queue.more());
    }
    CHECK(sides.queue.head() == 200);
    CHECK(sides.peer.lies() == 0);
}

TEST_CASE("request queue: the mask of a commit has clients that sleep and slots without one") {
    Sides sides;
    const uint32_t slot = sides.post(1);
    const Taken taken = *sides.queue.take().value();
    sides.peer.abandon(slot); // its client slept, and was killed
    CHECK(sides.queue.answer(taken, 0, 0));
    PeerCall forget;
    forget.op = VEXFS_REQ_FORGET;
    forget.flags = VEXFS_REQUEST_NOREPLY;
    sides.peer.post(forget);
    const Taken second = *sides.queue.take().value();
    CHECK(sides.queue.answer(second, 0, 0));
    CHECK(sides.peer.free_slots() == 2);
    const auto doorbell = sides.peer.doorbell();
    CHECK(doorbell->ring(uint64_t{1} << taken.slot | uint64_t{1} << second.slot));
    CHECK(sides.peer.free_slots() == 4);
}

TEST_CASE("request queue: a signal of the client is seen where the slot says so") {
    Sides sides;
    const uint32_t slot = sides.post(1);
    const Taken taken = *sides.queue.take().value();
    const uint8_t* const cancelled = sides.queue.shared().cancelled(taken.slot);
    CHECK(*cancelled == 0);
    sides.peer.slot(slot).client.cancel = 1;
    CHECK(*cancelled == 1);
}

TEST_CASE("request queue: what breaks the protocol is refused") {
    SUBCASE("more requests than slots") {
        Sides sides;
        sides.peer.tail() = 5;
        CHECK(sides.refusal() == Code::kEPROTO);
    }
    SUBCASE("a count that goes back") {
        Sides sides;
        sides.peer.tail() = UINT32_MAX;
        CHECK(sides.refusal() == Code::kEPROTO);
    }
    SUBCASE("a slot that is none") {
        Sides sides;
        sides.post(1);
        sides.peer.queued(0) = 4;
        CHECK(sides.refusal() == Code::kEPROTO);
        sides.peer.queued(0) = UINT32_MAX;
        CHECK(sides.refusal() == Code::kEPROTO);
    }
    SUBCASE("a slot that has no request, or is done") {
        for (const uint32_t state : {VEXFS_SLOT_FREE, VEXFS_SLOT_DONE, 77u}) {
            Sides sides;
            const uint32_t slot = sides.post(1);
            sides.peer.slot(slot).reply.state = state;
            CHECK(sides.refusal() == Code::kEPROTO);
        }
    }
    SUBCASE("a slot that is handed out twice") {
        Sides sides;
        const uint32_t slot = sides.post(1);
        REQUIRE(sides.queue.take()->has_value());
        sides.peer.queued(1) = slot;
        sides.peer.tail() = 2;
        CHECK(sides.refusal() == Code::kEPROTO);
    }
}
