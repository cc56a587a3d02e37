// SPDX-License-Identifier: Apache-2.0
#include "index/flat/vector_table.h"

#include <cstring>
#include <doctest/doctest.h>
#include <thread>
#include <vector>

#include "base/random.h"
#include "index/kernels/convert.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

std::vector<std::byte> vector_of(Element element, uint32_t dim, uint32_t slot) {
    std::vector<float> values(dim);
    for (uint32_t i = 0; i < dim; ++i)
        values[i] = static_cast<float>((slot * 31 + i) % 2);
    std::vector<std::byte> bytes(bytes_of(element, dim));
    from_f32(values.data(), dim, element, bytes.data());
    return bytes;
}

} // namespace

TEST_CASE("vector table: every vector comes back bit for bit and stays where it is") {
    for (uint8_t number = 1; is_element(number); ++number) {
        const auto element = static_cast<Element>(number);
        VectorTable table(element, 13);
        const uint32_t slots[] = {0, 3, 70'000, 5};
        for (uint32_t slot : slots)
            REQUIRE(table.put(slot, {element, 13, vector_of(element, 13, slot).data()}));
        const std::byte* place = table.at(3).data;
        REQUIRE(table.put(900'000, {element, 13, vector_of(element, 13, 1).data()}));
        CHECK(table.at(3).data == place);
        CHECK(table.size() == 900'001);
        for (uint32_t slot : slots) {
            const auto expected = vector_of(element, 13, slot);
            CHECK(std::memcmp(table.at(slot).data, expected.data(), expected.size()) == 0);
        }
        CHECK(table.memory_bytes() >= table.size() * table.stride_bytes());
    }
}

TEST_CASE("vector table: a vector of another kind or with a NaN is refused and nothing changes") {
    VectorTable table(Element::kF32, 4);
    float values[4] = {1, 2, 3, 4};
    const auto* data = reinterpret_cast<const std::byte*>(values);
    REQUIRE(table.put(0, {Element::kF32, 4, data}));
    CHECK(table.put(0, {Element::kF32, 3, data}).error().code == Code::kEINVAL);
    CHECK(table.put(0, {Element::kF16, 4, data}).error().code == Code::kEINVAL);
    float broken[4] = {9, 9, 9, std::numeric_limits<float>::quiet_NaN()};
    const auto* nan = reinterpret_cast<const std::byte*>(broken);
    CHECK(table.put(0, {Element::kF32, 4, nan}).error().code == Code::kEINVAL);
    CHECK(std::memcmp(table.at(0).data, values, sizeof values) == 0);
    CHECK(table.size() == 1);
}

TEST_CASE("vector table: exact distances come in the order of the slots, and while it grows") {
    VectorTable table(Element::kU8, 40);
    for (uint32_t slot = 0; slot < 2000; ++slot)
        REQUIRE(table.put(slot, {Element::kU8, 40, vector_of(Element::kU8, 40, slot).data()}));
    std::thread writer([&] {
        for (uint32_t slot = 2000; slot < 40'000; ++slot)
            CHECK(table.put(slot, {Element::kU8, 40, vector_of(Element::kU8, 40, slot).data()}));
    });
    const TableSource source = *TableSource::make(table, Metric::kL2);
    const VectorView query = table.at(1);
    std::vector<uint32_t> slots;
    for (uint32_t slot = 2000; slot-- > 0;)
        slots.push_back(slot);
    std::vector<float> distances(slots.size());
    for (int round = 0; round < 20; ++round)
        REQUIRE(source.exact_distances(query, slots, distances));
    writer.join();
    for (size_t i = 0; i < slots.size(); ++i) {
        CHECK(distances[i] == source.distance().between(query.data, table.at(slots[i]).data));
    }
    CHECK(source.exact_distances({Element::kU8, 39, query.data}, slots, distances).error().code ==
          Code::kEINVAL);
    CHECK(TableSource::make(table, Metric::kHamming).error().code == Code::kEINVAL);
}
