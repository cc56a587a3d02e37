// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "base/random.h"
#include "index/codec/train.h"
#include "index/kernels/convert.h"
#include "index/kernels/distance.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

// Rows around random centres on a random linear image of a small space, in any element type.
struct Rows {
    Element element;
    uint32_t dim;
    size_t count;
    std::vector<std::byte> bytes;

    [[nodiscard]] size_t row_bytes() const { return bytes_of(element, dim); }
    [[nodiscard]] VectorView row(size_t i) const {
        return {element, dim, bytes.data() + i * row_bytes()};
    }
    [[nodiscard]] TrainingTable table(Metric metric, size_t rows) const {
        return {element, metric, dim, bytes.data(), row_bytes(), rows};
    }
};

Rows clustered_rows(Element element, uint32_t dim, size_t count, uint64_t seed) {
    Random random(seed);
    constexpr size_t kLatent = 8, kCentres = 30;
    std::vector<double> map(kLatent * dim), centres(kCentres * kLatent);
    for (double& value : map)
        value = random.normal();
    for (double& value : centres)
        value = random.normal() * 2;
    Rows rows{element, dim, count, {}};
    rows.bytes.resize(count * rows.row_bytes());
    std::vector<float> row(dim);
    for (size_t i = 0; i < count; ++i) {
        const size_t centre = random.below(kCentres);
        double latent[kLatent];
        for (size_t l = 0; l < kLatent; ++l)
            latent[l] = centres[centre * kLatent + l] + random.normal() * 0.7;
        for (uint32_t j = 0; j < dim; ++j) {
            double value = random.normal() * 0.1;
            for (size_t l = 0; l < kLatent; ++l)
                value += latent[l] * map[l * dim + j];
            row[j] = static_cast<float>(value * 6);
            if (element == Element::kU8)
                row[j] += 120;
        }
        from_f32(row.data(), dim, element, rows.bytes.data() + i * rows.row_bytes());
    }
    return rows;
}

// The share of the ten nearest of `queries` last rows among the first rows that the codes rank in
// the first `depth`.
double recall_of(const Codec& codec, const Rows& rows, size_t queries, size_t depth) {
    const Distance distance = Distance::make(rows.element, codec.metric(), rows.dim).value();
    const size_t base = rows.count - queries, record_bytes = codec.shape().record_bytes;
    AlignedFloats storage = AlignedFloats::zeros(base * record_bytes / 4).value();
    auto* records = reinterpret_cast<uint8_t*>(storage.data());
    codec.encode_rows(rows.bytes.data(), rows.row_bytes(), base, records);
    std::vector<float> exact(base);
    std::vector<int32_t> coded(base);
    std::vector<uint32_t> order(base);
    size_t found = 0;
    QueryCode query;
    for (size_t q = base; q < rows.count; ++q) {
        distance.to_rows(rows.row(q).data, rows.bytes.data(), rows.row_bytes(), base, exact.data());
        codec.prepare(rows.row(q), query);
        for (size_t i = 0; i < base; ++i)
            coded[i] = code_distance(codec.shape(), records + i * record_bytes, query.values);
        std::vector<float> sorted = exact;
        std::nth_element(sorted.begin(), sorted.begin() + 9, sorted.end());
        std::iota(order.begin(), order.end(), 0u);
        std::stable_sort(order.begin(), order.end(),
                         [&](uint32_t a, uint32_t b) { return coded[a] < coded[b]; });
        size_t near = 0;
        for (size_t i = 0; i < depth; ++i)
            near += exact[order[i]] <= sorted[9];
        found += std::min<size_t>(near, 10);
    }
    return static_cast<double>(found) / static_cast<double>(10 * queries);
}

} // namespace

TEST_CASE("codec: the automatic choice finds the nearest under every element and metric") {
    const uint64_t seed = 7;
    CAPTURE(seed);
    for (Element element : {Element::kF32, Element::kF16, Element::kBf16, Element::kI8,
                            Element::kU8, Element::kBit}) {
        const Rows rows = clustered_rows(element, 96, 3050, seed);
        for (Metric metric :
             {Metric::kL2, Metric::kCosine, Metric::kDot, Metric::kHamming, Metric::kJaccard}) {
            if (!fits(element, metric))
                continue;
            const TrainedCodec trained =
                train_codec(rows.table(metric, 3000), TrainOptions{}).value();
            CAPTURE(static_cast<int>(element));
            CAPTURE(static_cast<int>(metric));
            CAPTURE(trained.codec.shape().record_bytes);
            CAPTURE(trained.codec.shape().bits);
            CHECK(recall_of(trained.codec, rows, 50, 40) >= 0.97);
        }
    }
}

TEST_CASE("codec: a forced kind and shape is what comes out, or an error") {
    const Rows rows = clustered_rows(Element::kF32, 100, 1000, 3);
    for (CodeShape shape : {CodeShape{64, 8}, CodeShape{64, 4}, CodeShape{128, 8},
                            CodeShape{192, 8}, CodeShape{320, 4}}) {
        TrainOptions options;
        options.shape = shape;
        options.kind = CodecKind::kLearned;
        const TrainedCodec trained = train_codec(rows.table(Metric::kL2, 1000), options).value();
        CHECK(trained.codec.shape() == shape);
        CHECK(trained.trials.size() == 1);
    }
    TrainOptions plain;
    plain.kind = CodecKind::kPlain;
    plain.shape = CodeShape{64, 8};
    CHECK(train_codec(rows.table(Metric::kL2, 1000), plain).error().code == Code::kEINVAL);
    plain.shape = CodeShape{128, 8};
    const TrainedCodec trained = train_codec(rows.table(Metric::kL2, 1000), plain).value();
    CHECK(trained.codec.parameters().kind == CodecKind::kPlain);
    CHECK(trained.codec.parameters().matrix.size() == 0);
}

TEST_CASE("codec: the same rows and seed give the same codec") {
    const Rows rows = clustered_rows(Element::kF32, 70, 1000, 5);
    const TrainedCodec a = train_codec(rows.table(Metric::kCosine, 1000), {}).value();
    const TrainedCodec b = train_codec(rows.table(Metric::kCosine, 1000), {}).value();
    const CodecParameters &x = a.codec.parameters(), &y = b.codec.parameters();
    CHECK(std::ranges::equal(x.matrix.view(), y.matrix.view()));
    CHECK(x.step == y.step);
    CHECK(x.shape == y.shape);
}
