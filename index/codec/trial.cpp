// SPDX-License-Identifier: Apache-2.0
#include "index/codec/trial.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>

#include "index/kernels/code_kernels.h"
#include "index/kernels/distance.h"

namespace vexfs::index {
namespace {

constexpr size_t kRowsMin = 400;
constexpr size_t kQueriesMax = 200;
constexpr size_t kQueryEvery = 20;
constexpr size_t kBaseMax = 8192;
constexpr size_t kDepthMax = kTrialDepths[std::size(kTrialDepths) - 1];

// `wanted` of the numbers below count, evenly spaced.
std::vector<uint32_t> spread(size_t count, size_t wanted) {
    std::vector<uint32_t> numbers(std::min(count, wanted));
    for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = static_cast<uint32_t>(i * count / numbers.size());
    return numbers;
}

} // namespace

HeldOut hold_out(size_t count, size_t limit) {
    HeldOut rows;
    rows.base = spread(count, limit);
    const size_t taken = rows.base.size();
    if (taken < kRowsMin)
        return rows;
    const std::vector<uint32_t> places = spread(taken, std::min(kQueriesMax, taken / kQueryEvery));
    for (size_t i = places.size(); i-- > 0;) {
        rows.queries.push_back(rows.base[places[i]]);
        rows.base.erase(rows.base.begin() + places[i]);
    }
    return rows;
}

Result<TrialGround> TrialGround::make(const TrainingTable& table, const HeldOut& rows) {
    TrialGround ground(table, rows);
    const Distance distance = VEXFS_TRY(Distance::make(table.element, table.metric, table.dim));
    std::vector<const std::byte*> base;
    for (uint32_t place : spread(rows.base.size(), kBaseMax)) {
        ground.base_.push_back(rows.base[place]);
        base.push_back(table.row(rows.base[place]).data);
    }
    ground.exact_.resize(rows.queries.size() * base.size());
    std::vector<float> sorted(base.size());
    for (size_t q = 0; q < rows.queries.size(); ++q) {
        float* exact = ground.exact_.data() + q * base.size();
        distance.to_rows(table.row(rows.queries[q]).data, base.data(), base.size(), exact);
        std::copy(exact, exact + base.size(), sorted.begin());
        const auto last = sorted.begin() + kTrialNeighbours - 1;
        std::nth_element(sorted.begin(), last, sorted.end());
        ground.farthest_.push_back(*last);
    }
    return ground;
}

void TrialGround::count_found(size_t query, const std::vector<int32_t>& distances,
                              size_t* found) const {
    std::vector<uint32_t> order(distances.size());
    std::iota(order.begin(), order.end(), 0u);
    std::partial_sort(order.begin(), order.begin() + kDepthMax, order.end(),
                      [&](uint32_t a, uint32_t b) {
                          return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
                      });
    const float* exact = exact_.data() + query * base_.size();
    for (size_t d = 0; d < std::size(kTrialDepths); ++d) {
        size_t near = 0;
        for (size_t i = 0; i < kTrialDepths[d]; ++i)
            near += exact[order[i]] <= farthest_[query];
        found[d] += std::min(near, kTrialNeighbours);
    }
}

void TrialGround::measure(const Codec& codec, float wanted, CodecQuality& quality) const {
    const CodeShape shape = codec.shape();
    const size_t record_bytes = shape.record_bytes;
    std::vector<uint8_t> storage(base_.size() * record_bytes + kCodeBlockBytes);
    void* place = storage.data();
    size_t room = storage.size();
    auto* records = static_cast<uint8_t*>(
        std::align(kCodeBlockBytes, base_.size() * record_bytes, place, room));
    for (size_t i = 0; i < base_.size(); ++i)
        codec.encode(table_->row(base_[i]), records + i * record_bytes);
    const CodeKernels& kernels = code_kernels(chosen_isa(), shape);
    std::vector<int32_t> distances(base_.size());
    size_t found[std::size(kTrialDepths)] = {};
    QueryCode query;
    for (size_t q = 0; q < farthest_.size(); ++q) {
        codec.prepare(table_->row(rows_->queries[q]), query);
        kernels.scan(records, base_.size(), query.values, shape.record_bytes / kCodeBlockBytes,
                     distances.data());
        count_found(q, distances, found);
    }
    for (size_t d = 0; d < std::size(kTrialDepths); ++d) {
        quality.rerank_depth = static_cast<uint32_t>(kTrialDepths[d]);
        quality.sample_recall =
            static_cast<float>(found[d]) / static_cast<float>(farthest_.size() * kTrialNeighbours);
        if (quality.sample_recall >= wanted)
            break;
    }
}

} // namespace vexfs::index
