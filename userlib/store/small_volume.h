// SPDX-License-Identifier: Apache-2.0
//
// A small volume in memory that tests of the store share: tiny nodes, regions and uberblock rings.
//
// Only tests include it.
//
// Threads: pure functions.
#pragma once

#include <memory>

#include "base/random.h"
#include "userlib/device/ram_device.h"
#include "userlib/store/store.h"

namespace vexfs {

inline FormatOptions small_format() {
    FormatOptions format;
    format.log_blocks = 16;
    format.node_bytes = 1024;
    format.record_bytes = 8192;
    format.region_blocks = 64;
    format.uberblock_slots = 4;
    format.inline_bytes = 100;
    return format;
}

inline StoreOptions small_options() {
    StoreOptions options;
    options.slop_blocks_min = 128;
    return options;
}

// What fails here is a bug of the test or of what it stands on, and asserts.
inline std::unique_ptr<RamDevice> formatted(uint64_t blocks) {
    std::unique_ptr<RamDevice> device = RamDevice::create(blocks * kBlockBytes).value();
    VEXFS_ASSERT(format_store(*device, small_format()));
    return device;
}

inline std::unique_ptr<Store> opened(Device& device,
                                     const StoreOptions& options = small_options()) {
    return Store::open(device, options).value();
}

inline Key key_of(uint64_t i) {
    return {1 + i % 7, 1, i, 0};
}

inline Page value_of(uint64_t i, size_t bytes = 40) {
    Page value(bytes);
    Random random(i);
    for (std::byte& b : value)
        b = static_cast<std::byte>(random.next());
    return value;
}

inline Status put(Store& store, uint64_t i) {
    Transaction transaction;
    transaction.put(key_of(i), value_of(i));
    return store.apply(transaction);
}

inline bool has(Store& store, uint64_t i) {
    const Result<std::optional<Page>> value = store.get(key_of(i));
    return value && value.value() && *value.value() == value_of(i);
}

// The leaf that holds the key, as of the last commit.
inline Pointer leaf_of(Store& store, const Key& key) {
    Pointer pointer = store.uberblock().root;
    while (pointer.level > 0) {
        const PageHandle page = store.nodes().read(pointer).value();
        const NodeView node(page->bytes);
        pointer = node.child(node.covering(PackedKey(key)));
    }
    return pointer;
}

} // namespace vexfs
