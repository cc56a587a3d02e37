// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <functional>

#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

constexpr uint64_t kOid = 50;
constexpr size_t kRecordBytes = 8192;
constexpr uint64_t kRecords = 12;

// Calls a function ahead of the next write.
class MeddlingDevice final : public Device {
  public:
    explicit MeddlingDevice(Device& child) : child_(child) {}

    void before_next_write(std::function<void()> meddle) { meddle_ = std::move(meddle); }

    Status read(std::span<Io> batch) override { return child_.read(batch); }
    Status write(std::span<Io> batch) override {
        if (const auto meddle = std::exchange(meddle_, nullptr))
            meddle();
        return child_.write(batch);
    }
    Status flush() override { return child_.flush(); }
    [[nodiscard]] Geometry geometry() const override { return child_.geometry(); }
    [[nodiscard]] std::string identity() const override { return "meddling"; }

  private:
    Device& child_;
    std::function<void()> meddle_;
};

StoreOptions options() {
    StoreOptions options = small_options();
    options.freeze_records_max = 2;
    options.policy = FreeMap::Policy::kLowestFirst;
    return options;
}

Status write_record(Store& store, uint64_t i, uint64_t version) {
    Transaction transaction;
    transaction.write(kOid, i * kRecordBytes, value_of(version * 1000 + i, kRecordBytes));
    return store.apply(transaction);
}

// A volume with dirty records of version 0.
struct Dirty {
    std::unique_ptr<RamDevice> ram = formatted(2000);
    MeddlingDevice device{*ram};
    std::unique_ptr<Store> store = opened(device, options());

    Dirty() {
        for (uint64_t i = 0; i < kRecords; ++i)
            REQUIRE(write_record(*store, i, 0));
    }

    // Whether each record has the version that it should have, in memory and on disk, and nothing
    // is left of the others.
    void check_versions(const std::function<int(uint64_t)>& version) {
        check_store(*store, version);
        REQUIRE(store->commit());
        check_store(*opened(*ram, options()), version);
    }

  private:
    static void check_store(Store& checked, const std::function<int(uint64_t)>& version) {
        Page data(kRecordBytes);
        for (uint64_t i = 0; i < kRecords; ++i) {
            CAPTURE(i);
            REQUIRE(checked.read(kOid, i * kRecordBytes, data));
            const int wanted = version(i);
            CHECK(data == (wanted < 0
                               ? Page(kRecordBytes)
                               : value_of(static_cast<uint64_t>(wanted) * 1000 + i, kRecordBytes)));
        }
        CHECK(check(checked).clean());
    }
};

} // namespace

TEST_CASE("place: writers go on while a commit writes its data, and are part of that commit") {
    Dirty dirty;
    Store& store = *dirty.store;
    const uint64_t txg = store.txg();
    bool applied = false;
    dirty.device.before_next_write(
        [&] { applied = store.txg() == txg && put(store, 1).has_value(); });
    REQUIRE(store.commit());
    CHECK(applied);
    CHECK(store.dirty_bytes() == 0);
    StoreOptions reading = options();
    reading.read_only = true; // the volume has an owner
    CHECK(has(*opened(*dirty.ram, reading), 1));
    dirty.check_versions([](uint64_t) { return 0; });
}

TEST_CASE("place: a record that changes while it is written is written anew") {
    for (const bool by_commit : {false, true}) {
        CAPTURE(by_commit);
        Dirty dirty;
        Store& store = *dirty.store;
        dirty.device.before_next_write([&] {
            REQUIRE(write_record(store, 3, 1));
            REQUIRE(write_record(store, kRecords - 1, 1));
        });
        if (by_commit)
            REQUIRE(store.commit());
        else
            CHECK(store.step_place(kRecords).value());
        dirty.check_versions([](uint64_t i) { return i == 3 || i == kRecords - 1 ? 1 : 0; });
    }
}

TEST_CASE("place: a record that is gone by the time it is written stays gone") {
    Dirty dirty;
    Store& store = *dirty.store;
    dirty.device.before_next_write([&] { REQUIRE(store.punch(kOid, 0, 2 * kRecordBytes)); });
    CHECK_FALSE(store.step_place(kRecords).value());
    dirty.check_versions([](uint64_t i) { return i < 2 ? -1 : 0; });
}

TEST_CASE("place: a freeze that finds few records places them itself") {
    Dirty dirty;
    Store& store = *dirty.store;
    CHECK(store.step_place(kRecords - 2).value());
    const uint64_t txg = store.txg();
    bool frozen = false;
    dirty.device.before_next_write([&] {
        frozen = store.txg() == txg + 1;
        Page data(kRecordBytes);
        CHECK(store.read(kOid, (kRecords - 1) * kRecordBytes, data));
        CHECK(data == value_of(kRecords - 1, kRecordBytes));
    });
    REQUIRE(store.commit());
    CHECK(frozen);
    dirty.check_versions([](uint64_t) { return 0; });
}

} // namespace vexfs
