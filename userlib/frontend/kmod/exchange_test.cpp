// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/exchange.h"

#include <array>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/random.h"
#include "userlib/testing/queue/queue_rig.h"

using namespace vexfs;

namespace {

std::string pattern(size_t bytes) {
    std::string text(bytes, '\0');
    for (size_t i = 0; i < bytes; ++i)
        text[i] = static_cast<char>('a' + i * 7 % 26 + i / 4096 % 3);
    return text;
}

struct Fixture : QueueRig {
    Fixture() { VEXFS_ASSERT(server().start()); }
    uint64_t make_file(const std::string& name) {
        return as<vexfs_rep_entry>(QueueRig::make(VEXFS_REQ_MKNOD, kRootIno, name)).attr.ino;
    }
};

} // namespace

TEST_CASE("exchange: data goes through the slot, as much as one request may have") {
    Fixture rig;
    const uint64_t ino = rig.make_file("f");
    for (const size_t bytes : {1u, 4096u, 65'535u, 65'536u}) {
        CAPTURE(bytes);
        const std::string data = pattern(bytes);
        const PeerReply written = rig.write(ino, 3, data);
        REQUIRE(written.result == 0);
        CHECK(Fixture::as<vexfs_rep_write>(written).bytes == bytes);
        const PeerReply read = rig.read(ino, 3, static_cast<uint32_t>(bytes));
        REQUIRE(read.result == 0);
        CHECK(Fixture::text(read) == data);
    }
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("exchange: the largest value fits beside struct and name") {
    Fixture rig;
    const uint64_t ino = rig.make_file("f");
    const std::string value = pattern(65'536);
    const vexfs_req_xattr set{6, 65'536, 0, 0};
    REQUIRE(rig.send(VEXFS_REQ_SETXATTR, ino, set, "user.a" + value).result == 0);
    const auto get = [&](uint32_t room) {
        return rig.send(VEXFS_REQ_GETXATTR, ino, vexfs_req_xattr{6, room, 0, 0}, "user.a",
                        sizeof(vexfs_rep_xattr), room);
    };
    const PeerReply whole = get(65'536);
    REQUIRE(whole.result == 0);
    CHECK(Fixture::as<vexfs_rep_xattr>(whole).bytes == 65'536);
    CHECK(Fixture::text(whole).substr(sizeof(vexfs_rep_xattr)) == value);
    CHECK(Fixture::as<vexfs_rep_xattr>(get(0)).bytes == 65'536);
    const PeerReply short_room = get(65'535);
    CHECK(short_room.result == -ERANGE);
    CHECK(short_room.bytes.empty());
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("exchange: the module is told of a file whose rows change by way of its directory") {
    Fixture rig;
    const uint64_t directory =
        Fixture::as<vexfs_rep_entry>(rig.make(VEXFS_REQ_MKDIR, kRootIno, "c")).attr.ino;
    const uint64_t ino =
        Fixture::as<vexfs_rep_entry>(rig.make(VEXFS_REQ_MKNOD, directory, "f")).attr.ino;
    const auto send = [&](const auto& request) {
        const std::vector<std::byte> message = build_request(Request(request)).value();
        std::string bytes(1024, '\0');
        std::memcpy(bytes.data(), message.data(), message.size());
        const vexfs_req_ioctl body{static_cast<uint32_t>(VEXFS_IOC(request.kOp, 1024)), // NOLINT
                                   1024, VEXFS_FILE_READ, 0};
        return rig.send(VEXFS_REQ_IOCTL, directory, body, bytes, 0, 1024).result;
    };
    SchemaSetRequest schema;
    schema.head.room = 1024;
    schema.body.dim = 4;
    schema.body.element = VEXFS_ELEMENT_F32;
    schema.body.metric = VEXFS_METRIC_L2;
    REQUIRE(send(schema) == 0);
    CHECK(rig.take_changed().empty());
    DropRequest drop;
    drop.head.room = 1024;
    drop.body.file.ino = ino;
    REQUIRE(send(drop) == 0);
    CHECK(rig.take_changed() == std::vector{ino});
    drop.body.file.ino = 99;
    CHECK(send(drop) != 0);
    CHECK(rig.take_changed().empty());
}

TEST_CASE("exchange: an application's failure keeps its explanation, no other reply has bytes") {
    Fixture rig;
    vexfs_msg message{};
    message.size = sizeof message;
    message.room = 1024;
    message.op = VEXFS_OP_HELLO;
    message.version = VEXFS_ABI_VERSION;
    std::string bytes(1024, '\0');
    std::memcpy(bytes.data(), &message, sizeof message);
    const vexfs_req_ioctl body{static_cast<uint32_t>(VEXFS_IOC(VEXFS_OP_HELLO, 1024)), // NOLINT
                               1024, VEXFS_FILE_WRITE, 0};
    const PeerReply reply = rig.send(VEXFS_REQ_IOCTL, kRootIno, body, bytes, 0, 1024);
    CHECK(reply.result == -EBADF); // the descriptor is not open for reading
    CHECK(reply.bytes.size() > sizeof(vexfs_msg));
    CHECK(rig.find(kRootIno, "absent") == 0);
    CHECK(rig.named(VEXFS_REQ_UNLINK, kRootIno, "absent").bytes.empty());
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("exchange: a caller has the groups that end its request, and no rights without them") {
    Fixture rig;
    const uint64_t call = rig.find(rig.find(kRootIno, ".vexfs"), "call");
    REQUIRE(call != 0);
    const vexfs_req_open body{O_RDWR, 0};
    PeerCall open;
    open.op = VEXFS_REQ_OPEN;
    open.ino = call;
    open.body = bytes_of(body);
    open.reply_bytes = sizeof(vexfs_rep_open);
    CHECK(rig.peer().call(open).result == 0); // root
    open.uid = 1000;
    CHECK(rig.peer().call(open).result == -EACCES);
    open.flags = VEXFS_REQUEST_GROUPS; // it is in none
    CHECK(rig.peer().call(open).result == 0);
    constexpr uint32_t kGroupsMax = (VEXFS_QUEUE_AREA - sizeof body) / sizeof(uint32_t);
    const std::vector<uint32_t> groups(kGroupsMax, 7);
    open.payload = std::as_bytes(std::span(groups)).first(3 * sizeof(uint32_t));
    open.groups = 3;
    CHECK(rig.peer().call(open).result == 0);
    open.groups = 4; // one of them is missing
    CHECK(rig.peer().call(open).result == -EINVAL);
    open.payload = std::as_bytes(std::span(groups));
    open.groups = kGroupsMax;
    CHECK(rig.peer().call(open).result == 0);
    open.groups = kGroupsMax + 1;
    CHECK(rig.peer().call(open).result == -EINVAL);
    open.groups = UINT32_MAX;
    CHECK(rig.peer().call(open).result == -EINVAL);
    open.groups = 1;
    open.flags = 0;
    CHECK(rig.peer().call(open).result == -EINVAL);
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("exchange: what needs no reply gives its slot back") {
    Fixture rig;
    const vexfs_req_forget body{};
    PeerCall forget;
    forget.op = VEXFS_REQ_FORGET;
    forget.flags = VEXFS_REQUEST_NOREPLY;
    forget.body = bytes_of(body);
    for (int i = 0; i < 100; ++i) // more than there are slots
        rig.peer().post(forget);
    CHECK(rig.send(VEXFS_REQ_STATFS, kRootIno, sizeof(vexfs_rep_statfs)).result == 0);
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("exchange: a message goes by a session") {
    Fixture rig;
    const uint64_t call = rig.find(rig.find(kRootIno, ".vexfs"), "call");
    const PeerReply opened =
        rig.send(VEXFS_REQ_OPEN, call, vexfs_req_open{O_RDWR, 0}, {}, sizeof(vexfs_rep_open));
    REQUIRE(opened.result == 0);
    vexfs_msg message{};
    message.size = sizeof message;
    message.room = 4096;
    message.op = VEXFS_OP_HELLO;
    message.version = VEXFS_ABI_VERSION;
    const vexfs_req_io write{0, sizeof message, 0};
    PeerCall send;
    send.op = VEXFS_REQ_SESSION_WRITE;
    send.ino = call;
    send.fh = Fixture::as<vexfs_rep_open>(opened).fh;
    send.body = bytes_of(write);
    send.payload = bytes_of(message);
    send.reply_bytes = sizeof(vexfs_rep_write);
    CHECK(rig.peer().call(send).result == 0);
    const vexfs_req_io read{0, 4096, 0};
    PeerCall receive = send;
    receive.op = VEXFS_REQ_SESSION_READ;
    receive.body = bytes_of(read);
    receive.payload = {};
    receive.reply_bytes = 0;
    receive.out_room = 4096;
    const PeerReply reply = rig.peer().call(receive);
    REQUIRE(reply.result == 0);
    CHECK(Fixture::as<vexfs_msg>(reply).status == 0);
    CHECK(reply.bytes.size() == Fixture::as<vexfs_msg>(reply).size);
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("exchange: sizes that an area does not have are refused") {
    Fixture rig;
    const uint64_t ino = rig.make_file("f");
    vexfs_request good{};
    good.op = VEXFS_REQ_READ;
    good.ino = ino;
    good.generation = 1;
    good.in_bytes = sizeof(vexfs_req_io);
    good.out_room = 16;
    const vexfs_req_io body{0, 16, 0};
    const auto result = [&](const auto& spoil) {
        vexfs_request request = good;
        spoil(request);
        return rig.peer().collect(rig.peer().post_raw(request, bytes_of(body))).result;
    };
    CHECK(result([](auto&) {}) == 0);
    for (const uint32_t bytes : {VEXFS_QUEUE_AREA + 1u, 1u << 20, UINT32_MAX}) {
        CHECK(result([&](auto& request) { request.in_bytes = bytes; }) == -EINVAL);
        CHECK(result([&](auto& request) { request.out_room = bytes; }) == -EINVAL);
    }
    CHECK(result([](auto& request) { request.in_bytes = 0; }) == -EINVAL);
    CHECK(result([](auto& request) { request.op = UINT32_MAX; }) == -EOPNOTSUPP);
    CHECK(result([](auto&) {}) == 0); // and it serves on
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("exchange: random requests are answered within the rules, and leave a sound volume") {
    constexpr uint64_t kSeed = 42;
    INFO("seed " << kSeed);
    Random random(kSeed);
    Fixture rig;
    const std::array<uint64_t, 5> inos{kRootIno, rig.make_file("f"), rig.make_file("g"), 16,
                                       1u << 20};
    const std::array<uint32_t, 8> sizes{8, 16, 24, 32, 40, 56, 4096, 65'536};
    const auto size = [&] {
        return random.chance(1, 20)
                   ? static_cast<uint32_t>(random.next())
                   : sizes[random.below(sizes.size())] + static_cast<uint32_t>(random.below(40));
    };
    for (int round = 0; round < 40'000; ++round) {
        vexfs_request request{};
        request.op = static_cast<uint32_t>(random.below(46));
        // UNMOUNT ends the server, rightly.
        request.op = request.op == VEXFS_REQ_UNMOUNT ? VEXFS_REQ_LOOKUP : request.op;
        request.flags = static_cast<uint32_t>(random.below(8)) &
                        (random.chance(1, 4) ? UINT32_MAX : VEXFS_REQUEST_REPLAY);
        request.ino = inos[random.below(inos.size())];
        request.generation = random.chance(1, 20) ? 2 : 1;
        request.fh = random.below(3);
        request.in_bytes = size();
        request.out_room = size();
        request.groups = random.chance(1, 8) ? static_cast<uint32_t>(random.next()) : 0;
        std::array<std::byte, 128> in{};
        for (std::byte& b : in)
            b = random.chance(1, 4) ? static_cast<std::byte>(random.below(64)) : std::byte{};
        const uint32_t slot = rig.peer().post_raw(request, in);
        if ((request.flags & VEXFS_REQUEST_NOREPLY) == 0)
            rig.peer().collect(slot);
    }
    CHECK(rig.peer().lies() == 0);
    CHECK(rig.find(kRootIno, "absent") == 0);
}
