// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "userlib/store/check.h"
#include "userlib/testing/sim/overlay_device.h"
#include "userlib/testing/sim/workload.h"

namespace vexfs {

namespace {

// What a block of a volume is used for.
enum class Part : uint8_t { kUnused, kHeader, kUberblock, kSummary, kBitmap, kNode, kRecord };
constexpr size_t kParts = 7;

struct Use {
    Part part = Part::kUnused;
    size_t bytes = 0;    // from the beginning of the block; what follows has no meaning
    bool newest = false; // a copy of the newest uberblock
};

// What each block of a volume that was closed is used for: by the layout and by a walk of the tree,
// not by what check believes.
class Uses {
  public:
    Uses(Device& device, StoreOptions options) : blocks_(device.geometry().size_blocks()) {
        options.read_only = true;
        const auto store = Store::open(device, options).value();
        const Layout& layout = store->layout();
        const Uberblock& newest = store->uberblock();
        const uint64_t slots = layout.header().uberblock_slots;
        for (uint32_t label = 0; label < Layout::kLabels; ++label) {
            mark({layout.header_block(label), 1}, Part::kHeader);
            mark({layout.uberblock_block(label, 0), slots}, Part::kUberblock);
            blocks_[layout.uberblock_block(label, newest.txg % slots)].newest = true;
        }
        const uint64_t summary = layout.summary_start(newest.summary_slot);
        mark({summary, layout.summary_blocks()}, Part::kSummary);
        BlockBuffer entries(layout.summary_blocks());
        VEXFS_ASSERT(device.read_one(whole_extent(summary, entries.bytes())));
        for (uint64_t region = 0; region < layout.regions(); ++region) {
            SummaryEntry entry;
            std::memcpy(&entry, entries.bytes().data() + region * sizeof entry, sizeof entry);
            mark({layout.region_start(region) + entry.slot, 1}, Part::kBitmap);
        }
        walk(*store, newest.root);
    }

    [[nodiscard]] const Use& of(uint64_t block) const { return blocks_[block]; }

  private:
    void mark(ExtentRef extent, Part part) {
        for (uint64_t i = 0; i < extent.length_blocks; ++i)
            blocks_[extent.start_blocks + i] = {part, kBlockBytes, false};
    }

    void walk(Store& store, const Pointer& pointer) {
        for (const bool second : {false, true}) {
            size_t left = pointer.second != 0 || !second ? pointer.stored_bytes : 0;
            for (const Segment segment : pointer.copy(second && left > 0))
                for (uint64_t i = 0; i < segment.count() && left > 0; ++i) {
                    const size_t here = std::min<size_t>(left, kBlockBytes);
                    blocks_[segment.first() + i] = {Part::kNode, here, false};
                    left -= here;
                }
        }
        const PageHandle page = store.nodes().read(pointer).value();
        const NodeView node(page->bytes);
        for (size_t i = 0; i < node.count(); ++i) {
            if (!node.leaf()) {
                walk(store, node.child(i));
            } else if (node.key(i).unpacked().type == static_cast<uint8_t>(ItemType::kRecord)) {
                const RecordItem record = decode_record(node.value(i), store.layout()).value();
                for (const Segment segment : record.segments)
                    mark({segment.first(), segment.count()}, Part::kRecord);
            }
        }
    }

