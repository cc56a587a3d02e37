// SPDX-License-Identifier: Apache-2.0
//
// The key of the tree: which object, what kind of item, where in it.
//
// 19 bytes, big-endian, so that memcmp is the order: (oid, type, sub, tie). All items of an object
// are neighbours, and in it all items of one type. The store gives a meaning to type kRecord and to
// oid 0 only; the rest of the type space belongs to the layers above.
//
// Threads: values.
#pragma once

#include <array>
#include <compare>
#include <cstring>

#include "base/bytes.h"

namespace vexfs {

inline constexpr size_t kKeyBytes = 19;

// Items that the store itself keeps, under oid 0.
inline constexpr uint64_t kVolumeOid = 0;

// Item types that the store knows. Others are free for the layers above, below 0xf0.
enum class ItemType : uint8_t {
    kRecord = 4,     // any oid but 0; sub = offset in the object: a piece of its data
    kOrphan = 0xf1,  // oid 0; sub = an object whose items are still being erased
    kCounter = 0xf2, // oid 0; sub = counter; value u64: the first number that was never handed out
};

struct Key {
    uint64_t oid = 0;
    uint8_t type = 0;
    uint64_t sub = 0;
    uint16_t tie = 0;

    // NOLINTNEXTLINE(modernize-use-nullptr): it sees the 0 that the comparison is made with
    friend auto operator<=>(const Key&, const Key&) = default;
};

// A key as it lies in a node.
struct PackedKey {
    std::array<std::byte, kKeyBytes> bytes{};

    PackedKey() = default;
    explicit PackedKey(const Key& key) {
        store_be<uint64_t>(bytes.data(), key.oid);
        bytes[8] = static_cast<std::byte>(key.type);
        store_be<uint64_t>(bytes.data() + 9, key.sub);
        store_be<uint16_t>(bytes.data() + 17, key.tie);
    }
    [[nodiscard]] Key unpacked() const {
        return {load_be<uint64_t>(bytes.data()), static_cast<uint8_t>(bytes[8]),
                load_be<uint64_t>(bytes.data() + 9), load_be<uint16_t>(bytes.data() + 17)};
    }
    // The one that follows it in the order of all keys; the highest has none and stays.
    [[nodiscard]] PackedKey next() const {
        PackedKey key = *this;
        if (*this == highest())
            return key;
        for (size_t i = kKeyBytes; i-- > 0;) {
            key.bytes[i] = static_cast<std::byte>(std::to_integer<uint8_t>(key.bytes[i]) + 1);
            if (key.bytes[i] != std::byte{0})
                break;
        }
        return key;
    }
    // Above every key that may be stored.
    static PackedKey highest() {
        PackedKey key;
        key.bytes.fill(std::byte{0xff});
        return key;
    }

    friend bool operator==(const PackedKey&, const PackedKey&) = default;
    // The order of memcmp, by words: a search in a node does little else. The third word overlaps
    // the second, which is equal by then.
    friend std::strong_ordering operator<=>(const PackedKey& a, const PackedKey& b) {
        for (const size_t at : {size_t{0}, size_t{8}}) {
            const auto order =
                load_be<uint64_t>(a.bytes.data() + at) <=> load_be<uint64_t>(b.bytes.data() + at);
            if (std::is_neq(order))
                return order;
        }
        constexpr size_t kLast = kKeyBytes - sizeof(uint64_t);
        return load_be<uint64_t>(a.bytes.data() + kLast) <=>
               load_be<uint64_t>(b.bytes.data() + kLast);
    }
};
static_assert(sizeof(PackedKey) == kKeyBytes);

inline PackedKey record_key(uint64_t oid, uint64_t offset_bytes) {
    return PackedKey(Key{oid, static_cast<uint8_t>(ItemType::kRecord), offset_bytes, 0});
}
inline PackedKey orphan_key(uint64_t oid) {
    return PackedKey(Key{kVolumeOid, static_cast<uint8_t>(ItemType::kOrphan), oid, 0});
}

} // namespace vexfs
