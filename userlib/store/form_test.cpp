// SPDX-License-Identifier: Apache-2.0
//
// Objects of which the store knows what their bytes are.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include <doctest/doctest.h>

#include "userlib/store/record_batch.h"
#include "userlib/store/salvage.h"
#include "userlib/store/small_volume.h"

using namespace vexfs;

namespace {

constexpr size_t kRecord = 65536;
constexpr size_t kRecords = 6;
constexpr uint64_t kBlocks = 4096;

// Of one kind throughout: small integers are exact as bfloat16, larger ones as float16.
std::vector<std::byte> numbers(size_t bytes, double scale, uint64_t seed) {
    Random random(seed);
    std::vector<std::byte> block(bytes);
    for (size_t at = 0; at + 4 <= bytes; at += 4) {
        const double value = scale == 0 ? random.normal() : std::floor(random.unit() * scale);
        const auto number = static_cast<float>(value);
        std::memcpy(block.data() + at, &number, 4);
    }
    return block;
}

struct Volume {
    std::unique_ptr<RamDevice> device = RamDevice::create(kBlocks * kBlockBytes).value();
    std::unique_ptr<Store> store;

    Volume() {
        FormatOptions format = small_format();
        format.node_bytes = 16384;
        format.record_bytes = kRecord;
        format.region_blocks = 1024;
        REQUIRE(format_store(*device, format));
        reopen();
    }
    // Without what is cached, and without forms.
    void reopen() {
        if (store)
            REQUIRE(store->close());
        store = opened(*device);
    }
    void write(uint64_t oid, const std::vector<std::byte>& bytes, uint64_t offset = 0) {
        Transaction transaction;
        transaction.write(oid, offset, bytes);
        REQUIRE(store->apply(transaction));
        REQUIRE(store->commit());
    }
    // Read in pieces of all sizes, and as a whole.
    void expect(uint64_t oid, const std::vector<std::byte>& wanted) {
        Random random(oid);
        for (int i = 0; i < 500; ++i) {
            const size_t begin = random.below(wanted.size());
            const size_t size = 1 + random.below(i % 2 == 0 ? 3000 : 30000);
            std::vector<std::byte> piece(size);
            REQUIRE(store->read(oid, begin, piece));
            std::vector<std::byte> there(size); // zero behind the end
            std::copy_n(wanted.begin() + static_cast<ptrdiff_t>(begin),
                        std::min(size, wanted.size() - begin), there.begin());
            REQUIRE(piece == there);
        }
        std::vector<std::byte> whole(wanted.size());
        REQUIRE(store->read(oid, 0, whole));
        CHECK(whole == wanted);
    }
};

const ObjectForm kSeekable{{Numbers::kF32, true}, std::nullopt};

// Of the stored form of a record that became bfloat16: its numbers 2,048 to 4,095.
void damage_second_block(RamDevice& device, const std::vector<std::byte>& record) {
    std::vector<std::byte> narrow(2 * 2048);
    for (size_t i = 0; i < 2048; ++i)
        std::memcpy(narrow.data() + 2 * i, record.data() + 8192 + 4 * i + 2, 2);
    const MutableBytes all = device.bytes();
    const auto at = std::search(all.begin(), all.end(), narrow.begin(), narrow.end());
    REQUIRE(at != all.end());
    *at ^= std::byte{1};
}

} // namespace

TEST_CASE("form: float32 that are exactly narrower take half, and any piece comes back") {
    Volume volume;
    const auto small = numbers(kRecords * kRecord - 3001, 200, 1);
    const auto larger = numbers(kRecords * kRecord, 2048, 2);
    const auto normal = numbers(kRecords * kRecord, 0, 3);
    for (const uint64_t oid : {7, 8, 9})
        REQUIRE(volume.store->set_form(oid, kSeekable));
    volume.write(7, small);
    volume.write(8, larger);
    volume.write(9, normal);
    volume.write(10, small); // nothing is known of this one
    CHECK(volume.store->stored_bytes(7).value() == kRecords * kRecord / 2);
    CHECK(volume.store->stored_bytes(8).value() == kRecords * kRecord / 2);
    CHECK(volume.store->stored_bytes(9).value() == kRecords * kRecord);
    CHECK(volume.store->stored_bytes(11).value() == 0);
    for (int round = 0; round < 2; ++round) {
        volume.expect(7, small);
        volume.expect(8, larger);
        volume.expect(9, normal);
        volume.expect(10, small);
        volume.reopen();
    }
}