    std::vector<Use> blocks_;
};

enum class Verdict : uint8_t {
    kRefused,   // open or a read said so
    kFound,     // all answers were right, and check told of the damage
    kUnnoticed, // all answers were right
};

// What a damaged volume says. A wrong answer without an error is the one thing that must not
// happen.
Verdict examine(Device& device, const SimConstants& constants, uint64_t hash) {
    StoreOptions options = constants.store;
    options.read_only = true;
    const Result<std::unique_ptr<Store>> store = Store::open(device, options);
    if (!store)
        return Verdict::kRefused;
    const Result<uint64_t> seen = hash_of_store(**store, constants.object_bytes_max);
    if (!seen) {
        CHECK(seen.error().code != Code::kEINVAL);
        CHECK_FALSE(check(**store).clean());
        return Verdict::kRefused;
    }
    CHECK(*seen == hash);
    return check(**store).clean() ? Verdict::kUnnoticed : Verdict::kFound;
}

} // namespace

TEST_CASE("damage: a flipped bit never changes an answer, and nothing that is used hides it") {
    std::array<uint64_t, kParts> noticed{};
    uint64_t refused = 0;
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        Workload workload(seed);
        REQUIRE(workload.run());
        const uint64_t hash = workload.states().back().hash;
        OverlayDevice device(workload.image());
        const Uses uses(device, workload.constants().store);
        Random random(seed);
        for (uint64_t block = 0; block < workload.constants().device_blocks; ++block) {
            const Use& use = uses.of(block);
            // Where fields are, anywhere, and where nothing means anything.
            const size_t places[] = {random.below(256), random.below(kBlockBytes),
                                     std::max(use.bytes, random.below(kBlockBytes))};
            for (const size_t at : places) {
                if (at >= kBlockBytes)
                    continue;
                CAPTURE(block);
                CAPTURE(at);
                CAPTURE(static_cast<int>(use.part));
                device.reset();
                const auto bit = static_cast<std::byte>(1U << random.below(8));
                const std::byte flipped = workload.image()[block * kBlockBytes + at] ^ bit;
                device.land(block * kBlockBytes + at, {&flipped, 1});
                const Verdict verdict = examine(device, workload.constants(), hash);
                CHECK((verdict == Verdict::kUnnoticed) == (at >= use.bytes));
                noticed[static_cast<size_t>(use.part)] += at < use.bytes ? 1 : 0;
                refused += verdict == Verdict::kRefused ? 1 : 0;
            }
        }
    }
    CHECK(noticed[0] == 0);
    CHECK(*std::min_element(noticed.begin() + 1, noticed.end()) >= 16);
    CHECK(refused > 100);
}

// A copy of the newest commit that is older in one label looks like a crash before it got there.
TEST_CASE("damage: a block that holds what belongs to another never changes an answer") {
    uint64_t refused = 0;
    for (uint64_t seed = 21; seed <= 28; ++seed) {
        CAPTURE(seed);
        Workload workload(seed);
        REQUIRE(workload.run());
        const uint64_t hash = workload.states().back().hash;
        OverlayDevice device(workload.image());
        const Uses uses(device, workload.constants().store);
        Random random(seed);
        for (int i = 0; i < 300; ++i) {
            const uint64_t from = random.below(workload.constants().device_blocks);
            const uint64_t to = random.below(workload.constants().device_blocks);
            CAPTURE(from);
            CAPTURE(to);
            const Use& use = uses.of(to);
            const Bytes wrong = workload.image().subspan(from * kBlockBytes, kBlockBytes);
            const Bytes right = workload.image().subspan(to * kBlockBytes, kBlockBytes);
            device.reset();
            device.land(to * kBlockBytes, wrong);
            const Verdict verdict = examine(device, workload.constants(), hash);
            const bool same = std::ranges::equal(wrong.first(use.bytes), right.first(use.bytes));
            const bool lags =
                use.newest && (uses.of(from).part == Part::kUberblock || all_zero(wrong));
            CHECK((same || lags || verdict != Verdict::kUnnoticed));
            refused += verdict == Verdict::kRefused ? 1 : 0;
        }
    }
    CHECK(refused > 20);
}

