// SPDX-License-Identifier: Apache-2.0
//
// Bytes that have no meaning: those that must be zero and those that nobody looks at.
#include <doctest/doctest.h>

#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

constexpr uint64_t kBlocks = 2000;

StoreOptions reading() {
    StoreOptions options = small_options();
    options.read_only = true;
    return options;
}

MutableBytes block_of(RamDevice& device, uint64_t block) {
    return device.bytes().subspan(block * kBlockBytes, kBlockBytes);
}

template <typename T>
T structure_in(Bytes block) {
    T structure;
    std::memcpy(&structure, block.data(), sizeof structure);
    return structure;
}

template <typename T>
void set_structure(MutableBytes block, const T& structure) {
    std::memcpy(block.data(), &structure, sizeof structure);
}

// A volume with two commits and, in the log, item 1.
struct Volume {
    std::unique_ptr<RamDevice> device = formatted(kBlocks);
    uint64_t txg = 0;
    Pointer root;
    uint64_t uberblock[2] = {};
    uint64_t headers[Layout::kLabels] = {};
    uint64_t log_block = 0;

    Volume() {
        const auto store = opened(*device);
        REQUIRE(store->commit());
        REQUIRE(put(*store, 1));
        REQUIRE(store->sync());
        const Layout& layout = store->layout();
        txg = store->uberblock().txg;
        root = store->uberblock().root;
        for (uint32_t label = 0; label < Layout::kLabels; ++label)
            headers[label] = layout.header_block(label);
        for (uint32_t label = 0; label < 2; ++label)
            uberblock[label] = layout.uberblock_block(label, txg % 4);
        log_block = layout.log_start() + store->uberblock().log_position % 16;
    }

    void sum_log_block() {
        const MutableBytes block = block_of(*device, log_block);
        auto log = structure_in<LogHeader>(block);
        const auto header = structure_in<Header>(block_of(*device, headers[0]));
        log.checksum = {};
        set_structure(block, log);
        log.checksum =
            xxh3_128(block.first(log.bytes), xxh3_64(std::as_bytes(std::span(header.volume_id))));
        set_structure(block, log);
    }
};

} // namespace

TEST_CASE("reserved: a header with a byte that should be zero is damaged") {
    for (const size_t at : {12, 100, 103, 128, 239, 256, 4095}) {
        CAPTURE(at);
        const Volume volume;
        for (const uint64_t block : volume.headers) {
            const MutableBytes bytes = block_of(*volume.device, block);
            bytes[at] ^= std::byte{1};
            auto header = structure_in<Header>(bytes);
            header.checksum = checksum_of(header);
            set_structure(bytes, header);
        }
        CHECK(Store::open(*volume.device, reading()).error().code == Code::kEUCLEAN);
    }
}

TEST_CASE("reserved: an uberblock with a byte that should be zero is none") {
    for (const size_t at : {12, 48, 55, 156, 184, 208, 239, 256, 4095}) {
        CAPTURE(at);
        const Volume volume;
        for (const uint64_t block : volume.uberblock) {
            const MutableBytes bytes = block_of(*volume.device, block);
            bytes[at] ^= std::byte{1};
            auto uberblock = structure_in<Uberblock>(bytes);
            uberblock.checksum = checksum_of(uberblock, volume.txg % 4);
            set_structure(bytes, uberblock);
        }
        CHECK(opened(*volume.device, reading())->uberblock().txg == volume.txg - 1);
    }
}

TEST_CASE("reserved: a node with a byte that should be zero is damaged") {
    Page page(1024);
    NodeEditor(page).format(0, PackedKey(), PackedKey::highest());
    REQUIRE(NodeView(page).validate());
    for (const size_t at : {5, 12, 24, 70, 71, 72, 1023}) {
        CAPTURE(at);
        page[at] ^= std::byte{1};
        CHECK(NodeView(page).validate().error().code == Code::kEUCLEAN);
        page[at] ^= std::byte{1};
    }
}

TEST_CASE("reserved: a log block that should not be there ends the log, a record damages it") {
    Volume volume;
    CHECK(has(*opened(*volume.device, reading()), 1));
    const MutableBytes block = block_of(*volume.device, volume.log_block);
    block[offsetof(LogHeader, zero0)] = std::byte{1};
    volume.sum_log_block();
    CHECK_FALSE(has(*opened(*volume.device, reading()), 1));
    block[offsetof(LogHeader, zero0)] = std::byte{0};
    block[sizeof(LogHeader) + offsetof(LogRecord, zero0)] = std::byte{1};
    volume.sum_log_block();
    const auto store = opened(*volume.device, reading());
    CHECK_FALSE(has(*store, 1));
    REQUIRE(store->damage().log);
    CHECK(store->damage().log->code == Code::kEUCLEAN);
    CHECK(Store::open(*volume.device, small_options()).error().code == Code::kEUCLEAN);
}

TEST_CASE("reserved: nobody looks at room") {
    Volume volume;
    const MutableBytes log = block_of(*volume.device, volume.log_block);
    for (const size_t at : {8, 16, 20}) // session, slot, sequence number
        log[sizeof(LogHeader) + at] = std::byte{1};
    volume.sum_log_block();
    log.back() = std::byte{1};
    REQUIRE(volume.root.stored_bytes < kBlockBytes);
    block_of(*volume.device, volume.root.segments[0].first()).back() = std::byte{1};
    const auto store = opened(*volume.device, reading());
    CHECK(has(*store, 1));
    CHECK(check(*store).clean());
}

} // namespace vexfs
