// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/staging.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace vexfs;

namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

struct Memory {
    uint64_t told = 0;
    unsigned jumps = 0; // by more than an entry of a map costs
    StagedMemory staged;

    explicit Memory(uint64_t bytes_max)
        : staged(bytes_max, [this](uint64_t bytes) {
              jumps += bytes > told + 64 ? 1 : 0;
              told = bytes;
          }) {}
};

// A message of so many bytes, all of which differ from their neighbours.
std::vector<std::byte> message_of(uint32_t bytes) {
    std::vector<std::byte> message(bytes);
    for (size_t i = 0; i < bytes; ++i)
        message[i] = static_cast<std::byte>(i * 7 + i / 256);
    vexfs_msg header{};
    header.size = bytes;
    header.room = VEXFS_ROOM_MIN;
    std::memcpy(message.data(), &header, sizeof header);
    return message;
}

Code code_of(const Status& status) {
    REQUIRE_FALSE(status.has_value());
    return status.error().code;
}

} // namespace

TEST_CASE("staging: pieces in any order and overlapping make the message, once all are there") {
    constexpr uint64_t kSeed = 31;
    INFO("seed " << kSeed);
    Random random(kSeed);
    Memory memory(64 * kMebibyte);
    for (int round = 0; round < 200; ++round) {
        const auto bytes = static_cast<uint32_t>(sizeof(vexfs_msg) + 8 * random.between(0, 400));
        const auto message = message_of(bytes);
        Staging staging(memory.staged, 1);
        std::vector<bool> written(bytes);
        uint64_t missing = bytes;
        while (missing != 0) {
            CHECK_FALSE(staging.message().has_value());
            const size_t begin = random.between(0, bytes - 1);
            const size_t count = random.between(1, std::min<size_t>(bytes - begin, 300));
            REQUIRE(staging.put(begin, Bytes(message).subspan(begin, count)));
            for (size_t i = begin; i < begin + count; ++i) {
                missing -= written[i] ? 0 : 1;
                written[i] = true;
            }
            CHECK(staging.staged_bytes() == bytes - missing);
        }
        REQUIRE(staging.message().has_value());
        CHECK(std::equal(message.begin(), message.end(), staging.message()->begin()));
        CHECK(memory.told >= bytes);
    }
    CHECK(memory.told == 0);
}

TEST_CASE("staging: what no header can answer never is a message") {
    Memory memory(kMebibyte);
    for (const auto& [size, room] :
         {std::pair<uint32_t, uint32_t>{24, 4096}, {0, 4096}, {64, 255}, {UINT32_MAX, 4096}}) {
        auto message = message_of(64);
        store_le<uint32_t>(message.data(), size);
        store_le<uint32_t>(message.data() + 4, room);
        Staging staging(memory.staged, 1);
        REQUIRE(staging.put(0, message));
        REQUIRE(staging.put(64, message));
        CHECK(staging.message().error().code == Code::kEINVAL);
    }
    Staging staging(memory.staged, 1);
    CHECK(code_of(staging.put(VEXFS_MAX_MESSAGE, message_of(32))) == Code::kEFBIG);
    CHECK(code_of(staging.put(UINT64_MAX, message_of(32))) == Code::kEFBIG);
    CHECK(staging.put(VEXFS_MAX_MESSAGE, {}));
    CHECK(memory.told == 0);
}

TEST_CASE("staging: no user takes the memory of the others, and all of it comes back") {
    Memory memory(4 * kMebibyte);
    const auto large = message_of(kMebibyte + kMebibyte / 2);
    {
        Staging first(memory.staged, 1);
        Staging second(memory.staged, 1);
        REQUIRE(first.put(0, large));
        CHECK(code_of(second.put(0, large)) == Code::kENOMEM);
        CHECK(second.staged_bytes() == 0);
        Staging other(memory.staged, 2);
        REQUIRE(other.put(0, large));
        Staging third(memory.staged, 3);
        CHECK(code_of(third.put(0, large)) == Code::kENOMEM);
        first.clear();
        REQUIRE(third.put(0, large));
        KeptReply reply(memory.staged, 1);
        REQUIRE(reply.take(kMebibyte / 4).has_value());
        CHECK(reply.take(2 * kMebibyte).error().code == Code::kENOMEM);
    }
    CHECK(memory.told == 0);
    CHECK(memory.staged.bytes() == 0);
}

TEST_CASE("staging: a piece in every second byte costs what it takes") {
    Memory memory(kMebibyte);
    Staging staging(memory.staged, 1);
    const std::byte one{1};
    Status put = ok();
    for (uint64_t offset = 0; put && offset < kMebibyte; offset += 2)
        put = staging.put(offset, Bytes(&one, 1));
    CHECK(code_of(put) == Code::kENOMEM);
    CHECK(memory.told <= kMebibyte / 2);
}

TEST_CASE("staging: what comes in small pieces is moved seldom, also where the memory ends") {
    constexpr size_t kPiece = 1024;
    const std::vector<std::byte> piece(kPiece); // of a header that does not tell the size
    for (const uint64_t mebibytes : {2, 3, 5, 8, 11}) {
        CAPTURE(mebibytes);
        Memory memory(mebibytes * kMebibyte);
        Staging staging(memory.staged, 1);
        uint64_t offset = 0;
        while (staging.put(offset, piece))
            offset += kPiece;
        CHECK(offset > mebibytes * kMebibyte / 5); // a half is the user's, and a move needs both
        CHECK(memory.jumps < 40);
    }
}
