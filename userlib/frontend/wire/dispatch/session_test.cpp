// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/session.h"

#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "userlib/testing/wire/wire_rig.h"

using namespace vexfs;

namespace {

std::vector<std::byte> hello_message(uint32_t room = 4096) {
    HelloRequest hello;
    hello.head.room = room;
    hello.head.cookie = 99;
    return build_request(Request(hello)).value();
}

struct SessionRig : WireRig {
    const uint64_t directory = make(VEXFS_REQ_MKDIR, kRootIno, "d", 0755).ino;
    const uint64_t call = lookup(lookup(directory, ".vexfs").ino, "call").ino;

    // A handle, or a negative errno.
    int64_t open(int flags) {
        const WireReply opened =
            run_with(VEXFS_REQ_OPEN, call, vexfs_req_open{static_cast<uint32_t>(flags), 0});
        return opened.result != 0 ? opened.result
                                  : static_cast<int64_t>(reply<vexfs_rep_open>().fh);
    }
    int write(int64_t handle, uint64_t offset, Bytes bytes) {
        const vexfs_req_io body{offset, static_cast<uint32_t>(bytes.size()), 0};
        return run(VEXFS_REQ_SESSION_WRITE, call, std::as_bytes(std::span(&body, 1)), bytes,
                   static_cast<uint64_t>(handle))
            .result;
    }
    // Bytes that came, or a negative errno.
    int64_t read(int64_t handle, uint64_t offset, uint32_t bytes) {
        const WireReply done =
            run_with(VEXFS_REQ_SESSION_READ, call, vexfs_req_io{offset, bytes, 0}, {},
                     static_cast<uint64_t>(handle));
        return done.result != 0 ? done.result : static_cast<int64_t>(done.bytes);
    }
    int truncate(int64_t handle) {
        return run(VEXFS_REQ_SESSION_TRUNCATE, call, {}, {}, static_cast<uint64_t>(handle)).result;
    }
    void release(int64_t handle) {
        CHECK(run(VEXFS_REQ_RELEASE, call, {}, {}, static_cast<uint64_t>(handle)).result == 0);
    }
    Reply reply_of(int64_t bytes) {
        REQUIRE(bytes > 0);
        return parse_reply(Bytes(out).first(static_cast<size_t>(bytes))).value();
    }
};

} // namespace

TEST_CASE("session: a message goes in by pieces, is carried out once, and its reply is kept") {
    SessionRig rig;
    const int64_t session = rig.open(O_RDWR);
    REQUIRE(session > 0);
    CHECK((rig.reply<vexfs_rep_open>().flags & VEXFS_OPEN_SESSION) != 0);
    const auto message = hello_message();
    CHECK(rig.read(session, 0, 4096) == -EINVAL);
    CHECK(rig.write(session, 16, Bytes(message).subspan(16)) == 0);
    CHECK(rig.read(session, 0, 4096) == -EINVAL);
    CHECK(rig.write(session, 0, Bytes(message).first(16)) == 0);
    const int64_t whole = rig.read(session, 0, 4096);
    const Reply reply = rig.reply_of(whole);
    CHECK(std::get<HelloReply>(reply).body.max_staged > 0);
    CHECK(rig.reply<vexfs_msg>().cookie == 99);
    CHECK(rig.volume().staged().bytes() > 0);
    // Slices, and nothing behind the end.
    const std::vector<std::byte> kept(rig.out.begin(), rig.out.begin() + whole);
    CHECK(rig.read(session, 8, 24) == 24);
    CHECK(std::equal(kept.begin() + 8, kept.begin() + 32, rig.out.begin()));
    CHECK(rig.read(session, static_cast<uint64_t>(whole), 10) == 0);
    CHECK(rig.read(session, UINT64_MAX, 10) == 0);
    // The next write begins a new message, which is not there yet.
    CHECK(rig.write(session, 0, Bytes(message).first(8)) == 0);
    CHECK(rig.read(session, 0, 4096) == -EINVAL);
    CHECK(rig.write(session, 8, Bytes(message).subspan(8)) == 0);
    CHECK(rig.read(session, 0, 4096) == whole);
    CHECK(rig.truncate(session) == 0);
    CHECK(rig.read(session, 0, 4096) == -EINVAL);
    CHECK(rig.volume().staged().bytes() == 0);
    rig.release(session);
    CHECK(rig.read(session, 0, 4096) == -ESTALE);
}

TEST_CASE("session: a refused message has its reply, and only what none can answer is an errno") {
    SessionRig rig;
    const int64_t session = rig.open(O_RDWR);
    auto message = hello_message();
    store_le<uint16_t>(message.data() + offsetof(vexfs_msg, op), 0x3f);
    CHECK(rig.write(session, 0, message) == 0);
    CHECK(std::get<FailureReply>(rig.reply_of(rig.read(session, 0, 4096))).code == Code::kENOTTY);
    // No session executes what is for sessions.
    PartGetRequest part;
    part.head.room = 4096;
    CHECK(rig.write(session, 0, build_request(Request(part)).value()) == 0);
    CHECK(std::get<FailureReply>(rig.reply_of(rig.read(session, 0, 4096))).code == Code::kENOTTY);
    store_le<uint32_t>(message.data() + offsetof(vexfs_msg, room), VEXFS_ROOM_MIN - 1);
    CHECK(rig.write(session, 0, message) == 0);
    CHECK(rig.read(session, 0, 4096) == -EINVAL);
    const std::byte one{1};
    CHECK(rig.write(session, VEXFS_MAX_MESSAGE, Bytes(&one, 1)) == -EFBIG);
    rig.release(session);
}

