// SPDX-License-Identifier: Apache-2.0
#include "index/codec/drift.h"

#include <doctest/doctest.h>

#include <span>
#include <vector>

#include "base/random.h"
#include "index/codec/train.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr uint32_t kDim = 100;

// Rows that vary in ten dimensions from `first` on, and a little in all.
std::vector<float> rows_along(uint32_t first, size_t count, double scale, uint64_t seed) {
    Random random(seed);
    std::vector<float> rows(count * kDim);
    for (size_t i = 0; i < count; ++i) {
        for (uint32_t j = 0; j < kDim; ++j) {
            const bool inside = j >= first && j < first + 10;
            rows[i * kDim + j] =
                static_cast<float>(random.normal() * (inside ? 1.0 : 0.05) * scale);
        }
    }
    return rows;
}

TrainedCodec trained_on(const std::vector<float>& rows, Metric metric) {
    const TrainingTable table{Element::kF32, metric,
                              kDim,          std::as_bytes(std::span(rows)).data(),
                              kDim * 4,      rows.size() / kDim};
    TrainOptions options;
    options.kind = CodecKind::kLearned;
    options.shape = CodeShape{64, 8};
    return train_codec(table, options).value();
}

void observe_all(DriftMonitor& monitor, const std::vector<float>& rows) {
    for (size_t i = 0; i < rows.size() / kDim; ++i) {
        const std::span<const float> row = std::span(rows).subspan(i * kDim, kDim);
        monitor.observe({Element::kF32, kDim, std::as_bytes(row).data()});
    }
}

} // namespace

TEST_CASE("drift: rows like those of the training never count as drift") {
    for (Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
        const TrainedCodec trained = trained_on(rows_along(0, 2000, 1, 1), metric);
        DriftMonitor monitor(trained.codec);
        CHECK(monitor.reading().rows == 0);
        observe_all(monitor, rows_along(0, 5000, 1, 2));
        CHECK(monitor.reading().rows == 5000);
        CHECK_FALSE(monitor.reading().drifted);
    }
}

TEST_CASE("drift: rows in other directions are noticed, and forgotten when they stop") {
    const TrainedCodec trained = trained_on(rows_along(0, 2000, 1, 1), Metric::kL2);
    DriftMonitor monitor(trained.codec);
    observe_all(monitor, rows_along(0, 2000, 1, 3));
    observe_all(monitor, rows_along(50, 1000, 1, 4));
    CHECK(monitor.reading().drifted);
    observe_all(monitor, rows_along(0, 8000, 1, 5));
    CHECK_FALSE(monitor.reading().drifted);
}

TEST_CASE("drift: rows of another scale are noticed where the metric sees the scale") {
    const std::vector<float> larger = rows_along(0, 1000, 8, 6);
    for (Metric metric : {Metric::kL2, Metric::kDot}) {
        const TrainedCodec trained = trained_on(rows_along(0, 2000, 1, 1), metric);
        DriftMonitor monitor(trained.codec);
        observe_all(monitor, larger);
        CHECK(monitor.reading().drifted);
    }
    const TrainedCodec trained = trained_on(rows_along(0, 2000, 1, 1), Metric::kCosine);
    DriftMonitor monitor(trained.codec);
    observe_all(monitor, larger);
    CHECK_FALSE(monitor.reading().drifted);
}

TEST_CASE("drift: a few rows are no drift") {
    const TrainedCodec trained = trained_on(rows_along(0, 2000, 1, 1), Metric::kL2);
    DriftMonitor monitor(trained.codec);
    observe_all(monitor, rows_along(50, 200, 1, 4));
    CHECK_FALSE(monitor.reading().drifted);
}
