// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/salvage.h"

#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

constexpr uint64_t kOids = 5;
constexpr uint64_t kObjectBytes = 40000;

// Keeps all of it in memory.
class Kept final : public SalvageSink {
  public:
    Status data(uint64_t oid, uint64_t offset, Bytes bytes, uint64_t txg) override {
        newest_txg = std::max(newest_txg, txg);
        Page& object = objects[oid];
        object.resize(std::max<size_t>(object.size(), offset + bytes.size()));
        const auto at = object.begin() + static_cast<ptrdiff_t>(offset);
        CHECK(std::all_of(at, at + static_cast<ptrdiff_t>(bytes.size()),
                          [](std::byte b) { return b == std::byte{0}; }));
        std::copy(bytes.begin(), bytes.end(), at);
        return ok();
    }
    Status lost_data(uint64_t oid, uint64_t offset, uint64_t length) override {
        lost.push_back({oid, offset, length});
        return ok();
    }
    Status item(const Key& key, Bytes value, uint64_t txg) override {
        newest_txg = std::max(newest_txg, txg);
        CHECK(items.emplace(key, Page(value.begin(), value.end())).second);
        return ok();
    }
    Status lost_keys(const Key& from, const Key& end) override {
        lost_ranges.emplace_back(from, end);
        return ok();
    }

    std::map<uint64_t, Page> objects;
    std::map<Key, Page> items;
    std::vector<std::array<uint64_t, 3>> lost;
    std::vector<std::pair<Key, Key>> lost_ranges;
    uint64_t newest_txg = 0;
};

void change(Store& store, Random& random, std::set<uint64_t>& destroyed) {
    const uint64_t oid = 1 + random.below(kOids);
    const uint64_t offset = random.below(kObjectBytes - 1);
    const uint64_t length = random.between(1, std::min<uint64_t>(12000, kObjectBytes - offset));
    const Key key{oid, 1, random.below(6), 0};
    Transaction transaction;
    if (random.chance(1, 40)) {
        transaction.destroy(oid);
        destroyed.insert(oid);
    } else if (destroyed.count(oid) != 0) {
        return;
    } else if (random.chance(1, 4)) {
        transaction.punch(oid, offset, random.chance(1, 4) ? UINT64_MAX - offset : length);
    } else if (random.chance(1, 3)) {
        transaction.erase(key);
    } else {
        transaction.put(key, value_of(random.next(), 20));
        transaction.write(oid, offset, value_of(random.next(), length));
    }
    REQUIRE(store.apply(transaction));
}

// What a reader finds in objects that exist.
void compare(Store& store, const Kept& kept, const std::set<uint64_t>& destroyed) {
    Page wanted(kObjectBytes);
    for (uint64_t oid = 1; oid <= kOids; ++oid) {
        CAPTURE(oid);
        if (destroyed.count(oid) != 0)
            continue;
        REQUIRE(store.read(oid, 0, wanted));
        const auto found = kept.objects.find(oid);
        Page got = found == kept.objects.end() ? Page() : found->second;
        got.resize(kObjectBytes);
        CHECK(got == wanted);
        size_t items = 0;
        for (const StoreItem& item :
             store.list(Key{oid, 1, 0, 0}, Key{oid, 2, 0, 0}, 1000).value()) {
            const auto same = kept.items.find(item.key);
            REQUIRE(same != kept.items.end());
            CHECK(same->second == item.value);
            ++items;
        }
        CHECK(std::ranges::count_if(kept.items, [&](const auto& item) {
                  return item.first.oid == oid;
              }) == static_cast<ptrdiff_t>(items));
    }
}

} // namespace

TEST_CASE("salvage: what was synced is copied, whether it is in the tree or in the log alone") {
    uint64_t operations = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        FormatOptions format = small_format();
        format.log_blocks = 400;
        const auto device = RamDevice::create(4000 * kBlockBytes).value();
        REQUIRE(format_store(*device, format));
        std::set<uint64_t> destroyed;
        std::set<uint64_t> destroyed_in_log;
        {
            const auto store = opened(*device);
            for (uint64_t i = random.below(40); i > 0; --i)
                change(*store, random, destroyed);
            REQUIRE(store->commit());
            destroyed_in_log = destroyed;
            for (uint64_t i = random.below(12); i > 0; --i)
                change(*store, random, destroyed_in_log);
            REQUIRE(store->sync());
        }
        const Page before(device->bytes().begin(), device->bytes().end());
        Kept kept;
        const Result<SalvageReport> report = salvage(*device, kept);
        REQUIRE(report);
        CHECK(std::ranges::equal(before, device->bytes()));
        CHECK(report.value().damaged_nodes == 0);
        CHECK_FALSE(report.value().log_damaged);
        CHECK(kept.lost.empty());
        CHECK(kept.lost_ranges.empty());
        operations += report.value().log_operations;
        for (const uint64_t oid : destroyed_in_log)
            CHECK((destroyed.count(oid) != 0 || kept.objects.count(oid) == 0));
        StoreOptions options = small_options();
        options.read_only = true;
        compare(*opened(*device, options), kept, destroyed_in_log);
    }
    CHECK(operations > 50);
}

TEST_CASE("salvage: what the log has written over damage is not lost, and its own damage is told") {
    const auto device = formatted(2000);
    StoreOptions raw = small_options();
    raw.compression = {CodecId::kNone, 0};
    uint64_t log_block = 0;
    {
        const auto store = opened(*device, raw);
        Transaction base;
        base.write(5, 0, value_of(1, 8192));
        REQUIRE(store->apply(base));
        REQUIRE(store->commit());
        log_block = store->layout().log_start() + store->uberblock().log_position;
        for (uint64_t i = 0; i < 3; ++i) {
            Transaction over;
            over.write(5, 100 + i, value_of(2 + i, 1000));
            REQUIRE(store->apply(over));
            REQUIRE(store->sync());
        }
    }
    for (uint64_t at = 0; at < 2000; ++at)
        if (std::memcmp(device->bytes().data() + at * kBlockBytes, value_of(1, 8192).data(), 64) ==
            0)
            device->bytes()[at * kBlockBytes + 4000] ^= std::byte{1};
    {
        Kept kept;
        const Result<SalvageReport> report = salvage(*device, kept);
        REQUIRE(report);
        CHECK(report.value().log_operations == 3);
        // The first block but for what the log has of it.
        using Lost = std::vector<std::array<uint64_t, 3>>;
        CHECK(kept.lost == Lost{{5, 0, 100}, {5, 1102, kBlockBytes - 1102}});
        CHECK(Bytes(kept.objects[5])[102] == value_of(4, 1000)[0]);
        CHECK(std::ranges::equal(Bytes(kept.objects[5]).subspan(kBlockBytes),
                                 Bytes(value_of(1, 8192)).subspan(kBlockBytes)));
    }
    device->bytes()[(log_block + 1) * kBlockBytes + 80] ^= std::byte{1};
    Kept kept;
    const Result<SalvageReport> report = salvage(*device, kept);
    REQUIRE(report);
    CHECK(report.value().log_operations == 1);
    CHECK(report.value().log_damaged);
}

} // namespace vexfs
