// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/code.h"

#include <cstring>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "index/kernels/code_kernels.h"
#include "index/kernels/convert.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

// 64-byte aligned bytes.
template <typename T>
struct Aligned {
    explicit Aligned(size_t count) : storage(count + 64) {
        void* place = storage.data();
        size_t space = storage.size();
        data = static_cast<T*>(std::align(64, count, place, space));
    }
    std::vector<T> storage;
    T* data;
};

void fill_query(CodeShape shape, Random& random, bool extreme, int8_t* query) {
    if (shape.bits == 16) {
        for (uint32_t i = 0; i < code_lanes(shape); ++i) {
            const double size = extreme ? 1e30 : 1000;
            const auto value =
                static_cast<float>(i < code_components(shape) ? random.normal() * size : 0);
            std::memcpy(query + i * sizeof value, &value, sizeof value);
        }
        return;
    }
    const uint32_t payload = shape.record_bytes - kCodeBiasBytes;
    for (uint32_t i = 0; i < code_query_bytes(shape); ++i) {
        const uint32_t of_record = shape.bits == 1 ? i / 8 : i % shape.record_bytes;
        const bool unused = of_record >= payload;
        const int64_t value = extreme ? (random.chance(1, 2) ? 127 : -127)
                                      : static_cast<int64_t>(random.between(0, 254)) - 127;
        query[i] = static_cast<int8_t>(unused ? 0 : value);
    }
}

std::vector<CodeShape> shapes() {
    std::vector<CodeShape> all;
    for (uint32_t bits : {16U, 8U, 4U, 1U}) {
        for (uint32_t blocks : {1U, 2U, 3U, 4U, 5U, 8U, 16U, 1024U, 1025U})
            if (code_shape_valid({blocks * kCodeBlockBytes, bits}) &&
                (bits > 1 || blocks <= 8)) // of the widest, half a million bits take too long
                all.push_back({blocks * kCodeBlockBytes, bits});
    }
    return all;
}

} // namespace

TEST_CASE("code: a distance is the bias minus the products of the components") {
    Aligned<uint8_t> record(64);
    Aligned<int8_t> query(128);
    std::memset(record.data, 128, 64);
    std::memset(query.data, 0, 128);
    record.data[3] = 200;
    query.data[3] = -5;
    set_code_bias({64, 8}, record.data, 70);
    CHECK(code_bias({64, 8}, record.data) == 70);
    CHECK(code_distance({64, 8}, record.data, query.data) == 70 + 5 * 200);

    record.data[0] = 0xA3;
    query.data[0] = 2;   // the low nibble of byte 0
    query.data[64] = -7; // and its high nibble
    query.data[3] = 0;
    CHECK(code_distance({64, 4}, record.data, query.data) == 70 - 2 * 3 + 7 * 10);
}

