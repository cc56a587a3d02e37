// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "userlib/device/ram_device.h"
#include "userlib/store/check.h"

namespace vexfs {

namespace {

constexpr uint64_t kWriters = 3;
constexpr uint64_t kRounds = 150;
constexpr uint64_t kStrideBytes = 2000; // between the writes of a round and the next, which overlap
constexpr uint64_t kWriteBytes = 3000;

Key key_of(uint64_t writer, uint64_t i) {
    return {1 + writer, 1, i, 0};
}

// Puts and syncs; each number it saw synced has to be readable at once.
bool write_items(Store& store, uint64_t writer) {
    bool good = true;
    for (uint64_t i = 0; i < kRounds; ++i) {
        const std::vector<std::byte> data(kWriteBytes, static_cast<std::byte>(i + 1));
        Transaction transaction;
        transaction.put(key_of(writer, i), bytes_of(i));
        transaction.write(100 + writer, i * kStrideBytes, data);
        good = good && store.apply(transaction).has_value();
        if (i % 4 == 0)
            good = good && store.sync().has_value();
        const Result<std::optional<Page>> value = store.get(key_of(writer, i));
        good = good && value && value.value() && load_le<uint64_t>(value.value()->data()) == i;
    }
    return good;
}

// Whether the data of a writer is that of the last round that wrote it, byte by byte.
bool holds_data(Store& store, uint64_t writer) {
    std::vector<std::byte> data((kRounds - 1) * kStrideBytes + kWriteBytes);
    bool good = store.read(100 + writer, 0, data).has_value();
    for (uint64_t at = 0; at < data.size(); ++at)
        good = good &&
               data[at] == static_cast<std::byte>(std::min(at / kStrideBytes, kRounds - 1) + 1);
    return good;
}

// Each item's number is its place, whoever wrote it and whenever.
bool read_items(Store& store, const std::atomic<bool>& stop) {
    bool good = true;
    do {
        const auto items = store.list(key_of(0, 0), key_of(kWriters, 0), 1000);
        good = good && items;
        for (size_t i = 0; good && i < items.value().size(); ++i) {
            const StoreItem& item = items.value()[i];
            good = item.key.type != 1 || load_le<uint64_t>(item.value.data()) == item.key.sub;
        }
        std::vector<std::byte> data(5000);
        good = good && store.read(100, 1000, data).has_value();
    } while (!stop.load());
    return good;
}

bool step_commits(Store& store, const std::atomic<bool>& stop) {
    bool good = true;
    do {
        good = good && store.step_place(2).has_value();
        good = good && store.step_commit().has_value();
    } while (!stop.load());
    return good;
}

} // namespace

TEST_CASE("threads: writers, readers and a committer share a store, and all of it is found again") {
    const auto device = RamDevice::create(uint64_t{64} << 20).value();
    FormatOptions format;
    format.node_bytes = 1024;
    format.record_bytes = 8192;
    format.region_blocks = 4096;
    format.inline_bytes = 100;
    REQUIRE(format_store(*device, format));
    StoreOptions options;
    options.slop_blocks_min = 512;
    options.dirty_bytes_max = 256 * 1024;
    options.freeze_records_max = 1; // nearly all data is written while others change it
    {
        const auto store = Store::open(*device, options);
        REQUIRE(store);
        std::atomic<bool> stop{false};
        std::array<bool, kWriters> wrote{};
        bool committed = false;
        bool read = false;
        std::vector<std::thread> writers;
        std::thread committer([&] { committed = step_commits(**store, stop); });
        std::thread reader([&] { read = read_items(**store, stop); });
        for (uint64_t writer = 0; writer < kWriters; ++writer)
            writers.emplace_back([&, writer] { wrote[writer] = write_items(**store, writer); });
        for (std::thread& writer : writers)
            writer.join();
        stop.store(true);
        committer.join();
        reader.join();
        for (const bool good : wrote)
            CHECK(good);
        CHECK(committed);
        CHECK(read);
        REQUIRE((*store)->sync());
    }
    const auto store = Store::open(*device, options);
    REQUIRE(store);
    for (uint64_t writer = 0; writer < kWriters; ++writer) {
        CHECK((*store)->get(key_of(writer, kRounds - 1)).value());
        CHECK(holds_data(**store, writer));
    }
    CHECK(check(**store).clean());
}

TEST_CASE("threads: nobody is handed a number that another one has") {
    const auto device = RamDevice::create(uint64_t{16} << 20).value();
    REQUIRE(format_store(*device, FormatOptions{}));
    const auto store = Store::open(*device, {});
    REQUIRE(store);
    constexpr uint64_t kReserved = 7;
    std::array<std::vector<uint64_t>, kWriters> firsts;
    std::vector<std::thread> threads;
    for (std::vector<uint64_t>& mine : firsts)
        threads.emplace_back([&] {
            for (uint64_t i = 0; i < kRounds; ++i)
                if (const Result<uint64_t> first = (*store)->reserve(1, kReserved))
                    mine.push_back(first.value());
        });
    for (std::thread& thread : threads)
        thread.join();
    std::vector<uint64_t> all;
    for (const std::vector<uint64_t>& mine : firsts)
        all.insert(all.end(), mine.begin(), mine.end());
    std::sort(all.begin(), all.end());
    REQUIRE(all.size() == kWriters * kRounds);
    for (uint64_t i = 0; i < all.size(); ++i)
        CHECK(all[i] == 1 + i * kReserved);
}

} // namespace vexfs
