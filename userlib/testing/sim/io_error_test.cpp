// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "userlib/device/fault_device.h"
#include "userlib/store/check.h"
#include "userlib/testing/sim/workload.h"

namespace vexfs {

namespace {

constexpr uint64_t kObjectBytes = 20000;

// A run of a store beside the model that goes on after errors, as long as the store lets it.
class Run {
  public:
    Run(Device& device, uint64_t seed) : device_(device), random_(seed) { note(); }

    void go() {
        Result<std::unique_ptr<Store>> store = Store::open(device_, options());
        if (!store)
            return;
        for (int i = 0; i < 80; ++i)
            step(**store);
        // What failed left nothing behind in memory either.
        const Result<uint64_t> hash = hash_of_store(**store, kObjectBytes, {50});
        if (hash)
            CHECK(*hash == model_.hash());
    }

    static StoreOptions options() {
        StoreOptions options;
        options.slop_blocks_min = 100;
        options.cache_bytes = 0; // every read is one of the device
        options.node_copies = 1;
        options.policy = FreeMap::Policy::kLowestFirst;
        return options;
    }

    // Whether a state that the run went through, not older than the last acknowledged, has this
    // hash.
    [[nodiscard]] bool allows(uint64_t hash) const {
        return std::find(states_.begin() + static_cast<ptrdiff_t>(acknowledged_), states_.end(),
                         hash) != states_.end();
    }

  private:
    void note() { states_.push_back(model_.hash()); }

    void step(Store& store) {
        if (random_.chance(1, 5)) {
            if (store.sync())
                acknowledged_ = states_.size() - 1;
            return;
        }
        if (random_.chance(1, 3)) {
            if (store.commit())
                acknowledged_ = states_.size() - 1;
            return;
        }
        Transaction transaction;
        Model after = model_;
        for (uint64_t i = 0; i < 3; ++i) {
            const Key key{random_.between(1, 40), 1, random_.below(4), 0};
            const uint64_t value = random_.next();
            transaction.put(key, bytes_of(value));
            after.put(key, bytes_of(value));
        }
        const std::vector<std::byte> data(random_.between(1, 6000), std::byte{7});
        const uint64_t offset = random_.below(kObjectBytes - data.size());
        transaction.write(50, offset, data);
        after.write(50, offset, data);
        if (store.apply(transaction)) {
            model_ = std::move(after);
            note();
        }
    }

    Device& device_;
    Random random_;
    Model model_;
    std::vector<uint64_t> states_;
    size_t acknowledged_ = 0;
};

FormatOptions format() {
    FormatOptions format;
    format.node_bytes = 512;
    format.record_bytes = 4096;
    format.region_blocks = 64;
    format.uberblock_slots = 4;
    format.log_blocks = 8;
    format.inline_bytes = 60;
    return format;
}

// Fails the n-th Io of a kind, for all n up to the last that there is. Returns how many that were.
uint64_t fail_each(FaultOp op, bool sticky) {
    for (uint64_t n = 1;; ++n) {
        CAPTURE(static_cast<int>(op));
        CAPTURE(sticky);
        CAPTURE(n);
        const auto ram = RamDevice::create(900 * kBlockBytes).value();
        REQUIRE(format_store(*ram, format()));
        FaultPlan plan;
        plan.rules.push_back({FaultKind::kIoError, op, 0, UINT64_MAX, n, 0, 0.0, sticky});
        const auto faulty = FaultDevice::create(*ram, plan).value();
        Run run(*faulty, 5);
        run.go();
        const auto store = Store::open(*ram, Run::options());
        REQUIRE(store);
        CHECK(check(**store).clean());
        CHECK(run.allows(hash_of_store(**store, kObjectBytes).value()));
        if (faulty->struck(FaultKind::kIoError) == 0)
            return n;
        // The first hundred one by one, then in growing steps: a run has thousands of reads.
        n += n / 100;
    }
}

} // namespace

TEST_CASE("io error: whatever read fails once, the operation fails whole and the store goes on") {
    CHECK(fail_each(FaultOp::kRead, false) > 200);
}

TEST_CASE("io error: whatever write fails once, what was acknowledged is there afterwards") {
    CHECK(fail_each(FaultOp::kWrite, false) > 100);
}

TEST_CASE("io error: whatever flush fails once, what was acknowledged is there afterwards") {
    CHECK(fail_each(FaultOp::kFlush, false) > 10);
}

TEST_CASE("io error: a device that fails for good loses nothing that was acknowledged") {
    fail_each(FaultOp::kWrite, true);
    fail_each(FaultOp::kFlush, true);
}

} // namespace vexfs
