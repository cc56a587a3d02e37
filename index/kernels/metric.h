// SPDX-License-Identifier: Apache-2.0
//
// The words every part of the index shares: element types, metrics, a borrowed vector, a neighbour.
//
// Smaller is nearer under every metric. The numbers of Element and Metric are those of the
// application ABI and of the disk format: they never change.
//
// Threads: values; nothing here has state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vexfs::index {

constexpr uint32_t kMaxDim = 65535;

// What a caller sends and gets back, bit for bit. Multi-byte elements are little-endian; element i
// of a bit vector is bit i % 8 of byte i / 8, and the spare bits of the last byte are 0.
enum class Element : uint8_t { kF32 = 1, kF16 = 2, kBf16 = 3, kI8 = 4, kU8 = 5, kBit = 6 };

enum class Metric : uint8_t {
    kL2 = 1,      // squared Euclidean distance
    kCosine = 2,  // 1 - cos; 1 if either vector is zero
    kDot = 3,     // minus the inner product
    kHamming = 4, // number of differing bits
    kJaccard = 5, // 1 - |and| / |or|; 0 if both vectors are empty
};

constexpr bool is_element(uint8_t number) {
    return number >= 1 && number <= 6;
}
constexpr bool is_metric(uint8_t number) {
    return number >= 1 && number <= 5;
}

// Hamming and Jaccard go with bits, always and only.
constexpr bool fits(Element element, Metric metric) {
    const bool of_bits = metric == Metric::kHamming || metric == Metric::kJaccard;
    return of_bits == (element == Element::kBit);
}

// The bytes of one vector.
constexpr size_t bytes_of(Element element, uint32_t dim) {
    switch (element) {
    case Element::kF32:
        return size_t{4} * dim;
    case Element::kF16:
    case Element::kBf16:
        return size_t{2} * dim;
    case Element::kI8:
    case Element::kU8:
        return dim;
    case Element::kBit:
        return (size_t{dim} + 7) / 8;
    }
    return 0;
}

// A vector lent by its owner: bytes_of(element, dim) bytes at any alignment.
struct VectorView {
    Element element;
    uint32_t dim;
    const std::byte* data;
};

// A row and its distance from the query. The order is the order of answers: by distance, then by
// slot.
struct Neighbor {
    uint32_t slot;
    float distance;

    friend constexpr bool operator==(const Neighbor&, const Neighbor&) = default;
    friend constexpr bool operator<(const Neighbor& a, const Neighbor& b) {
        return a.distance != b.distance ? a.distance < b.distance : a.slot < b.slot;
    }
};

} // namespace vexfs::index
