// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "index/codec/format.h"
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

TEST_CASE("codec: records and queries are the same bits on every instruction set") {
    for (Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
        for (CodeShape shape : {CodeShape{64, 8}, CodeShape{64, 4}, CodeShape{192, 8},
                                CodeShape{128, 1}, CodeShape{256, 16}}) {
            if (metric == Metric::kDot && shape.bits == 1)
                continue;
            const Rows rows = clustered_rows(Element::kF16, 77, 300, 9);
            TrainOptions options;
            options.shape = shape;
            options.kind = CodecKind::kLearned;
            const TrainedCodec trained = train_codec(rows.table(metric, 300), options).value();
            const std::vector<std::byte> bytes = codec_bytes(trained.codec.parameters());
            const Codec scalar = Codec::make(parse_codec(bytes).value(), Isa::kScalar).value();
            for (Isa isa : kAllIsas) {
                if (!is_supported(isa))
                    continue;
                const Codec other = Codec::make(parse_codec(bytes).value(), isa).value();
                for (size_t i = 0; i < rows.count; ++i) {
                    alignas(64) uint8_t a[kCodecRecordBytesMax], b[kCodecRecordBytesMax];
                    QueryCode p, q;
                    scalar.encode(rows.row(i), a);
                    other.encode(rows.row(i), b);
                    scalar.prepare(rows.row(i), p);
                    other.prepare(rows.row(i), q);
                    REQUIRE(std::memcmp(a, b, shape.record_bytes) == 0);
                    REQUIRE(std::memcmp(p.values, q.values, code_query_bytes(shape)) == 0);
                }
            }
        }
    }
}

TEST_CASE("codec: code distances are those of the metric, up to a constant of the query") {
    for (CodeShape shape : {CodeShape{128, 8}, CodeShape{128, 4}, CodeShape{128, 16}}) {
        for (Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
            const Rows rows = clustered_rows(Element::kF32, 40, 600, 21);
            TrainOptions options;
            options.shape = shape;
            options.kind = CodecKind::kLearned;
            const TrainedCodec trained = train_codec(rows.table(metric, 600), options).value();
            const Distance distance = Distance::make(Element::kF32, metric, 40).value();
            // Least squares of the exact distance over the code distance: what is left must be
            // small.
            double sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
            QueryCode query;
            trained.codec.prepare(rows.row(0), query);
            for (size_t i = 1; i < rows.count; ++i) {
                alignas(64) uint8_t record[128];
                trained.codec.encode(rows.row(i), record);
                const double x = code_distance(shape, record, query.values);
                const double y = distance.between(rows.row(0).data, rows.row(i).data);
                sx += x, sy += y, sxx += x * x, sxy += x * y, syy += y * y;
            }
            const double n = static_cast<double>(rows.count - 1);
            const double covariance = sxy - sx * sy / n;
            const double slope = covariance / (sxx - sx * sx / n);
            const double correlation =
                covariance / std::sqrt((sxx - sx * sx / n) * (syy - sy * sy / n));
            CAPTURE(static_cast<int>(metric));
            CAPTURE(shape.bits);
            CHECK(correlation > 0.995);
            // l2 is twice what a code counts; a query under dot has a step of its own.
            const double unit = static_cast<double>(trained.codec.step()) *
                                trained.codec.query_step() * (metric == Metric::kL2 ? 2 : 1);
            if (metric != Metric::kDot)
                CHECK(slope / unit == doctest::Approx(1).epsilon(0.03));
        }
    }
}

TEST_CASE("codec: plain bits have the distances of hamming") {
    const Rows rows = clustered_rows(Element::kBit, 300, 700, 23);
    TrainOptions options;
    options.bits = 1;
    const TrainedCodec trained = train_codec(rows.table(Metric::kHamming, 600), options).value();
    REQUIRE(trained.codec.parameters().kind == CodecKind::kPlain);
    REQUIRE(trained.codec.shape() == CodeShape{64, 1});
    CHECK(trained.codec.quality().sample_recall == 1);
    const Distance distance = Distance::make(Element::kBit, Metric::kHamming, 300).value();
    QueryCode query;
    trained.codec.prepare(rows.row(0), query);
    alignas(64) uint8_t record[64];
    const auto coded = [&](size_t row) {
        trained.codec.encode(rows.row(row), record);
        return code_distance({64, 1}, record, query.values);
    };
    const int32_t itself = coded(0);
    for (size_t i = 1; i < rows.count; ++i) {
        const float exact = distance.between(rows.row(0).data, rows.row(i).data);
        REQUIRE(static_cast<float>(coded(i) - itself) == 32 * exact);
    }
    // Under jaccard they are scaled, so that no value lies between the two.
    const TrainedCodec jaccard = train_codec(rows.table(Metric::kJaccard, 600), options).value();
    CHECK(jaccard.codec.parameters().kind == CodecKind::kLearned);
}

