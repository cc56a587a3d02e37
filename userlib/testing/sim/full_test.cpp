// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/device/ram_device.h"
#include "userlib/device/record_device.h"
#include "userlib/store/check.h"
#include "userlib/testing/sim/landing.h"

namespace vexfs {

namespace {

StoreOptions options() {
    StoreOptions options;
    options.slop_blocks_min = 100;
    options.policy = FreeMap::Policy::kLowestFirst;
    return options;
}

FormatOptions format() {
    FormatOptions format;
    format.node_bytes = 512;
    format.record_bytes = 8192;
    format.region_blocks = 64;
    format.uberblock_slots = 4;
    format.log_blocks = 8;
    format.inline_bytes = 60;
    return format;
}

// Any mix of items and data, until nothing more is admitted.
void fill(Store& store, uint64_t seed) {
    Random random(seed);
    for (uint64_t i = 0, refused = 0; refused < 5; ++i) {
        Transaction transaction;
        const uint64_t value = random.next();
        std::vector<std::byte> data(random.between(1, 12000));
        for (std::byte& b : data)
            b = static_cast<std::byte>(random.next());
        if (random.chance(1, 2))
            transaction.put(Key{1 + i % 9, 1, i, 0}, bytes_of(value));
        else
            transaction.write(20 + i % 7, random.below(40) * 4096, data);
        const Status applied = store.apply(transaction);
        if (!applied) {
            REQUIRE(applied.error().code == Code::kENOSPC);
            ++refused;
        }
        if (i % 5 == 0)
            REQUIRE(store.sync());
    }
}

void delete_everything(Store& store) {
    for (;;) {
        const auto items = store.list(Key{1, 0, 0, 0}, PackedKey::highest().unpacked(), 16);
        REQUIRE(items);
        if (items.value().empty())
            return;
        for (const StoreItem& item : items.value()) {
            if (item.key.type == static_cast<uint8_t>(ItemType::kRecord)) {
                REQUIRE(store.punch(item.key.oid, 0, UINT64_MAX));
            } else {
                Transaction transaction;
                transaction.erase(item.key);
                REQUIRE(store.apply(transaction, Space::kFreeing));
            }
        }
    }
}

// Crashes at every so many writes, by seed; the long run asks for 1, which is all of them.
uint64_t step_max() {
    const char* wanted = std::getenv("VEXFS_FULL_STEP_MAX");
    return wanted == nullptr ? 64 : std::strtoull(wanted, nullptr, 10);
}

} // namespace

TEST_CASE("full: from every crash of a run that fills the volume, everything can be deleted") {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(seed);
        const auto ram = RamDevice::create(700 * kBlockBytes).value();
        REQUIRE(format_store(*ram, format()));
        std::vector<std::byte> image(ram->bytes().begin(), ram->bytes().end());
        RecordDevice recorder(*ram);
        {
            const auto store = Store::open(recorder, options());
            REQUIRE(store);
            fill(**store, seed);
            delete_everything(**store);
            REQUIRE((*store)->commit());
        }
        const std::vector<DeviceRecord>& records = recorder.records();
        OverlayDevice device(image);
        Random random(seed);
        uint64_t crashes = 0;
        size_t landed = 0;
        for (size_t position = 0; position <= records.size();
             position += random.between(1, step_max())) {
            const size_t durable = durable_records(records, position);
            for (; landed < durable; ++landed)
                if (records[landed].kind == DeviceRecord::Kind::kWrite)
                    land(records[landed], image);
            const Landing landing = kLandings[random.below(std::size(kLandings))];
            CAPTURE(position);
            CAPTURE(name_of(landing));
            device.reset();
            land_pending(std::span(records).subspan(durable, position - durable), landing, random,
                         device);
            const auto store = Store::open(device, options());
            REQUIRE(store);
            delete_everything(**store);
            for (int i = 0; i < 4; ++i)
                REQUIRE((*store)->commit());
            const CheckReport report = check(**store);
            CHECK(report.clean());
            CHECK(report.items == 0);
            // Merging is local, so a few empty nodes may be left of a tree that was deep.
            CHECK(report.used_blocks <= 16);
            ++crashes;
        }
        MESSAGE(crashes << " crashes at " << records.size() << " writes and flushes");
    }
}

} // namespace vexfs