TEST_CASE(
    "code: a distance of 16-bit records is half the squared distance, and stops where it must") {
    const CodeShape shape{128, 16};
    Random random(16);
    Aligned<uint8_t> record(128);
    Aligned<int8_t> query(256);
    for (int round = 0; round < 200; ++round) {
        std::memset(record.data, 0, 128);
        std::memset(query.data, 0, 256);
        double half_square = 0;
        for (uint32_t j = 0; j < code_components(shape); ++j) {
            // Large and small side by side, which no common step would hold.
            const double size = j % 2 == 0 ? 900 : 0.05;
            const uint16_t half = f16_from_f32(static_cast<float>(random.normal() * size));
            std::memcpy(record.data + size_t{2} * j, &half, sizeof half);
            const auto asked = static_cast<float>(random.normal() * size);
            std::memcpy(query.data + size_t{4} * j, &asked, sizeof asked);
            const double apart = double{f32_from_f16(half)} - double{asked};
            half_square += apart * apart / 2;
        }
        set_code_bias(shape, record.data, 1000);
        const int32_t distance = code_distance(shape, record.data, query.data) - 1000;
        CHECK(distance == doctest::Approx(half_square).epsilon(1e-5));
        CHECK(distance >= 1);
        CHECK(decode_code(shape, record.data, query.data) == 1000);
        CHECK(code_distance(shape, record.data, query.data) == 1000);
    }
    const float far = 1e20F;
    std::memcpy(query.data, &far, sizeof far);
    const int32_t farthest = code_distance(shape, record.data, query.data);
    CHECK(farthest > 1'000'000'000);
    const uint16_t nan = 0x7e01;
    std::memcpy(record.data, &nan, sizeof nan);
    CHECK(code_distance(shape, record.data, query.data) == farthest);
}

TEST_CASE("code: distances of decoded 1-bit records are half the squared distance between them") {
    Random random(15);
    const CodeShape shape{64, 1};
    Aligned<uint8_t> records(128);
    Aligned<int8_t> query(512);
    for (int round = 0; round < 200; ++round) {
        int differing = 0;
        for (uint32_t j = 0; j < 60; ++j) {
            records.data[j] = static_cast<uint8_t>(random.below(256));
            records.data[64 + j] = static_cast<uint8_t>(random.below(256));
            differing += __builtin_popcount(records.data[j] ^ records.data[64 + j]);
        }
        // 480 components of half a step; a unit is step * step / 64.
        for (uint32_t r = 0; r < 2; ++r)
            set_code_bias(shape, records.data + 64 * r, 480 * 8);
        const int32_t offset = decode_code(shape, records.data + 64, query.data);
        CHECK(code_distance(shape, records.data, query.data) + offset == 32 * differing);
    }
}

TEST_CASE("code: every instruction set computes exactly the portable distance, extremes included") {
    Random random(11);
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        for (CodeShape shape : shapes()) {
            const CodeKernels& kernels = code_kernels(isa, shape);
            const uint32_t blocks = shape.record_bytes / kCodeBlockBytes;
            constexpr size_t kRecords = 23;
            Aligned<uint8_t> records(kRecords * shape.record_bytes);
            Aligned<int8_t> query(code_query_bytes(shape)), decoded(code_query_bytes(shape)),
                expected(code_query_bytes(shape));
            for (bool extreme : {false, true}) {
                fill_query(shape, random, extreme, query.data);
                std::vector<const uint8_t*> places;
                for (size_t i = 0; i < kRecords * shape.record_bytes; ++i)
                    records.data[i] =
                        static_cast<uint8_t>(extreme ? 255 * random.below(2) : random.below(256));
                for (size_t i = 0; i < kRecords; ++i)
                    places.push_back(records.data + (i * 7 % kRecords) * shape.record_bytes);
                int32_t scanned[kRecords], gathered[kRecords];
                kernels.scan(records.data, kRecords, query.data, blocks, scanned);
                kernels.gather(places.data(), kRecords, query.data, blocks, gathered);
                for (size_t i = 0; i < kRecords; ++i) {
                    const uint8_t* record = records.data + i * shape.record_bytes;
                    REQUIRE(scanned[i] == code_distance(shape, record, query.data));
                    REQUIRE(gathered[i] == code_distance(shape, places[i], query.data));
                    const int32_t offset = kernels.decode(record, decoded.data, blocks);
                    REQUIRE(offset == decode_code(shape, record, expected.data));
                    REQUIRE(std::memcmp(decoded.data, expected.data, code_query_bytes(shape)) == 0);
                }
            }
        }
    }
}