TEST_CASE("codec: learned bits are tried where the spectrum is flat, or when they are asked for") {
    const auto tried = [](const TrainedCodec& trained) {
        return std::ranges::any_of(trained.trials,
                                   [](const CodecTrial& trial) { return trial.shape.bits == 1; });
    };
    Random random(24);
    Rows flat{Element::kF32, 600, 1200, {}};
    std::vector<float> values(flat.count * flat.dim);
    for (float& value : values)
        value = static_cast<float>(random.normal());
    const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
    flat.bytes.assign(bytes.begin(), bytes.end());
    TrainOptions options;
    options.recall_wanted = 0.5; // no more trials than these have to be
    CHECK(tried(train_codec(flat.table(Metric::kL2, 1200), options).value()));
    const Rows steep = clustered_rows(Element::kF32, 100, 1200, 25);
    CHECK_FALSE(tried(train_codec(steep.table(Metric::kL2, 1200), {}).value()));
    options = {};
    options.bits = 1;
    for (const size_t rows : {size_t{1100}, size_t{200}}) {
        const TrainedCodec asked = train_codec(steep.table(Metric::kL2, rows), options).value();
        CHECK(asked.codec.shape().bits == 1);
        CHECK(asked.codec.parameters().kind == CodecKind::kLearned);
        CHECK(recall_of(asked.codec, steep, 50, 40) >= 0.95);
    }
    CHECK(train_codec(steep.table(Metric::kDot, 1100), options).error().code == Code::kEINVAL);
    options.shape = CodeShape{512, 1};
    CHECK(train_codec(steep.table(Metric::kL2, 1100), options).error().code == Code::kEINVAL);
}

TEST_CASE("codec: halves are chosen where sizes differ by orders of magnitude, or when asked for") {
    // Clusters of every size around one point: a step that suits the largest hides the smallest.
    Random random(26);
    Rows rows{Element::kF32, 48, 3050, {}};
    std::vector<float> values(rows.count * rows.dim);
    for (size_t i = 0; i < rows.count; ++i) {
        const double size = std::pow(10, 3 * random.unit());
        for (uint32_t j = 0; j < rows.dim; ++j)
            values[i * rows.dim + j] = static_cast<float>(random.normal() * size);
    }
    const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
    rows.bytes.assign(bytes.begin(), bytes.end());
    const TrainedCodec chosen = train_codec(rows.table(Metric::kL2, 3000), {}).value();
    CHECK(chosen.codec.shape() == CodeShape{128, 16});
    CHECK(chosen.codec.parameters().kind == CodecKind::kPlain);
    CHECK(recall_of(chosen.codec, rows, 50, 14) >= 0.99);
    for (const CodecTrial& trial : chosen.trials)
        CHECK((trial.shape.bits == 16) == (trial.quality.sample_recall >= 0.95F));
    TrainOptions options;
    options.bits = 8;
    const TrainedCodec bytes_only = train_codec(rows.table(Metric::kL2, 3000), options).value();
    CHECK(recall_of(bytes_only.codec, rows, 50, 40) < 0.95);

    // A few rows far beyond all others do not take the others' digits.
    Rows outliers = clustered_rows(Element::kF32, 48, 3050, 28);
    for (size_t i = 0; i < outliers.count; i += 500) {
        const float far = 1e5F;
        std::memcpy(outliers.bytes.data() + i * outliers.row_bytes(), &far, sizeof far);
    }
    options.bits = 16;
    CHECK(recall_of(train_codec(outliers.table(Metric::kL2, 3000), options).value().codec, outliers,
                    50, 14) >= 0.98);

    for (const Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
        for (const uint32_t dim : {3U, 62U, 63U, 600U}) {
            for (const size_t count : {size_t{1100}, size_t{200}}) {
                CAPTURE(static_cast<int>(metric));
                CAPTURE(dim);
                const Rows usual = clustered_rows(Element::kF32, dim, 1150, 27);
                const TrainedCodec asked = train_codec(usual.table(metric, count), options).value();
                CHECK(asked.codec.shape().bits == 16);
                CHECK(asked.codec.shape().record_bytes % 128 == 0);
                CHECK((asked.codec.parameters().kind == CodecKind::kLearned) == (dim > 510));
                // A length is rounded, too, and under dot it counts as much as the direction.
                CHECK(recall_of(asked.codec, usual, 50, 14) >=
                      (metric == Metric::kDot ? 0.97 : 0.99));
            }
        }
    }
    const Rows steep = clustered_rows(Element::kF32, 100, 1200, 25);
    for (const CodecTrial& trial : train_codec(steep.table(Metric::kL2, 1200), {}).value().trials)
        CHECK(trial.shape.bits != 16);
}

