// SPDX-License-Identifier: Apache-2.0
//
// Records and leaves of the tree that are read many at once, asked for or before somebody asks.
#include <doctest/doctest.h>

#include <atomic>

#include "base/random.h"
#include "userlib/device/ram_device.h"
#include "userlib/store/store.h"

namespace vexfs {

namespace {

constexpr size_t kRecord = 65536;
constexpr uint64_t kRecords = 128;
constexpr uint64_t kOid = 7;
constexpr uint64_t kHotOid = 8;

// Counts submissions, of however many reads.
class BatchCounter final : public Device {
  public:
    explicit BatchCounter(Device& child) : child_(child) {}

    Status read(std::span<Io> batch) override {
        ++batches;
        return child_.read(batch);
    }
    Status write(std::span<Io> batch) override { return child_.write(batch); }
    Status flush() override { return child_.flush(); }
    [[nodiscard]] Geometry geometry() const override { return child_.geometry(); }
    [[nodiscard]] std::string identity() const override { return child_.identity(); }
    Status register_memory(std::span<const MutableBytes> arenas) override {
        return child_.register_memory(arenas);
    }

    std::atomic<uint64_t> batches = 0;

  private:
    Device& child_;
};

// Compresses to about a third.
std::vector<std::byte> content(uint64_t oid, uint64_t record) {
    Random random(oid * 1000 + record);
    std::vector<std::byte> bytes(kRecord);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>('a' + random.below(random.chance(1, 2) ? 2 : 6));
    return bytes;
}

// Two objects on a device, of which nothing is in memory.
struct Volume {
    explicit Volume(size_t cache_bytes, CachePolicy policy = kDefaultCachePolicy) {
        options.cache_bytes = cache_bytes;
        options.cache_policy = policy;
        REQUIRE(format_store(*ram, {}));
        store = Store::open(counter, options).value();
        for (const uint64_t oid : {kOid, kHotOid})
            for (uint64_t record = 0; record < kRecords; ++record)
                write(oid, record);
        reopen();
    }
    void write(uint64_t oid, uint64_t record) const {
        Transaction transaction;
        transaction.write(oid, record * kRecord, content(oid, record));
        REQUIRE(store->apply(transaction));
    }
    void reopen() {
        REQUIRE(store->close());
        store.reset();
        store = Store::open(counter, options).value();
        // The nodes of the tree are another matter.
        for (const uint64_t oid : {kOid, kHotOid})
            REQUIRE(store->records(oid, 0, UINT64_MAX, SIZE_MAX).value().size() == kRecords);
        counter.batches = 0;
    }
    [[nodiscard]] bool reads(uint64_t oid, uint64_t record, size_t pieces = 1) const {
        std::vector<std::byte> room(kRecord);
        for (size_t i = 0; i < pieces; ++i) {
            const size_t bytes = kRecord / pieces;
            if (!store->read(oid, record * kRecord + i * bytes,
                             MutableBytes(room).subspan(i * bytes, bytes), ReadWidth::kInTurn))
                return false;
        }
        return room == content(oid, record);
    }

