// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/fault_device.h"

#include <bit>
#include <cstring>
#include <set>

#include <doctest/doctest.h>

#include "userlib/device/ram_device.h"
#include "userlib/device/record_device.h"

using namespace vexfs;

namespace {

constexpr uint64_t kBlocks = 64;

// A device whose block b is filled with the byte b, below a fault device of one rule.
struct Bench {
    explicit Bench(std::vector<FaultRule> rules, bool write_cache = false, uint64_t seed = 5)
        : ram(RamDevice::create(kBlocks * kBlockBytes).value()),
          device(FaultDevice::create(*ram, {seed, write_cache, std::move(rules)}).value()),
          memory(AlignedBuffer::create(4 * kBlockBytes).value()) {
        for (uint64_t block = 0; block < kBlocks; ++block)
            std::memset(ram->bytes().data() + block * kBlockBytes, static_cast<int>(block),
                        kBlockBytes);
    }

    Status write(uint64_t block, unsigned char fill, size_t blocks = 1) {
        std::memset(memory.bytes().data(), fill, blocks * kBlockBytes);
        return device->write_one(whole_extent(block, memory.bytes().first(blocks * kBlockBytes)));
    }
    Status read(uint64_t block, size_t blocks = 1) {
        return device->read_one(whole_extent(block, memory.bytes().first(blocks * kBlockBytes)));
    }
    // The byte that all of a block consists of, or -1.
    static int fill_of(Bytes block) {
        for (std::byte byte : block.first(kBlockBytes))
            if (byte != block[0])
                return -1;
        return static_cast<int>(block[0]);
    }
    int medium(uint64_t block) { return fill_of(ram->bytes().subspan(block * kBlockBytes)); }
    int got() { return fill_of(memory.bytes()); }

    std::unique_ptr<RamDevice> ram;
    std::unique_ptr<FaultDevice> device;
    AlignedBuffer memory;
};

FaultRule rule(FaultKind kind, FaultOp op, uint64_t at) {
    FaultRule made;
    made.kind = kind;
    made.op = op;
    made.at = at;
    return made;
}

} // namespace

TEST_CASE("fault: without rules everything passes") {
    Bench bench({});
    REQUIRE(bench.write(3, 0xaa));
    REQUIRE(bench.read(3));
    CHECK(bench.got() == 0xaa);
    CHECK(bench.medium(3) == 0xaa);
    REQUIRE(bench.device->flush());
}

TEST_CASE("fault: a transient error strikes once, a sticky one from then on") {
    Bench once({rule(FaultKind::kIoError, FaultOp::kWrite, 2)});
    CHECK(once.write(1, 0xaa));
    CHECK(once.write(2, 0xaa).error().code == Code::kEIO);
    CHECK(once.write(3, 0xaa));
    CHECK(once.medium(2) == 2);

    FaultRule sticky = rule(FaultKind::kIoError, FaultOp::kRead, 2);
    sticky.sticky = true;
    Bench bench({sticky});
    CHECK(bench.read(1));
    for (int i = 0; i < 10; ++i)
        CHECK(bench.read(1).error().code == Code::kEIO);
    CHECK(bench.write(1, 0xaa));
    CHECK(bench.device->struck(FaultKind::kIoError) == 10);
}

TEST_CASE("fault: every n-th Io fails, and only that Io of its batch") {
    FaultRule every;
    every.every = 3;
    Bench bench({every});
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
    std::vector<Io> batch;
    for (uint64_t block = 0; block < 9; ++block)
        batch.push_back(whole_extent(block, memory.bytes()));
    CHECK(bench.device->write(batch).error().code == Code::kEIO);
    for (uint64_t block = 0; block < 9; ++block) {
        CHECK(batch[block].status.has_value() == (block % 3 != 2));
        CHECK(bench.medium(block) == (block % 3 != 2 ? 0 : static_cast<int>(block)));
    }
}

TEST_CASE("fault: a rule looks only at the blocks in its range") {
    FaultRule ranged;
    ranged.op = FaultOp::kRead;
    ranged.probability = 1.0;
    ranged.first_block = 10;
    ranged.last_block = 11;
    Bench bench({ranged});
    CHECK(bench.read(9));
    CHECK(!bench.read(10));
    CHECK(!bench.read(11));
    CHECK(bench.read(12));
    CHECK(!bench.read(8, 3));
    CHECK(bench.read(8, 2));
}

