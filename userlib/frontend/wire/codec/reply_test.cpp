// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/codec/reply.h"

#include <doctest/doctest.h>

#include "userlib/testing/messages/sampler.h"

using namespace vexfs;

namespace {

constexpr size_t kReplies = std::variant_size_v<Reply>;

vexfs_msg asked_by(const Reply& reply, uint32_t room) {
    vexfs_msg asked{};
    asked.size = sizeof asked;
    asked.room = room;
    asked.version = VEXFS_ABI_VERSION;
    asked.cookie = 0x1122334455667788;
    asked.op = std::visit(
        [](const auto& one) -> uint16_t {
            if constexpr (std::is_same_v<std::decay_t<decltype(one)>, FailureReply>)
                return VEXFS_OP_PUT;
            else
                return one.kOp;
        },
        reply);
    return asked;
}

} // namespace

TEST_CASE("reply: what is built of any op is parsed to the same, and built to the same bytes") {
    for (uint64_t seed = 0; seed < 300; ++seed) {
        Sampler sampler(seed);
        for (size_t kind = 0; kind < kReplies; ++kind) {
            CAPTURE(seed);
            CAPTURE(kind);
            const Reply reply = sampler.reply(kind);
            REQUIRE(reply.index() == kind);
            const vexfs_msg asked = asked_by(reply, 65536);
            std::vector<std::byte> first(65536), second(65536);
            const size_t size = build_reply(reply, asked, first);
            CHECK(size == reply_bytes(reply));
            const auto parsed = parse_reply(Bytes(first).first(size));
            REQUIRE(parsed.has_value());
            CHECK(parsed->index() == kind);
            CHECK(build_reply(*parsed, asked, second) == size);
            CHECK(first == second);
            vexfs_msg msg;
            std::memcpy(&msg, first.data(), sizeof msg);
            CHECK(msg.cookie == asked.cookie);
            CHECK(msg.op == asked.op);
            CHECK(msg.size == size);
        }
    }
}

TEST_CASE("reply: one that does not fit becomes EMSGSIZE with the room it needs, nothing more") {
    Sampler sampler(5);
    const GetReply reply = [&] {
        GetReply get;
        static const std::vector<std::byte> vectors(1000);
        get.body.rows = 10;
        get.body.dim = 100;
        get.body.element = VEXFS_ELEMENT_U8;
        get.body.flags = VEXFS_GET_VECTORS;
        get.vectors = vectors;
        return get;
    }();
    const uint64_t needed = reply_bytes(reply);
    std::vector<std::byte> buffer(4096, std::byte{0xee});
    const vexfs_msg asked = asked_by(reply, static_cast<uint32_t>(needed - 1));
    const size_t size = build_reply(reply, asked, buffer);
    CHECK(size <= VEXFS_ROOM_MIN);
    CHECK(buffer[size] == std::byte{0xee});
    const auto parsed = parse_reply(Bytes(buffer).first(size)).value();
    const auto& failure = std::get<FailureReply>(parsed);
    CHECK(failure.code == Code::kEMSGSIZE);
    CHECK(failure.body.needed == needed);
    CHECK(failure.body.offset == offsetof(vexfs_msg, room));
    // The buffer is a limit too, whatever room was asked for.
    std::vector<std::byte> small(VEXFS_ROOM_MIN);
    CHECK(build_reply(reply, asked_by(reply, 65536), small) <= VEXFS_ROOM_MIN);
}

TEST_CASE("reply: a failure's text is cut to its limit and stays one string") {
    std::vector<std::byte> buffer(VEXFS_ROOM_MIN);
    const vexfs_msg asked = asked_by(SyncReply{}, VEXFS_ROOM_MIN);
    for (const std::string& text :
         {std::string(), std::string("short"), std::string(1000, 'x'), std::string("a\0b", 3)}) {
        Fault fault;
        fault.offset = 48;
        const size_t size = build_failure(fail(Code::kEACCES, "test"), fault, text, asked, buffer);
        const auto parsed = parse_reply(Bytes(buffer).first(size)).value();
        const auto& failure = std::get<FailureReply>(parsed);
        CHECK(failure.code == Code::kEACCES);
        CHECK(failure.body.offset == 48);
        CHECK(failure.text.size() == std::min<size_t>(text.size() + 1, VEXFS_MAX_FAILURE_TEXT));
        CHECK(failure.text.back() == '\0');
    }
}

TEST_CASE("reply: damage is refused or understood, never worse") {
    for (uint64_t seed = 0; seed < 3000; ++seed) {
        CAPTURE(seed);
        Sampler sampler(seed);
        const Reply reply = sampler.reply(seed % kReplies);
        std::vector<std::byte> bytes(reply_bytes(reply));
        bytes.resize(std::max<size_t>(bytes.size(), VEXFS_ROOM_MIN));
        bytes.resize(build_reply(reply, asked_by(reply, 65536), bytes));
        Random& random = sampler.random();
        for (int i = 0; i < 3; ++i)
            bytes[random.below(bytes.size())] =
                static_cast<std::byte>(random.chance(1, 4) ? 0xff : random.next());
        const auto parsed = parse_reply(bytes);
        if (!parsed.has_value())
            CHECK(parsed.error().code != Code::kEIO);
    }
}

TEST_CASE("reply: one whose parts do not agree is refused") {
    Sampler sampler(8);
    SearchReply reply;
    do
        reply = std::get<SearchReply>(sampler.reply(4));
    while (reply.body.hits == 0 || reply.body.path_bytes == 0);
    std::vector<std::byte> bytes(4096);
    const size_t size = build_reply(reply, asked_by(reply, 4096), bytes);
    bytes.resize(size);
    CHECK(parse_reply(bytes).has_value());
    auto spoiled = bytes;
    const size_t found = sizeof(vexfs_msg) + sizeof(vexfs_search_reply);
    spoiled[found] = std::byte{9}; // answers[0].found
    CHECK(parse_reply(spoiled).error().code == Code::kEBADMSG);
    spoiled = bytes;
    vexfs_msg* msg = reinterpret_cast<vexfs_msg*>(spoiled.data());
    msg->status = -4096;
    CHECK(parse_reply(spoiled).error().code == Code::kEBADMSG);
    msg->status = 5;
    CHECK(parse_reply(spoiled).error().code == Code::kEBADMSG);
}

TEST_CASE("reply: a longer body from a later engine is understood as far as it is known") {
    std::vector<std::byte> bytes(sizeof(vexfs_msg) + sizeof(vexfs_drop_reply) + 8);
    vexfs_msg msg{};
    msg.size = static_cast<uint32_t>(bytes.size());
    msg.room = 256;
    msg.op = VEXFS_OP_DROP;
    msg.version = VEXFS_ABI_VERSION;
    msg.body = sizeof(vexfs_drop_reply) + 8;
    std::memcpy(bytes.data(), &msg, sizeof msg);
    bytes.back() = std::byte{1};
    CHECK(std::holds_alternative<DropReply>(parse_reply(bytes).value()));
}
