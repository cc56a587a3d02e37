// SPDX-License-Identifier: Apache-2.0
//
// Rows for the tests of this folder: clustered small integer vectors that an 8-bit record holds
// exactly, so that the distance between codes is the exact one and a scan is the oracle.
//
// Threads: immutable after construction.
#pragma once

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "base/random.h"
#include "index/graph/graph.h"

namespace vexfs::index {

// So many rows or rounds; fewer under the thread sanitizer, which makes each of them thirty times
// as slow.
#if defined(__SANITIZE_THREAD__)
constexpr uint32_t affordable(uint32_t count) {
    return count / 3;
}
#else
constexpr uint32_t affordable(uint32_t count) {
    return count;
}
#endif

class TestRows : public VectorSource {
  public:
    static constexpr uint32_t kDim = 60;
    static constexpr CodeShape kShape{64, 8};

    struct alignas(64) Record {
        uint8_t bytes[64];
    };

    TestRows(uint32_t rows, uint64_t seed, uint32_t clusters = 50) : random_(seed) {
        for (uint32_t c = 0; c < clusters; ++c) {
            Values centre{};
            for (int& value : centre.v)
                value = static_cast<int>(random_.between(0, 120)) - 60;
            centres_.push_back(centre);
        }
        for (uint32_t row = 0; row < rows; ++row)
            append(draw());
    }

    struct Values {
        int v[kDim];
    };

    Values draw() {
        Values values = centres_[random_.below(centres_.size())];
        for (int& value : values.v)
            value += static_cast<int>(random_.normal() * 12);
        return values;
    }

    void append(const Values& values) {
        records_.push_back(encode(values));
        rows_.push_back(values);
    }
    // A row that the graph has released gets another vector.
    void replace(uint32_t slot, const Values& values) {
        records_[slot] = encode(values);
        rows_[slot] = values;
    }

    [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(rows_.size()); }
    [[nodiscard]] const uint8_t* record(uint32_t slot) const { return records_[slot].bytes; }
    [[nodiscard]] const Values& row(uint32_t slot) const { return rows_[slot]; }

    static float distance(const Values& a, const Values& b) {
        int64_t sum = 0;
        for (uint32_t j = 0; j < kDim; ++j)
            sum += int64_t{a.v[j] - b.v[j]} * (a.v[j] - b.v[j]);
        return static_cast<float>(sum);
    }

    Status exact_distances(const VectorView& query, std::span<const uint32_t> slots,
                           std::span<float> out) const override {
        Values values;
        std::memcpy(&values, query.data, sizeof values);
        for (size_t i = 0; i < slots.size(); ++i)
            out[i] = distance(values, rows_[slots[i]]);
        return ok();
    }

    static Record encode(const Values& values) {
        Record record;
        int64_t square = 0;
        std::memset(record.bytes, 128, sizeof record.bytes);
        for (uint32_t j = 0; j < kDim; ++j) {
            const int value = std::clamp(values.v[j], -127, 127);
            record.bytes[j] = static_cast<uint8_t>(value + 128);
            square += value * value;
        }
        set_code_bias(kShape, record.bytes, static_cast<int32_t>(square / 2));
        return record;
    }

    static GraphConfig config(Isa isa = chosen_isa()) {
        GraphConfig config;
        config.shape = kShape;
        config.ef_construction = 60;
        config.isa = isa;
        return config;
    }

  private:
    Random random_;
    std::vector<Values> centres_;
    std::vector<Record> records_;
    std::vector<Values> rows_;
};

// A query as Graph::search() takes it. Lends the rows and itself.
struct TestQuery {
    TestQuery(const TestRows& rows, const TestRows::Values& wanted) : values(wanted) {
        const TestRows::Record record = TestRows::encode(values);
        decode_code(TestRows::kShape, record.bytes, code);
        const auto* bytes = reinterpret_cast<const std::byte*>(&values);
        query = {code, {Element::kF32, TestRows::kDim, bytes}, &rows};
    }
    TestQuery(const TestQuery&) = delete;
    TestQuery& operator=(const TestQuery&) = delete;

    TestRows::Values values;
    alignas(64) int8_t code[64];
    GraphQuery query{};
};

// The k nearest of the rows for which keep(slot) holds, by scan.
template <typename Keep>
std::vector<Neighbor> nearest_by_scan(const TestRows& rows, const TestRows::Values& wanted,
                                      uint32_t k, Keep keep) {
    std::vector<Neighbor> all;
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        if (keep(slot))
            all.push_back({slot, TestRows::distance(wanted, rows.row(slot))});
    }
    std::sort(all.begin(), all.end());
    all.resize(std::min<size_t>(k, all.size()));
    return all;
}

// How much of the truth was found: a distance as small as the truth's counts, so that ties are no
// error.
inline double recall_of(const std::vector<Neighbor>& truth, std::span<const Neighbor> found) {
    size_t hits = 0;
    for (const Neighbor& answer : found)
        hits += !truth.empty() && answer.distance <= truth.back().distance;
    return truth.empty() ? 1.0
                         : static_cast<double>(std::min(hits, truth.size())) /
                               static_cast<double>(truth.size());
}

} // namespace vexfs::index