TEST_CASE("codec: a zero row under cosine is at distance 1 from every query") {
    Rows rows = clustered_rows(Element::kF32, 32, 500, 22);
    std::fill_n(rows.bytes.data() + 3 * rows.row_bytes(), rows.row_bytes(), std::byte{0});
    TrainOptions options;
    SUBCASE("8 bits") {
        options.bits = 8;
    }
    SUBCASE("16 bits") {
        options.bits = 16;
    }
    const TrainedCodec trained = train_codec(rows.table(Metric::kCosine, 500), options).value();
    const CodeShape shape = trained.codec.shape();
    const double unit = static_cast<double>(trained.codec.step()) * trained.codec.query_step();
    const Distance distance = Distance::make(Element::kF32, Metric::kCosine, 32).value();
    alignas(64) uint8_t zero[kCodecRecordBytesMax], other[kCodecRecordBytesMax];
    trained.codec.encode(rows.row(3), zero);
    for (size_t q = 10; q < 60; ++q) {
        QueryCode query;
        trained.codec.prepare(rows.row(q), query);
        trained.codec.encode(rows.row(q + 100), other);
        const double gap = unit * (code_distance(shape, zero, query.values) -
                                   code_distance(shape, other, query.values));
        const double exact = 1 - distance.between(rows.row(q).data, rows.row(q + 100).data);
        CHECK(gap == doctest::Approx(exact).epsilon(0.05).scale(1));
    }
    QueryCode query;
    trained.codec.prepare(rows.row(3), query);
    CHECK(query.generation == trained.codec.generation());
}

TEST_CASE("codec: rows that are far longer than the training rows stay first under dot") {
    Rows rows = clustered_rows(Element::kF32, 48, 1000, 23);
    const TrainedCodec trained = train_codec(rows.table(Metric::kDot, 1000), {}).value();
    std::vector<float> long_row(48);
    to_f32(rows.row(5), long_row.data());
    for (float& value : long_row)
        value *= 3;
    const VectorView view{Element::kF32, 48, std::as_bytes(std::span(long_row)).data()};
    CHECK(trained.codec.loss_of(view).beyond_norm);
    CHECK_FALSE(trained.codec.loss_of(rows.row(6)).beyond_norm);
    QueryCode query;
    trained.codec.prepare(rows.row(5), query);
    alignas(64) uint8_t record[kCodecRecordBytesMax];
    const CodeShape shape = trained.codec.shape();
    trained.codec.encode(view, record);
    const int32_t nearest = code_distance(shape, record, query.values);
    for (size_t i = 0; i < rows.count; ++i) {
        trained.codec.encode(rows.row(i), record);
        CHECK(nearest < code_distance(shape, record, query.values));
    }
}

namespace {

struct DegenerateRows {
    const char* name;
    uint32_t dim;
    size_t count;
    float (*value)(size_t row, uint32_t j);
};
const DegenerateRows kDegenerateRows[] = {
    {"one row", 10, 1,
     [](size_t, uint32_t j) {
         return static_cast<float>(j);
     }},
    {"all rows equal", 30, 700,
     [](size_t, uint32_t) {
         return 0.25f;
     }},
    {"all zero", 30, 700,
     [](size_t, uint32_t) {
         return 0.0f;
     }},
    {"one dimension", 1, 700,
     [](size_t i, uint32_t) {
         return static_cast<float>(i);
     }},
    {"one dimension varies", 200, 700,
     [](size_t i, uint32_t j) {
         return j == 7 ? static_cast<float>(i) : 5.0f;
     }},
    {"two values", 20, 700,
     [](size_t i, uint32_t) {
         return i % 2 == 0 ? 1.0f : -1.0f;
     }},
    {"huge", 20, 700,
     [](size_t i, uint32_t j) {
         return i * 7 % 11 == j ? 3e38f : -3e38f;
     }},
    {"tiny", 20, 700,
     [](size_t i, uint32_t j) {
         return i * 7 % 11 == j ? 1e-40f : 0.0f;
     }},
    {"fewer rows than dimensions", 500, 50,
     [](size_t i, uint32_t j) {
         return static_cast<float>((i * 31 + j * 17) % 101);
     }},
};

} // namespace

