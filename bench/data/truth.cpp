// SPDX-License-Identifier: Apache-2.0
//
// Brute force in blocks: a block of rows stays in the cache while a block of queries passes over
// it.
//
// Threads: exact_truth splits the queries among its threads.
#include "bench/data/truth.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

namespace vexfs {
namespace {

using index::Metric;
using index::Neighbor;

constexpr size_t kLanes = 16;
constexpr size_t kBlockRows = 256;
constexpr size_t kBlockQueries = 8;
// Two float sums of the same terms in another order differ by about this, relative to the terms.
constexpr float kTieTolerance = 1e-5F;

// Sixteen sums side by side, which compilers turn into vector code on every machine.
template <typename Term>
float blocked_sum(const float* a, const float* b, size_t dim, Term term) {
    float sums[kLanes] = {};
    size_t j = 0;
    for (; j + kLanes <= dim; j += kLanes) {
        for (size_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += term(a[j + lane], b[j + lane]);
    }
    for (; j < dim; ++j)
        sums[j % kLanes] += term(a[j], b[j]);
    for (size_t width = kLanes / 2; width > 0; width /= 2) {
        for (size_t lane = 0; lane < width; ++lane)
            sums[lane] += sums[lane + width];
    }
    return sums[0];
}

float dot(const float* a, const float* b, size_t dim) {
    return blocked_sum(a, b, dim, [](float x, float y) { return x * y; });
}

float squared_difference(const float* a, const float* b, size_t dim) {
    return blocked_sum(a, b, dim, [](float x, float y) { return (x - y) * (x - y); });
}

void normalise(std::vector<float>& values, size_t dim) {
    for (size_t i = 0; i < values.size(); i += dim) {
        const float square = dot(&values[i], &values[i], dim);
        const float scale = square > 0 ? 1 / std::sqrt(square) : 0;
        for (size_t j = 0; j < dim; ++j)
            values[i + j] *= scale;
    }
}

// Keeps the `depth` nearest in a heap whose top is the farthest.
void offer(std::vector<Neighbor>& heap, size_t depth, Neighbor candidate) {
    if (heap.size() == depth) {
        if (!(candidate < heap.front()))
            return;
        std::pop_heap(heap.begin(), heap.end());
        heap.back() = candidate;
    } else {
        heap.push_back(candidate);
    }
    std::push_heap(heap.begin(), heap.end());
}

// Answers queries [first, last) into truth.
void answer(const ExactDistance& distance, const index::BitmapView* allowed, size_t first,
            size_t last, Truth& truth) {
    std::vector<std::vector<Neighbor>> heaps(last - first);
    for (size_t block = 0; block < distance.rows(); block += kBlockRows) {
        const size_t end = std::min(block + kBlockRows, distance.rows());
        for (size_t query = first; query < last; ++query) {
            for (size_t row = block; row < end; ++row) {
                const auto slot = static_cast<uint32_t>(row);
                if (allowed == nullptr || allowed->contains(slot))
                    offer(heaps[query - first], truth.depth, {slot, distance.between(query, row)});
            }
        }
    }
    for (size_t query = first; query < last; ++query) {
        std::vector<Neighbor>& heap = heaps[query - first];
        std::sort_heap(heap.begin(), heap.end());
        for (size_t i = 0; i < heap.size(); ++i)
            truth.rows[query * truth.depth + i] = heap[i].slot;
    }
}

} // namespace

ExactDistance::ExactDistance(Metric metric, const Matrix& base, const Matrix& queries)
    : metric_(metric), dim_(base.dim), base_(base.floats()), queries_(queries.floats()) {
    if (metric == Metric::kCosine) {
        normalise(base_, dim_);
        normalise(queries_, dim_);
    }
}

float ExactDistance::between(size_t query, size_t row) const {
    const float* a = &queries_[query * dim_];
    const float* b = &base_[row * dim_];
    switch (metric_) {
    case Metric::kCosine:
        return 1 - dot(a, b, dim_);
    case Metric::kDot:
        return -dot(a, b, dim_);
    default:
        return squared_difference(a, b, dim_);
    }
}

Truth exact_truth(const ExactDistance& distance, uint32_t depth, const index::BitmapView* allowed,
                  uint32_t threads) {
    Truth truth;
    truth.depth = depth;
    truth.rows.assign(distance.queries() * depth, kNoRow);
    std::atomic<size_t> next{0};
    const auto work = [&] {
        while (true) {
            const size_t first = next.fetch_add(kBlockQueries);
            if (first >= distance.queries())
                return;
            answer(distance, allowed, first, std::min(first + kBlockQueries, distance.queries()),
                   truth);
        }
    };
    std::vector<std::thread> helpers;
    for (uint32_t i = 1; i < threads; ++i)
        helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers)
        helper.join();
    return truth;
}

uint32_t count_found(const ExactDistance& distance, const Truth& truth, size_t query, uint32_t k,
                     std::span<const uint32_t> found) {
    const std::span<const uint32_t> wanted = truth.of(query).first(k);
    const auto missing = std::find(wanted.begin(), wanted.end(), kNoRow);
    const auto expected = static_cast<uint32_t>(missing - wanted.begin());
    if (expected == 0)
        return 0;
    const float farthest = distance.between(query, wanted[expected - 1]);
    const float limit = farthest + kTieTolerance * std::abs(farthest);
    uint32_t count = 0;
    for (size_t i = 0; i < found.size(); ++i) {
        if (found[i] >= distance.rows() ||
            std::find(found.begin(), found.begin() + static_cast<ptrdiff_t>(i), found[i]) !=
                found.begin() + static_cast<ptrdiff_t>(i))
            continue;
        count += distance.between(query, found[i]) <= limit;
    }
    return std::min(count, expected);
}

} // namespace vexfs