TEST_CASE("form: it may change, and holds for what is written from then on") {
    Volume volume;
    auto bytes = numbers(2 * kRecord, 200, 4);
    REQUIRE(volume.store->set_form(7, {{}, Compression{CodecId::kNone, 0}}));
    volume.write(7, bytes);
    CHECK(volume.store->stored_bytes(7).value() == 2 * kRecord);
    REQUIRE(volume.store->set_form(7, {{Numbers::kF32, false}, Compression{CodecId::kZstd, 3}}));
    // A part of the second record: all of it is stored anew.
    const auto other = numbers(4000, 200, 5);
    std::copy(other.begin(), other.end(), bytes.begin() + kRecord);
    volume.write(7, other, kRecord);
    CHECK(volume.store->stored_bytes(7).value() < kRecord + kRecord / 2);
    volume.expect(7, bytes);
    // One number that is not narrow widens its record alone.
    REQUIRE(volume.store->set_form(7, {{Numbers::kF32, true}, Compression{CodecId::kNone, 0}}));
    const float odd = 0.1F;
    std::memcpy(bytes.data() + 100, &odd, 4);
    volume.write(7, {bytes.begin() + 100, bytes.begin() + 104}, 100);
    volume.write(7, {bytes.begin() + kRecord, bytes.end()}, kRecord);
    CHECK(volume.store->stored_bytes(7).value() == kRecord + kRecord / 2);
    volume.expect(7, bytes);
    volume.reopen();
    volume.expect(7, bytes);
}

TEST_CASE("form: a damaged block of a narrow record is an error for its part alone") {
    Volume volume;
    const auto bytes = numbers(kRecord, 200, 6);
    REQUIRE(volume.store->set_form(7, kSeekable));
    volume.write(7, bytes);
    volume.reopen();
    damage_second_block(*volume.device, bytes);
    std::vector<std::byte> piece(8192);
    REQUIRE(volume.store->read(7, 0, piece));
    CHECK(std::memcmp(piece.data(), bytes.data(), 8192) == 0);
    REQUIRE(volume.store->read(7, 16384, piece));
    CHECK(std::memcmp(piece.data(), bytes.data() + 16384, 8192) == 0);
    CHECK(volume.store->read(7, 8192, piece).error().code == Code::kEIO);
    CHECK(volume.store->read(7, 8100, MutableBytes(piece).first(100)).error().code == Code::kEIO);
}

TEST_CASE("form: salvage gives up one piece of a narrow record, and no more") {
    Volume volume;
    const auto bytes = numbers(kRecord, 200, 6);
    REQUIRE(volume.store->set_form(7, kSeekable));
    volume.write(7, bytes);
    volume.store.reset();
    damage_second_block(*volume.device, bytes);
    class Kept final : public SalvageSink {
      public:
        Status data(uint64_t, uint64_t offset, Bytes piece, uint64_t) override {
            kept[offset] = Page(piece.begin(), piece.end());
            return ok();
        }
        Status lost_data(uint64_t oid, uint64_t offset, uint64_t length) override {
            CHECK(oid == 7);
            lost.emplace_back(offset, length);
            return ok();
        }
        Status item(const Key&, Bytes, uint64_t) override { return ok(); }
        Status lost_keys(const Key&, const Key&) override { return ok(); }

        std::map<uint64_t, Page> kept;
        std::vector<std::pair<uint64_t, uint64_t>> lost;
    } sink;
    REQUIRE(salvage(*volume.device, sink));
    CHECK(sink.lost == std::vector<std::pair<uint64_t, uint64_t>>{{8192, 8192}});
    REQUIRE(sink.kept.size() == 2);
    CHECK(sink.kept.at(0) == Page(bytes.begin(), bytes.begin() + 8192));
    CHECK(sink.kept.at(16384) == Page(bytes.begin() + 16384, bytes.end()));
}

TEST_CASE("form: a record with an unknown filter, or of a wrong size, is refused") {
    constexpr uint64_t kPlace = 100;
    RecordHead head;
    head.segments = 1;
    head.logical_bytes = 8192;
    head.birth = 3;
    const auto device = RamDevice::create(kBlocks * kBlockBytes).value();
    const Layout layout = plan_store(kBlocks, small_format()).value();
    const auto item_of = [&](const RecordHead& one) {
        Page item;
        const auto add = [&](Bytes bytes) {
            item.insert(item.end(), bytes.begin(), bytes.end());
        };
        add(bytes_of(one));
        const uint32_t blocks = blocks_for(one.stored_bytes);
        add(bytes_of(Segment::of(kPlace, blocks)));
        for (uint32_t i = 0; i < blocks; ++i) {
            const uint64_t seed = place_seed(kPlace + i, one.birth);
            const Bytes block = device->bytes().subspan((kPlace + i) * kBlockBytes, kBlockBytes);
            add(bytes_of(crc32c(block, static_cast<uint32_t>(seed ^ seed >> 32))));
        }
        return item;
    };
    head.filter = 1;
    head.stored_bytes = 4096;
    const Page narrow = item_of(head);
    CHECK(read_record(*device, decode_record(narrow, layout).value()).value() == Page(8192));
    head.stored_bytes = 4095;
    CHECK(decode_record(item_of(head), layout).error().code == Code::kEUCLEAN);
    head.stored_bytes = 8192;
    CHECK(decode_record(item_of(head), layout).error().code == Code::kEUCLEAN);
    head.filter = 0x7f;
    const Page item = item_of(head);
    const RecordItem unknown = decode_record(item, layout).value();
    CHECK_FALSE(is_seekable(unknown.head));
    CHECK(read_record(*device, unknown).error().code == Code::kEOPNOTSUPP);
}