TEST_CASE("codec: degenerate rows train, encode and rank without a crash") {
    for (const DegenerateRows& degenerate : kDegenerateRows) {
        CAPTURE(std::string(degenerate.name));
        Rows rows{Element::kF32, degenerate.dim, degenerate.count, {}};
        std::vector<float> values;
        for (size_t i = 0; i < rows.count; ++i) {
            for (uint32_t j = 0; j < rows.dim; ++j)
                values.push_back(degenerate.value(i, j));
        }
        const Bytes bytes = std::as_bytes(std::span(values));
        rows.bytes.assign(bytes.begin(), bytes.end());
        for (Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
            CAPTURE(static_cast<int>(metric));
            const Result<TrainedCodec> trained = train_codec(rows.table(metric, rows.count), {});
            REQUIRE(trained.has_value());
            const Codec& codec = trained->codec;
            alignas(64) uint8_t record[kCodecRecordBytesMax];
            QueryCode query;
            for (size_t i = 0; i < rows.count; ++i)
                codec.encode(rows.row(i), record);
            codec.prepare(rows.row(0), query);
            code_distance(codec.shape(), record, query.values);
            CHECK(validate(codec.parameters()).has_value());
            CHECK(parse_codec(codec_bytes(codec.parameters())).has_value());
        }
    }
}

TEST_CASE("codec: three rows of the largest dimension are kept apart") {
    const Rows rows = clustered_rows(Element::kI8, kMaxDim, 3, 31);
    TrainOptions options;
    options.shape = CodeShape{64, 8};
    const TrainedCodec trained = train_codec(rows.table(Metric::kL2, 3), options).value();
    alignas(64) uint8_t records[3][64];
    QueryCode query;
    for (size_t i = 0; i < 3; ++i)
        trained.codec.encode(rows.row(i), records[i]);
    for (size_t i = 0; i < 3; ++i) {
        trained.codec.prepare(rows.row(i), query);
        const CodeShape shape = trained.codec.shape();
        const int32_t own = code_distance(shape, records[i], query.values);
        CHECK(own < code_distance(shape, records[(i + 1) % 3], query.values));
        CHECK(own < code_distance(shape, records[(i + 2) % 3], query.values));
    }
}

TEST_CASE("codec: rows it cannot learn from are refused") {
    std::vector<float> values(600 * 4, 1.0f);
    TrainingTable table{
        Element::kF32, Metric::kL2, 4, std::as_bytes(std::span(values)).data(), 16, 600};
    CHECK(train_codec(table, {}).has_value());
    values[77] = std::numeric_limits<float>::quiet_NaN();
    CHECK(train_codec(table, {}).error().code == Code::kEINVAL);
    values[77] = std::numeric_limits<float>::infinity();
    CHECK(train_codec(table, {}).error().code == Code::kEINVAL);
    values[77] = 1;
    table.count = 0;
    CHECK(train_codec(table, {}).error().code == Code::kEINVAL);
    table.count = 600;
    table.metric = Metric::kHamming;
    CHECK(train_codec(table, {}).error().code == Code::kEINVAL);
    table.metric = Metric::kL2;
    table.dim = 0;
    CHECK(train_codec(table, {}).error().code == Code::kEINVAL);
}

TEST_CASE("codec: memory is that of mean and matrix") {
    const Rows rows = clustered_rows(Element::kF32, 100, 100, 3);
    TrainOptions options;
    options.shape = CodeShape{64, 4};
    options.kind = CodecKind::kLearned;
    const TrainedCodec trained = train_codec(rows.table(Metric::kL2, 100), options).value();
    CHECK(trained.codec.memory_bytes() == sizeof(Codec) + 448 + 100 * 128 * 4);
}