TEST_CASE("code: a batch of queries gets exactly the portable distances, whatever their number") {
    Random random(14);
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        for (CodeShape shape : shapes()) {
            const uint32_t blocks = shape.record_bytes / kCodeBlockBytes;
            constexpr size_t kRecords = 13;
            Aligned<uint8_t> records(kRecords * shape.record_bytes);
            Aligned<int8_t> queries(kBatchQueries * size_t{code_query_bytes(shape)}),
                batch(batch_query_bytes(shape));
            for (uint32_t count : {1U, 7U, kBatchQueries}) {
                const bool extreme = count == 7;
                if (!extreme && blocks > 16)
                    continue; // once is enough of the widest
                std::vector<const int8_t*> each;
                for (uint32_t q = 0; q < count; ++q) {
                    each.push_back(queries.data + size_t{q} * code_query_bytes(shape));
                    fill_query(shape, random, extreme,
                               queries.data + size_t{q} * code_query_bytes(shape));
                }
                std::vector<const uint8_t*> places;
                for (size_t i = 0; i < kRecords * shape.record_bytes; ++i)
                    records.data[i] =
                        static_cast<uint8_t>(extreme ? 255 * random.below(2) : random.below(256));
                for (size_t i = 0; i < kRecords; ++i)
                    places.push_back(records.data + (i * 7 % kRecords) * shape.record_bytes);
                interleave_queries(shape, each, batch.data);
                int32_t distances[kRecords * kBatchQueries];
                code_kernels(isa, shape)
                    .batch(places.data(), kRecords, batch.data, blocks, distances);
                for (size_t i = 0; i < kRecords; ++i) {
                    for (uint32_t q = 0; q < count; ++q)
                        REQUIRE(distances[kBatchQueries * i + q] ==
                                code_distance(shape, places[i], each[q]));
                }
            }
        }
    }
}

TEST_CASE("code: distances of decoded records are half the squared distance between them") {
    Random random(12);
    const CodeShape shape{64, 8};
    Aligned<uint8_t> records(128);
    Aligned<int8_t> query(64);
    for (int round = 0; round < 200; ++round) {
        int64_t square_sum[2] = {0, 0}, apart = 0;
        for (uint32_t j = 0; j < 60; ++j) {
            int values[2];
            for (int r = 0; r < 2; ++r) {
                records.data[64 * r + j] = static_cast<uint8_t>(random.between(1, 255));
                values[r] = records.data[64 * r + j] - 128;
                square_sum[r] += values[r] * values[r];
            }
            apart += (values[0] - values[1]) * (values[0] - values[1]);
        }
        for (int r = 0; r < 2; ++r)
            set_code_bias(shape, records.data + 64 * r, static_cast<int32_t>(square_sum[r] / 2));
        const int32_t offset = decode_code(shape, records.data + 64, query.data);
        const int32_t distance = code_distance(shape, records.data, query.data) + offset;
        CHECK(std::abs(2 * int64_t{distance} - apart) <= 2);
    }
}

TEST_CASE("code: distances of decoded 4-bit records follow the distance between them") {
    Random random(13);
    const CodeShape shape{64, 4};
    Aligned<uint8_t> records(128);
    Aligned<int8_t> query(128);
    for (int round = 0; round < 200; ++round) {
        double square_sum[2] = {0, 0}, apart = 0;
        for (uint32_t j = 0; j < 120; ++j) {
            double values[2];
            for (uint32_t r = 0; r < 2; ++r) {
                const auto nibble = static_cast<uint8_t>(random.below(16));
                uint8_t& place = records.data[64 * r + j % 60];
                place = static_cast<uint8_t>(j < 60 ? nibble : (place | nibble << 4));
                values[r] = nibble - 7.5;
                square_sum[r] += values[r] * values[r];
            }
            apart += (values[0] - values[1]) * (values[0] - values[1]);
        }
        // In units of step * query_step = step * step / 8.
        for (uint32_t r = 0; r < 2; ++r)
            set_code_bias(shape, records.data + 64 * r, static_cast<int32_t>(square_sum[r] * 4));
        const int32_t offset = decode_code(shape, records.data + 64, query.data);
        const int32_t distance = code_distance(shape, records.data, query.data) + offset;
        CHECK(distance == doctest::Approx(apart * 4).epsilon(0.001));
    }
}