TEST_CASE("session: the way it was opened holds, and so does who opened it") {
    SessionRig rig;
    CHECK(rig.open(O_RDWR | O_APPEND) == -EINVAL);
    RigCaller unknown;
    unknown.known = false;
    rig.set_caller(unknown);
    CHECK(rig.open(O_RDWR) == -EACCES);
    RigCaller other{Caller{1000, 1000}};
    rig.set_caller(other);
    const int64_t session = rig.open(O_RDONLY);
    REQUIRE(session > 0);
    SchemaSetRequest schema;
    schema.head.room = 4096;
    schema.body.dim = 4;
    schema.body.element = VEXFS_ELEMENT_F32;
    schema.body.metric = VEXFS_METRIC_L2;
    CHECK(rig.write(session, 0, build_request(Request(schema)).value()) == 0);
    CHECK(std::get<FailureReply>(rig.reply_of(rig.read(session, 0, 4096))).code == Code::kEBADF);
    rig.release(session);
}

TEST_CASE("session: a signal ends the wait for another reader, not the message") {
    SessionRig rig;
    Messages messages(rig.volume(), VEXFS_FRONT_END_LOCAL);
    Session session(messages, rig.volume().staged(), kRootIno, VEXFS_FILE_READ | VEXFS_FILE_WRITE,
                    Caller{});
    REQUIRE(session.write(0, hello_message()));
    // Whoever is first carries it out, all others get the same reply.
    std::array<size_t, 4> got{};
    std::vector<std::thread> readers;
    for (size_t& bytes : got)
        readers.emplace_back([&session, &bytes] {
            std::array<std::byte, 4096> room{};
            bytes = session.read(0, room, nullptr).value_or(0);
        });
    for (std::thread& reader : readers)
        reader.join();
    for (const size_t bytes : got)
        CHECK(bytes == got[0]);
    CHECK(got[0] > sizeof(vexfs_msg));
}

TEST_CASE("session: the same goes by pieces of an ioctl where it is open for reading only") {
    SessionRig rig;
    const auto session = static_cast<uint64_t>(rig.open(O_RDONLY));
    const auto message = hello_message();
    PartPutRequest put;
    put.head.flags = VEXFS_PART_FIRST;
    put.body = {0, 8};
    put.part = Bytes(message).first(8);
    const auto staged = [&](const Result<Reply>& reply) {
        return std::get<PartPutReply>(reply.value()).body;
    };
    CHECK(staged(rig.ask(rig.call, VEXFS_FILE_READ, put, session)).staged == 8);
    PartGetRequest get;
    get.body = {0, 1000};
    CHECK(WireRig::status_of(rig.ask(rig.call, VEXFS_FILE_READ, get, session)) == -EINVAL);
    put.head.flags = 0;
    put.body = {8, static_cast<uint32_t>(message.size() - 8)};
    put.part = Bytes(message).subspan(8);
    CHECK(staged(rig.ask(rig.call, VEXFS_FILE_READ, put, session)).size == message.size());

    std::vector<std::byte> reply;
    for (get.body = {0, 50};; get.body.offset += 50) {
        const Result<Reply> piece = rig.ask(rig.call, VEXFS_FILE_READ, get, session);
        REQUIRE(WireRig::status_of(piece) == 0);
        const auto& got = std::get<PartGetReply>(*piece);
        reply.insert(reply.end(), got.part.begin(), got.part.end());
        CHECK(got.body.size > 50);
        if (got.body.bytes == 0)
            break;
    }
    CHECK(std::holds_alternative<HelloReply>(parse_reply(reply).value()));
    // More than an ioctl can carry, and on what is no session.
    get.body = {0, VEXFS_MAX_IOCTL};
    CHECK(WireRig::status_of(rig.ask(rig.call, VEXFS_FILE_READ, get, session)) == -EMSGSIZE);
    CHECK(WireRig::status_of(rig.ask(kRootIno, VEXFS_FILE_READ, get)) == -ENOTTY);
    CHECK(WireRig::status_of(rig.ask(kRootIno, VEXFS_FILE_READ, put)) == -ENOTTY);
    CHECK(WireRig::status_of(rig.ask(rig.call, VEXFS_FILE_READ, get, session + 1)) == -ESTALE);
    rig.release(static_cast<int64_t>(session));
}

TEST_CASE("session: one of an engine before a restart is stale, and a user has not all of them") {
    SessionRig rig;
    const int64_t session = rig.open(O_RDWR);
    rig.reopen();
    CHECK(rig.read(session, 0, 100) == -ESTALE);
    CHECK(rig.write(session, 0, hello_message()) == -ESTALE);
    CHECK(rig.truncate(session) == -ESTALE);
    RigCaller user{Caller{1000, 1000}};
    rig.set_caller(user);
    std::vector<int64_t> sessions;
    for (size_t i = 0; i < Sessions::kOpenOfUserMax; ++i)
        sessions.push_back(rig.open(O_RDWR));
    CHECK(rig.open(O_RDWR) == -EMFILE);
    RigCaller other{Caller{1001, 1001}};
    rig.set_caller(other);
    const int64_t of_other = rig.open(O_RDWR);
    CHECK(of_other > 0);
    rig.release(of_other);
    rig.set_caller(user);
    rig.release(sessions.back());
    CHECK(rig.open(O_RDWR) > 0);
}