TEST_CASE("fault: ENOSPC, lost, misdirected and torn writes do to the medium what they say") {
    Bench full({rule(FaultKind::kNoSpace, FaultOp::kWrite, 1)});
    CHECK(full.write(1, 0xaa).error().code == Code::kENOSPC);
    CHECK(full.medium(1) == 1);

    Bench lost({rule(FaultKind::kLostWrite, FaultOp::kWrite, 1)});
    CHECK(lost.write(1, 0xaa));
    CHECK(lost.medium(1) == 1);

    Bench astray({rule(FaultKind::kMisdirectedWrite, FaultOp::kWrite, 1)});
    CHECK(astray.write(1, 0xaa));
    CHECK(astray.medium(1) == 1);
    int found = 0;
    for (uint64_t block = 0; block < kBlocks; ++block)
        found += astray.medium(block) == 0xaa;
    CHECK(found == 1);

    bool mixed = false;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        Bench torn({rule(FaultKind::kTornWrite, FaultOp::kWrite, 1)}, false, seed);
        CHECK(torn.write(1, 0xaa, 2));
        size_t landed = 0;
        for (size_t sector = 0; sector < 16; ++sector) {
            const Bytes bytes = torn.ram->bytes().subspan(kBlockBytes + sector * 512, 512);
            for (std::byte byte : bytes)
                REQUIRE(byte == bytes[0]);
            landed += bytes[0] == std::byte{0xaa};
        }
        CHECK(landed < 16);
        mixed = mixed || landed > 0;
        CHECK(torn.medium(3) == 3);
    }
    CHECK(mixed);
}

TEST_CASE("fault: a misdirected read returns another block, bit rot stays on the medium") {
    Bench astray({rule(FaultKind::kMisdirectedRead, FaultOp::kRead, 1)});
    CHECK(astray.read(7));
    CHECK(astray.got() != 7);
    CHECK(astray.read(7));
    CHECK(astray.got() == 7);

    Bench rotten({rule(FaultKind::kBitRot, FaultOp::kRead, 1)});
    CHECK(rotten.read(7, 2));
    AlignedBuffer first = AlignedBuffer::create(2 * kBlockBytes).value();
    std::memcpy(first.bytes().data(), rotten.memory.bytes().data(), 2 * kBlockBytes);
    size_t flipped = 0;
    for (size_t i = 0; i < 2 * kBlockBytes; ++i)
        flipped += static_cast<size_t>(std::popcount(static_cast<unsigned>(first.bytes()[i]) ^
                                                     static_cast<unsigned>(7 + i / kBlockBytes)));
    CHECK(flipped == 1);
    CHECK(rotten.read(7, 2));
    CHECK(std::memcmp(first.bytes().data(), rotten.memory.bytes().data(), 2 * kBlockBytes) == 0);
}

TEST_CASE("fault: with a cache nothing is on the medium before a flush, and reads see the cache") {
    Bench bench({}, true);
    CHECK(bench.write(1, 0xaa, 2));
    CHECK(bench.write(1, 0xbb));
    CHECK(bench.medium(1) == 1);
    CHECK(bench.device->cached_blocks() == 2);
    REQUIRE(bench.read(1));
    CHECK(bench.got() == 0xbb);
    REQUIRE(bench.read(0, 4));
    CHECK(bench.memory.bytes()[0] == std::byte{0});
    CHECK(bench.memory.bytes()[kBlockBytes] == std::byte{0xbb});
    CHECK(bench.memory.bytes()[2 * kBlockBytes] == std::byte{0xaa});
    CHECK(bench.memory.bytes()[3 * kBlockBytes] == std::byte{3});
    REQUIRE(bench.device->flush());
    CHECK(bench.medium(1) == 0xbb);
    CHECK(bench.medium(2) == 0xaa);
    CHECK(bench.device->cached_blocks() == 0);
}

