// SPDX-License-Identifier: Apache-2.0
//
// Pieces of objects of numbers: where they are read from, and what stays in memory.
#include "userlib/store/piece_batch.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "userlib/store/small_volume.h"

using namespace vexfs;

namespace {

constexpr size_t kRecord = 65536;
constexpr size_t kRecords = 6;
constexpr uint64_t kOid = 7;
constexpr size_t kVector = 3072; // 768 x float32

// Small integers as float32: bfloat16 holds each.
std::vector<std::byte> integers(size_t bytes, uint64_t seed) {
    Random random(seed);
    std::vector<std::byte> block(bytes);
    for (size_t at = 0; at + 4 <= bytes; at += 4) {
        const auto number = static_cast<float>(random.below(200) + 1);
        std::memcpy(block.data() + at, &number, 4);
    }
    return block;
}

const ObjectForm kRaw{{}, Compression{CodecId::kNone, 0}, true};
const ObjectForm kNarrow{{Numbers::kF32, true}, Compression{CodecId::kNone, 0}, true};
const ObjectForm kPacked{{Numbers::kF32, false}, Compression{CodecId::kZstd, 3}, true};

// A volume with one object of numbers, of which nothing is in memory.
struct Volume {
    explicit Volume(const ObjectForm& form) {
        FormatOptions format = small_format();
        format.node_bytes = 16384;
        format.record_bytes = kRecord;
        format.region_blocks = 1024;
        REQUIRE(format_store(*device, format));
        open(form);
        Transaction transaction;
        transaction.write(kOid, 0, bytes);
        REQUIRE(store->apply(transaction));
        REQUIRE(store->close());
        open(form);
    }
    void open(const ObjectForm& form, bool read_only = false) {
        store.reset();
        StoreOptions options = small_options();
        options.read_only = read_only;
        store = opened(*device, options);
        REQUIRE(store->set_form(kOid, form));
    }
    [[nodiscard]] Bytes vector(size_t number) const {
        return Bytes(bytes).subspan(number * kVector, kVector);
    }
    // Reads vectors by number, and compares those that come.
    BlockCounts read(const std::vector<size_t>& numbers, ReadWidth width = ReadWidth::kPiece,
                     size_t damaged = 0) {
        std::vector<std::byte> room(numbers.size() * kVector);
        std::vector<PieceRead> pieces;
        for (size_t i = 0; i < numbers.size(); ++i)
            pieces.push_back(
                {numbers[i] * kVector, MutableBytes(room).subspan(i * kVector, kVector), ok()});
        const BlockCounts counts = store->read(kOid, pieces, width).value();
        for (size_t i = 0; i < numbers.size(); ++i) {
            if (!pieces[i].status) {
                CHECK(pieces[i].status.error().code == Code::kEIO);
                REQUIRE(damaged-- > 0);
                continue;
            }
            CHECK(std::ranges::equal(pieces[i].out, vector(numbers[i])));
        }
        CHECK(damaged == 0);
        return counts;
    }
    // Every vector.
    BlockCounts read_all(ReadWidth width = ReadWidth::kPiece) {
        std::vector<size_t> all(bytes.size() / kVector);
        for (size_t i = 0; i < all.size(); ++i)
            all[i] = (i * 37) % all.size();
        return read(all, width);
    }
    [[nodiscard]] BlockCache::Stored cached() const { return store->cache_counts().stored; }
    // Makes noise of what the first record has on the device.
    void damage(size_t block) {
        const Bytes wanted = Bytes(bytes).subspan(block * kBlockBytes, kBlockBytes);
        const MutableBytes all = device->bytes();
        const auto at = std::search(all.begin(), all.end(), wanted.begin(), wanted.end());
        REQUIRE(at != all.end());
        *at ^= std::byte{1};
    }

    std::vector<std::byte> bytes = integers(kRecords * kRecord, 1);
    std::unique_ptr<RamDevice> device = RamDevice::create(4096 * kBlockBytes).value();
    std::unique_ptr<Store> store;
};

} // namespace