// The last block of the log alone may be damaged unseen: a crash can leave it cut short.
TEST_CASE("damage: a flipped bit in the log leaves a prefix, and nothing but its end hides it") {
    constexpr uint64_t kSynced = 4;
    SimConstants constants = SimConstants::from_seed(3);
    constants.format.log_blocks = 16;
    const auto ram = RamDevice::create(constants.device_blocks * kBlockBytes).value();
    REQUIRE(format_store(*ram, constants.format));
    std::vector<uint64_t> hashes;
    uint64_t first = 0;
    {
        const auto store = Store::open(*ram, constants.store).value();
        first = store->layout().log_start() + store->uberblock().log_position;
        for (uint64_t i = 0; i < kSynced; ++i) {
            hashes.push_back(hash_of_store(*store, constants.object_bytes_max).value());
            Transaction transaction;
            transaction.put(Key{1, 1, i, 0}, bytes_of(i));
            REQUIRE(store->apply(transaction));
            REQUIRE(store->sync());
        }
    }
    OverlayDevice device(ram->bytes());
    StoreOptions reading = constants.store;
    reading.read_only = true;
    for (uint64_t i = 0; i < kSynced; ++i) {
        const Bytes block = Bytes(ram->bytes()).subspan((first + i) * kBlockBytes, kBlockBytes);
        LogHeader header;
        std::memcpy(&header, block.data(), sizeof header);
        REQUIRE(header.magic == kLogMagic);
        for (size_t at = 0; at < header.bytes; ++at) {
            CAPTURE(i);
            CAPTURE(at);
            device.reset();
            const std::byte flipped = block[at] ^ std::byte{4};
            device.land((first + i) * kBlockBytes + at, {&flipped, 1});
            const auto store = Store::open(device, reading);
            REQUIRE(store);
            CHECK(hash_of_store(**store, constants.object_bytes_max).value() == hashes[i]);
            CHECK(check(**store).clean() == (i == kSynced - 1));
            const bool writable = Store::open(device, constants.store).has_value();
            CHECK(writable == (i == kSynced - 1));
        }
    }
}

TEST_CASE("damage: the newest commit is found as long as one of the first two labels has it") {
    for (uint64_t seed = 31; seed <= 34; ++seed) {
        for (uint32_t label = 0; label < 2; ++label) {
            CAPTURE(seed);
            CAPTURE(label);
            Workload workload(seed);
            REQUIRE(workload.run());
            OverlayDevice device(workload.image());
            const Header header = Label::read_header(device).value();
            const Layout layout = Layout::of(header).value();
            const std::vector<std::byte> zeros(size_t{header.uberblock_slots} * kBlockBytes);
            device.land(layout.uberblock_block(label, 0) * kBlockBytes, zeros);
            StoreOptions options = workload.constants().store;
            const auto store = Store::open(device, options);
            REQUIRE(store);
            CHECK(hash_of_store(**store, workload.constants().object_bytes_max).value() ==
                  workload.states().back().hash);
        }
    }
}

TEST_CASE("damage: what a write meets is an error of the write, and the next commit succeeds") {
    uint64_t refused = 0;
    for (uint64_t seed = 41; seed <= 52; ++seed) {
        CAPTURE(seed);
        Workload workload(seed);
        if (workload.constants().store.node_copies > 1)
            continue;
        REQUIRE(workload.run());
        OverlayDevice device(workload.image());
        for (uint64_t block = 0; block < workload.constants().device_blocks; ++block) {
            CAPTURE(block);
            device.reset();
            const std::byte flipped = workload.image()[block * kBlockBytes + 99] ^ std::byte{0x10};
            device.land(block * kBlockBytes + 99, {&flipped, 1});
            const auto store = Store::open(device, workload.constants().store);
            if (!store)
                continue;
            const std::vector<std::byte> record((*store)->layout().header().record_bytes,
                                                std::byte{7});
            for (uint64_t oid = 1; oid <= workload.constants().oids; ++oid) {
                Transaction transaction;
                transaction.write(oid, 0, record);
                const Status wrote = (*store)->apply(transaction);
                if (!wrote && wrote.error().code != Code::kENOSPC)
                    ++refused;
            }
            const Status committed = (*store)->commit();
            CHECK((committed || committed.error().code == Code::kENOSPC));
        }
    }
    CHECK(refused > 0);
}

} // namespace vexfs