TEST_CASE("fault: what a flush lands goes out in another order than it was written") {
    auto ram = RamDevice::create(kBlocks * kBlockBytes).value();
    RecordDevice record(*ram);
    auto device = FaultDevice::create(record, {3, true, {}}).value();
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
    for (uint64_t block = 0; block < 32; ++block)
        REQUIRE(device->write_one(whole_extent(block, memory.bytes())));
    REQUIRE(device->flush());
    CHECK(record.record_count() == 33);
    bool sorted = true;
    for (size_t i = 1; i < 32; ++i)
        sorted =
            sorted && record.records()[i - 1].address_bytes < record.records()[i].address_bytes;
    CHECK(!sorted);
}

TEST_CASE("fault: a power cut loses the cache in part, never what was flushed") {
    std::set<int> seen;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        Bench bench({}, true, seed);
        REQUIRE(bench.write(5, 0xf0));
        REQUIRE(bench.device->flush());
        REQUIRE(bench.write(1, 0xaa));
        REQUIRE(bench.write(1, 0xbb));
        REQUIRE(bench.device->cut_power(PowerCut::kSomeLands));
        CHECK(bench.medium(5) == 0xf0);
        seen.insert(bench.medium(1));
        CHECK(bench.device->cached_blocks() == 0);
    }
    // The old content, both that were written, and a torn block.
    CHECK(seen == std::set<int>{-1, 1, 0xaa, 0xbb});

    Bench all({}, true);
    REQUIRE(all.write(1, 0xaa));
    REQUIRE(all.write(1, 0xbb));
    REQUIRE(all.device->cut_power(PowerCut::kEverythingLands));
    CHECK(all.medium(1) == 0xbb);
    Bench none({}, true);
    REQUIRE(none.write(1, 0xaa));
    REQUIRE(none.device->cut_power(PowerCut::kNothingLands));
    CHECK(none.medium(1) == 1);
}

TEST_CASE("fault: a lying flush and a failed flush leave the cache volatile") {
    for (FaultKind kind : {FaultKind::kLyingFlush, FaultKind::kIoError}) {
        Bench bench({rule(kind, FaultOp::kFlush, 1)}, true);
        REQUIRE(bench.write(1, 0xaa));
        CHECK(bench.device->flush().has_value() == (kind == FaultKind::kLyingFlush));
        CHECK(bench.medium(1) == 1);
        REQUIRE(bench.device->cut_power(PowerCut::kNothingLands));
        CHECK(bench.medium(1) == 1);
        CHECK(bench.device->struck(kind) == 1);
    }
}

TEST_CASE("fault: the same seed gives the same faults, another seed others") {
    auto run = [](uint64_t seed) {
        std::vector<FaultRule> rules;
        for (FaultKind kind :
             {FaultKind::kTornWrite, FaultKind::kLostWrite, FaultKind::kMisdirectedWrite}) {
            FaultRule chance;
            chance.kind = kind;
            chance.probability = 0.05;
            rules.push_back(chance);
        }
        Bench bench(rules, true, seed);
        Random random(1);
        for (int i = 0; i < 400; ++i) {
            CHECK(bench.write(random.below(kBlocks - 4), static_cast<unsigned char>(i),
                              random.between(1, 4)));
            if (i % 20 == 0)
                CHECK(bench.device->flush());
        }
        CHECK(bench.device->struck(FaultKind::kTornWrite) > 5);
        CHECK(bench.device->struck(FaultKind::kLostWrite) > 5);
        CHECK(bench.device->cut_power(PowerCut::kSomeLands));
        return std::vector<std::byte>(bench.ram->bytes().begin(), bench.ram->bytes().end());
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
}

TEST_CASE("fault: a rule that makes no sense is refused") {
    auto ram = RamDevice::create(kBlockBytes).value();
    auto refused = [&](const FaultRule& made) {
        const auto device = FaultDevice::create(*ram, {1, false, {made}});
        return !device && device.error().code == Code::kEINVAL;
    };
    CHECK(refused({}));
    FaultRule bad = rule(FaultKind::kBitRot, FaultOp::kWrite, 1);
    CHECK(refused(bad));
    bad = rule(FaultKind::kIoError, FaultOp::kRead, 0);
    bad.probability = 1.5;
    CHECK(refused(bad));
    bad.probability = 0.5;
    CHECK(!refused(bad));
    bad.first_block = 2;
    bad.last_block = 1;
    CHECK(refused(bad));
}