TEST_CASE("pieces: vectors lie in the pool as the very bytes that they are on the disk") {
    for (const ObjectForm& form : {kRaw, kNarrow, kPacked}) {
        Volume volume(form);
        const uint64_t on_disk = volume.store->stored_bytes(kOid).value();
        CAPTURE(on_disk);
        CHECK(volume.cached().blocks == 0);
        volume.read_all();
        const BlockCache::Stored cached = volume.cached();
        const bool packed = form.compression->codec != CodecId::kNone;
        // What is compressed ends within a block.
        CHECK(cached.bytes <= on_disk);
        CHECK(cached.bytes + (packed ? kRecords * kBlockBytes : 0) >= on_disk);
        CHECK(cached.blocks == (packed ? kRecords : on_disk / kBlockBytes));
        CHECK(volume.store->stored_pools().stats().stored_bytes == cached.bytes);
        // From now on the disk is not needed.
        std::ranges::fill(volume.device->bytes(), std::byte{0xa5});
        const BlockCounts again = volume.read_all();
        CHECK(again.read == 0);
        if (!packed) {
            CHECK(again.cached > 0);
            CHECK(volume.cached().hits > cached.hits);
        }
        CHECK(volume.cached().blocks == cached.blocks);
    }
}

TEST_CASE(
    "pieces: what is missing is read once, in one batch, with what lies beside it or without") {
    Volume volume(kRaw);
    // Vectors 0 and 1 share a block.
    CHECK(volume.read({0, 1}).read == 2);
    CHECK(volume.read({1, 0}).read == 0);
    const BlockCounts apart = volume.read({16, 17});
    CHECK(apart.read == 2);
    CHECK(apart.cached == 0);
    CHECK(volume.read({30, 0, 60}, ReadWidth::kOnce).cached == 1);
    CHECK(volume.cached().blocks == 4);
    // All of the second record.
    CHECK(volume.read({24}, ReadWidth::kRecord).read == kRecord / kBlockBytes);
    CHECK(volume.read({25, 26, 30, 40}).read == 0);
    CHECK(volume.cached().blocks == 4 + kRecord / kBlockBytes);
}

TEST_CASE("pieces: a damaged block costs those that have a part of it, and no others") {
    Volume volume(kRaw);
    volume.damage(2);
    volume.open(kRaw);
    // Block 2 holds the bytes 8,192 to 12,287: of the vectors 2 and 3.
    volume.read({1, 2, 3, 4}, ReadWidth::kPiece, 2);
    volume.read({2}, ReadWidth::kRecord, 1);
    CHECK(volume.cached().blocks == kRecord / kBlockBytes - 1);
    volume.read({1, 4, 5});
}

TEST_CASE("pieces: where the log could not be replayed costs the pieces there, and no others") {
    Volume volume(kRaw);
    Transaction transaction;
    transaction.write(kOid, 100, std::vector<std::byte>(50, std::byte{9}));
    REQUIRE(volume.store->apply(transaction));
    REQUIRE(volume.store->sync());
    volume.store.reset();
    volume.damage(2); // of the record that the log changes
    volume.open(kRaw, true);
    volume.read({0, 24, 30}, ReadWidth::kPiece, 1);
}

TEST_CASE("pieces: what was written since is read, and never what lay there") {
    Volume volume(kNarrow);
    volume.read_all();
    Random random(2);
    for (int round = 0; round < 20; ++round) {
        const size_t number = random.below(volume.bytes.size() / kVector);
        const std::vector<std::byte> fresh = integers(kVector, 100 + static_cast<uint64_t>(round));
        std::ranges::copy(fresh, volume.bytes.begin() + static_cast<ptrdiff_t>(number * kVector));
        Transaction transaction;
        transaction.write(kOid, number * kVector, fresh);
        REQUIRE(volume.store->apply(transaction));
        volume.read_all();
        if (round % 3 == 0)
            REQUIRE(volume.store->commit());
        volume.read_all();
    }
    // Behind the end, and across it.
    std::vector<std::byte> room(2 * kVector, std::byte{1});
    REQUIRE(volume.store->read(kOid, volume.bytes.size() - kVector, room));
    CHECK(std::ranges::equal(Bytes(room).first(kVector),
                             volume.vector(volume.bytes.size() / kVector - 1)));
    CHECK(std::ranges::all_of(Bytes(room).subspan(kVector),
                              [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("pieces: small reads of any object are cached by the block") {
    Volume volume(kRaw);
    Transaction transaction;
    Random random(3);
    std::vector<std::byte> noise(kRecord);
    for (std::byte& byte : noise)
        byte = static_cast<std::byte>(random.next());
    transaction.write(kOid + 1, 0, noise);
    REQUIRE(volume.store->apply(transaction));
    REQUIRE(volume.store->close());
    volume.open(kRaw);
    std::vector<std::byte> room(100);
    REQUIRE(volume.store->read(kOid + 1, 5000, room));
    CHECK(volume.cached().blocks == 1);
    CHECK(volume.cached().hits == 0);
    REQUIRE(volume.store->read(kOid + 1, 5100, room));
    CHECK(volume.cached().hits == 1);
    CHECK(std::ranges::equal(room, Bytes(noise).subspan(5100, 100)));
}
