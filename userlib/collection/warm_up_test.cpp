// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/warm_up.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint64_t kNumbers = 77; // an object that holds some
constexpr uint32_t kDim = 256;
constexpr uint32_t kRows = 4096;
constexpr uint64_t kBytes = uint64_t{kRows} * kDim * sizeof(float);
constexpr size_t kBlocks = kBytes / kBlockBytes;
constexpr size_t kEnough = 2 * kBytes + (size_t{4} << 20);

std::vector<float> random_floats() {
    Random random(1);
    std::vector<float> floats(size_t{kRows} * kDim);
    for (float& value : floats)
        value = static_cast<float>(random.unit());
    return floats;
}

// A volume with the object on its device, and nothing in the cache.
class Filled {
  public:
    Filled() {
        const ObjectForm form = form_of_vectors(small_schema(kDim));
        REQUIRE(store().set_form(kNumbers, form));
        write(kNumbers, as_bytes(numbers_));
        volume_.reopen();
        REQUIRE(store().set_form(kNumbers, form));
    }
    [[nodiscard]] Store& store() { return volume_.store(); }
    [[nodiscard]] MutableBytes device() { return volume_.device_bytes(); }
    [[nodiscard]] Bytes numbers() const { return as_bytes(numbers_); }

    void write(uint64_t oid, Bytes bytes) {
        constexpr size_t kAtOnce = size_t{1} << 20;
        for (size_t done = 0; done < bytes.size(); done += kAtOnce) {
            Transaction transaction;
            transaction.write(oid, done, bytes.subspan(done, kAtOnce));
            REQUIRE(store().apply(transaction));
        }
        REQUIRE(store().commit());
    }
    void empty_cache(size_t cache_bytes) {
        store().set_cache_bytes(0);
        store().set_cache_bytes(cache_bytes);
    }
    // How many blocks of it come into a cache of this size.
    [[nodiscard]] size_t warm_blocks(size_t cache_bytes) {
        empty_cache(cache_bytes);
        WarmUp(store(), kNumbers).wait();
        return store().cache_counts().stored.blocks;
    }

  private:
    const std::vector<float> numbers_ = random_floats();
    RamVolume volume_{uint64_t{64} << 20};
};

} // namespace

TEST_CASE("warm-up: an object is taken into the cache as a whole, or not begun") {
    Filled filled;
    CHECK(filled.warm_blocks(kEnough) >= kBlocks);
    CHECK(filled.warm_blocks(kBytes) == 0);
    CHECK(filled.warm_blocks(0) == 0);
}

TEST_CASE("warm-up: nothing has to leave the cache for it") {
    constexpr uint64_t kOther = 5000;
    Filled filled;
    const std::vector<std::byte> other(size_t{7} << 20, std::byte{7});
    filled.write(kOther, other);
    filled.empty_cache(kEnough);
    std::vector<std::byte> out(other.size());
    REQUIRE(filled.store().read(kOther, 0, out));
    const size_t before = filled.store().cache_counts().hot.bytes;
    REQUIRE(before >= other.size());
    WarmUp(filled.store(), kNumbers).wait();
    const BlockCache::Counts after = filled.store().cache_counts();
    CHECK(after.hot.bytes >= before);
    CHECK(after.stored.blocks > 0);
    CHECK(after.stored.blocks < kBlocks);
}

TEST_CASE("warm-up: damage costs the record that it hit") {
    Filled filled;
    const MutableBytes device = filled.device();
    const Bytes some = filled.numbers().subspan(kBytes / 2, 64);
    const auto found = std::search(device.begin(), device.end(), some.begin(), some.end());
    REQUIRE(found != device.end());
    *found ^= std::byte{1};
    const size_t blocks = filled.warm_blocks(kEnough);
    CHECK(blocks < kBlocks);
    CHECK(blocks >= kBlocks - 17);
}

TEST_CASE("warm-up: one that ends early leaves a cache that works") {
    Filled filled;
    filled.empty_cache(kEnough);
    for (int i = 0; i < 20; ++i)
        const WarmUp warm_up(filled.store(), kNumbers);
    CHECK(filled.warm_blocks(kEnough) >= kBlocks);
    std::vector<std::byte> out(kBytes);
    REQUIRE(filled.store().read(kNumbers, 0, out));
    CHECK(std::ranges::equal(out, filled.numbers()));
}

TEST_CASE("warm-up: the open of a collection begins it, and searches find all in the cache") {
    TestCollection made(small_schema(kDim));
    const std::vector<float> vectors = random_floats();
    REQUIRE(made.rows().put({100, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    REQUIRE(made.rows().wait_linked({}));
    made.reopen();
    while (made.store().cache_counts().stored.blocks < kBlocks)
        std::this_thread::yield();
    const uint64_t before = made.rows().counts().blocks.read;
    Page got;
    REQUIRE(made.rows().get(100, 0, kRows, nullptr, &got));
    CHECK(floats_of(got) == vectors);
    // The last ones may still be on their way.
    CHECK(made.rows().counts().blocks.read <= before + kBlocks / 4);
}