    StoreOptions options;
    std::unique_ptr<RamDevice> ram = RamDevice::create(size_t{128} << 20).value();
    BatchCounter counter{*ram};
    std::unique_ptr<Store> store;
};

constexpr size_t kAmple = size_t{64} << 20;

} // namespace

TEST_CASE("prefetch: many records come with one batch, and are found there") {
    Volume volume(kAmple);
    for (uint64_t record = 0; record < 4; ++record)
        CHECK(volume.reads(kOid, record));
    CHECK(volume.counter.batches == 4);
    CHECK(volume.store->prefetch(kOid, 0, 20 * kRecord) == 16); // those that were not there
    CHECK(volume.counter.batches == 5);
    for (uint64_t record = 0; record < 20; ++record)
        CHECK(volume.reads(kOid, record, 16));
    CHECK(volume.counter.batches == 5);
    CHECK(volume.store->prefetch(kOid, 0, 20 * kRecord) == 0);
    CHECK(volume.counter.batches == 5);
}

TEST_CASE("prefetch: what begins within the range, and nothing else") {
    Volume volume(kAmple);
    CHECK(volume.store->prefetch(kOid, 100, kRecord + 1) == 2);
    CHECK(volume.store->prefetch(kOid, kRecords * kRecord, UINT64_MAX) == 0);
    CHECK(volume.store->prefetch(12345, 0, UINT64_MAX) == 0);
    CHECK(volume.store->prefetch(kOid, 5 * kRecord, 5 * kRecord) == 0);
    CHECK(volume.counter.batches == 1);
}

TEST_CASE("prefetch: what waits in memory is newer than what is on the device") {
    Volume volume(kAmple);
    Transaction transaction;
    transaction.write(kOid, 3 * kRecord, content(99, 3));
    REQUIRE(volume.store->apply(transaction));
    volume.counter.batches = 0;
    CHECK(volume.store->prefetch(kOid, 0, 8 * kRecord) == 7);
    std::vector<std::byte> room(kRecord);
    REQUIRE(volume.store->read(kOid, 3 * kRecord, room));
    CHECK(room == content(99, 3));
    REQUIRE(volume.store->commit());
    REQUIRE(volume.store->read(kOid, 3 * kRecord, room));
    CHECK(room == content(99, 3));
}

TEST_CASE("prefetch: damage is left to the read of it, and costs nobody else") {
    Volume volume(kAmple);
    REQUIRE(volume.store->prefetch(kOid, 0, 1) == 1);
    const uint64_t whole = volume.store->cache_counts().hot.values;
    volume.reopen();
    // Everything but labels and the tree that is in memory: no record can be read any more.
    const MutableBytes medium = volume.ram->bytes();
    const std::vector<std::byte> before(medium.begin(), medium.end());
    std::fill(medium.begin(), medium.end(), std::byte{0x5a});
    CHECK(volume.store->prefetch(kOid, 0, 8 * kRecord) == 0);
    CHECK_FALSE(volume.reads(kOid, 0));
    std::copy(before.begin(), before.end(), medium.begin());
    CHECK(volume.store->prefetch(kOid, 0, 8 * kRecord) == 8);
    CHECK(volume.reads(kOid, 0));
    CHECK(whole > 0);
}

TEST_CASE("reads: pieces of many records come with one batch") {
    Volume volume(kAmple);
    CHECK(volume.reads(kOid, 2));
    Transaction transaction;
    transaction.write(kOid, 3 * kRecord, content(99, 3));
    REQUIRE(volume.store->apply(transaction));
    volume.counter.batches = 0;
    for (const ReadWidth width : {ReadWidth::kOnce, ReadWidth::kRecord, ReadWidth::kRecord}) {
        CAPTURE(volume.counter.batches);
        std::vector<std::byte> room(20 * kRecord);
        std::vector<PieceRead> pieces;
        for (size_t i = 0; i < 10; ++i)
            pieces.push_back({2 * i * kRecord + 100,
                              MutableBytes(room).subspan(2 * i * kRecord, 2 * kRecord - 200),
                              ok()});
        REQUIRE(volume.store->read(kOid, pieces, width));
        for (const PieceRead& piece : pieces)
            REQUIRE(piece.status);
        std::vector<std::byte> wanted;
        for (uint64_t record = 0; record < 20; ++record) {
            const std::vector<std::byte> its = content(record == 3 ? 99 : kOid, record);
            wanted.insert(wanted.end(), its.begin(), its.end());
        }
        for (size_t i = 0; i < 10; ++i)
            CHECK(std::ranges::equal(pieces[i].out, std::span(wanted).subspan(2 * i * kRecord + 100,
                                                                              2 * kRecord - 200)));
    }
    CHECK(volume.counter.batches == 2); // what is read once is not kept, what is read again is
}

TEST_CASE("reads: a damaged record costs the pieces that have a part of it, and no others") {
    Volume volume(kAmple);
    const MutableBytes medium = volume.ram->bytes();
    const std::vector<std::byte> before(medium.begin(), medium.end());
    volume.write(kOid, 5);
    REQUIRE(volume.store->commit());
    const auto changed = std::mismatch(before.begin(), before.end(), medium.begin());
    REQUIRE(changed.first != before.end());
    volume.reopen();
    // A block after the other, until the one is found that record 5 has and no other.
    const auto reads = [&] {
        std::vector<std::byte> room(8 * kRecord);
        std::vector<PieceRead> pieces;
        for (size_t i = 0; i < 8; ++i)
            pieces.push_back({i * kRecord, MutableBytes(room).subspan(i * kRecord, kRecord), ok()});
        std::vector<bool> read;
        if (!volume.store->read(kOid, pieces, ReadWidth::kOnce))
            return read;
        for (size_t i = 0; i < 8; ++i)
            read.push_back(pieces[i].status.has_value() &&
                           std::ranges::equal(pieces[i].out, content(kOid, i)));
        return read;
    };
    CHECK(reads() == std::vector<bool>(8, true));
    std::vector<bool> without_five(8, true);
    without_five[5] = false;
    size_t hits = 0;
    for (size_t at = 0; at + kBlockBytes <= before.size(); at += kBlockBytes) {
        if (std::equal(before.begin() + static_cast<ptrdiff_t>(at),
                       before.begin() + static_cast<ptrdiff_t>(at + kBlockBytes),
                       medium.begin() + static_cast<ptrdiff_t>(at)))
            continue;
        medium[at + 7] ^= std::byte{1};
        const std::vector<bool> read = reads();
        medium[at + 7] ^= std::byte{1};
        hits += read == without_five ? 1 : 0;
        CHECK((read == without_five || read == std::vector<bool>(8, true)));
    }
    CHECK(hits > 0);
    CHECK(reads() == std::vector<bool>(8, true));
}

TEST_CASE("reads: more than comes with one batch, in pieces that share records") {
    Volume volume(kAmple);
    const auto read_all = [&](size_t piece_bytes) {
        std::vector<std::byte> room(kRecords * kRecord);
        std::vector<PieceRead> pieces;
        for (size_t at = 0; at < room.size(); at += piece_bytes)
            pieces.push_back({at, MutableBytes(room).subspan(at, piece_bytes), ok()});
        volume.counter.batches = 0;
        REQUIRE(volume.store->read(kOid, pieces, ReadWidth::kOnce));
        std::vector<bool> right;
        for (size_t i = 0; i < pieces.size(); ++i) {
            bool same = pieces[i].status.has_value();
            for (size_t at = i * piece_bytes; same && at < (i + 1) * piece_bytes;) {
                const size_t begin = at % kRecord;
                const size_t count = std::min(kRecord - begin, (i + 1) * piece_bytes - at);
                const std::vector<std::byte> its = content(kOid, at / kRecord);
                same = std::equal(its.begin() + static_cast<ptrdiff_t>(begin),
                                  its.begin() + static_cast<ptrdiff_t>(begin + count),
                                  room.begin() + static_cast<ptrdiff_t>(at));
                at += count;
            }
            right.push_back(same);
        }
        return right;
    };
    const size_t some = kRecord / 4;
    CHECK(read_all(some) == std::vector<bool>(kRecords * 4, true));
    CHECK(volume.counter.batches <= 2); // each record once, of at most 8 MiB in all
    CHECK(read_all(2 * kRecord) == std::vector<bool>(kRecords / 2, true));
    CHECK(volume.counter.batches <= 2);
    // All pieces of a record that cannot be read fail, and no others, wherever a batch ends.
    const MutableBytes medium = volume.ram->bytes();
    const std::vector<std::byte> before(medium.begin(), medium.end());
    for (const uint64_t record : {0, 1, 63, 100, 127})
        volume.write(kOid, record);
    REQUIRE(volume.store->commit());
    std::vector<size_t> changed;
    for (size_t at = 0; at < before.size(); at += kBlockBytes)
        if (!std::equal(before.begin() + static_cast<ptrdiff_t>(at),
                        before.begin() + static_cast<ptrdiff_t>(at + kBlockBytes),
                        medium.begin() + static_cast<ptrdiff_t>(at)))
            changed.push_back(at);
    volume.reopen();
    for (const size_t at : changed)
        medium[at + 9] ^= std::byte{1};
    std::vector<bool> right(kRecords * 4, true);
    for (const uint64_t record : {0, 1, 63, 100, 127})
        std::fill_n(right.begin() + static_cast<ptrdiff_t>(record * 4), 4, false);
    CHECK(read_all(some) == right);
    std::vector<bool> right_of_two(kRecords / 2, true);
    for (const uint64_t record : {0, 1, 63, 100, 127})
        right_of_two[record / 2] = false;
    CHECK(read_all(2 * kRecord) == right_of_two);
}

TEST_CASE("prefetch: leaves of the tree come with few batches, and are found there") {
    constexpr uint64_t kItems = 2000;
    Volume volume(kAmple);
    std::vector<Key> keys;
    for (uint64_t item = 0; item < kItems; ++item) {
        keys.push_back({kOid + 100 + item, 200, 0, 0});
        Transaction transaction;
        transaction.put(keys.back(), std::vector<std::byte>(500, static_cast<std::byte>(item)));
        REQUIRE(volume.store->apply(transaction));
    }
    const auto get_all = [&] {
        volume.counter.batches = 0;
        for (uint64_t item = 0; item < kItems; ++item)
            REQUIRE(volume.store->get(keys[item]).value().value()[0] ==
                    static_cast<std::byte>(item));
        return volume.counter.batches.load();
    };
    volume.reopen();
    const uint64_t one_by_one = get_all();
    volume.reopen();
    volume.store->prefetch(keys);
    const uint64_t ahead = volume.counter.batches;
    CHECK(get_all() == 0);
    CHECK(ahead < one_by_one / 10);
    CHECK(ahead > 0);
    volume.store->prefetch(keys); // they are there
    CHECK(volume.counter.batches == 0);
}

TEST_CASE("prefetch: what is read ahead and never wanted does not push out what is") {
    for (const CachePolicy policy : {CachePolicy::kS3Fifo, CachePolicy::kArc}) {
        CAPTURE(name_of(policy));
        Volume volume(size_t{8} << 20, policy);
        constexpr uint64_t kHot = 80; // of the 120 or so that fit
        for (int round = 0; round < 3; ++round)
            for (uint64_t record = 0; record < kHot; ++record)
                CHECK(volume.reads(kHotOid, record));
        volume.counter.batches = 0;
        for (uint64_t record = 0; record < kHot; ++record)
            CHECK(volume.reads(kHotOid, record));
        REQUIRE(volume.counter.batches == 0);
        for (int round = 0; round < 3; ++round)
            for (uint64_t record = 0; record < kRecords; record += 4)
                volume.store->prefetch(kOid, record * kRecord, (record + 4) * kRecord);
        // A scan whose every record is read in 16 pieces is no better.
        for (uint64_t record = 0; record < kRecords; record += 4) {
            volume.store->prefetch(kOid, record * kRecord, (record + 4) * kRecord);
            for (uint64_t i = record; i < record + 4; ++i)
                CHECK(volume.reads(kOid, i, 16));
        }
        volume.counter.batches = 0;
        for (uint64_t record = 0; record < kHot; ++record)
            CHECK(volume.reads(kHotOid, record));
        CHECK(volume.counter.batches <= kHot / 10);
    }
}

} // namespace vexfs
