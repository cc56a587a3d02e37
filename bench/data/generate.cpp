// SPDX-License-Identifier: Apache-2.0
//
// Generates clustered sets and filter masks.
//
// Threads: pure.
#include "bench/data/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "base/assert.h"
#include "base/random.h"

namespace vexfs {
namespace {

// The spread of a cluster against that of the centres: clusters touch, they are no islands.
constexpr double kClusterSpread = 0.4;
constexpr double kLognormalSigma = 1.0;
constexpr float kLeak = 0.1F;

std::vector<float> normals(Random& random, size_t count, double scale) {
    std::vector<float> out(count);
    for (float& value : out)
        value = static_cast<float>(random.normal() * scale);
    return out;
}

// out += matrix * in, with the matrix stored column after column.
void multiply_add(std::span<const float> matrix, std::span<const float> in, std::span<float> out) {
    for (size_t column = 0; column < in.size(); ++column) {
        const float factor = in[column];
        const float* from = matrix.data() + column * out.size();
        for (size_t row = 0; row < out.size(); ++row)
            out[row] += from[row] * factor;
    }
}

class ClusteredSource {
  public:
    ClusteredSource(const ClusteredShape& shape, Random& random)
        : shape_(shape), hidden_dim_(2 * std::max(shape.latent_dim, 32U)),
          centres_(normals(random, size_t{shape.clusters} * shape.latent_dim, 1)),
          first_layer_(normals(random, size_t{shape.latent_dim} * hidden_dim_,
                               1 / std::sqrt(double(shape.latent_dim)))),
          first_bias_(normals(random, hidden_dim_, 0.5)),
          second_layer_(normals(random, size_t{hidden_dim_} * shape.dim,
                                1 / std::sqrt(double(hidden_dim_)))) {
        double sum = 0;
        for (uint32_t i = 0; i < shape.clusters; ++i) {
            sum += std::exp(random.normal() * kLognormalSigma);
            cumulative_weight_.push_back(sum);
        }
    }

    void draw(Random& random, std::span<float> out) {
        const double pick = random.unit() * cumulative_weight_.back();
        const auto found =
            std::upper_bound(cumulative_weight_.begin(), cumulative_weight_.end(), pick);
        const size_t cluster = std::min<size_t>(
            static_cast<size_t>(found - cumulative_weight_.begin()), shape_.clusters - 1);
        latent_.assign(shape_.latent_dim, 0);
        for (size_t j = 0; j < shape_.latent_dim; ++j)
            latent_[j] = centres_[cluster * shape_.latent_dim + j] +
                         static_cast<float>(random.normal() * kClusterSpread);
        hidden_ = first_bias_;
        multiply_add(first_layer_, latent_, hidden_);
        for (float& value : hidden_)
            value = value < 0 ? value * kLeak : value;
        std::fill(out.begin(), out.end(), 0.0F);
        multiply_add(second_layer_, hidden_, out);
        finish(random, out);
    }

  private:
    void finish(Random& random, std::span<float> out) const {
        const double square = std::inner_product(out.begin(), out.end(), out.begin(), 0.0);
        const double noise =
            shape_.noise_percent / 100 * std::sqrt(square / static_cast<double>(out.size()));
        double noisy_square = 0;
        for (float& value : out) {
            value += static_cast<float>(random.normal() * noise);
            noisy_square += double{value} * value;
        }
        if (!shape_.normalised || noisy_square == 0)
            return;
        const auto scale = static_cast<float>(1 / std::sqrt(noisy_square));
        for (float& value : out)
            value *= scale;
    }

    const ClusteredShape& shape_;
    uint32_t hidden_dim_;
    std::vector<float> centres_;
    std::vector<float> first_layer_;
    std::vector<float> first_bias_;
    std::vector<float> second_layer_;
    std::vector<double> cumulative_weight_;
    std::vector<float> latent_;
    std::vector<float> hidden_;
};

Matrix draw_matrix(ClusteredSource& source, Random random, uint32_t rows, uint32_t dim) {
    Matrix matrix;
    matrix.dim = dim;
    matrix.rows = rows;
    matrix.bytes.resize(rows * matrix.row_bytes());
    std::vector<float> row(dim);
    for (size_t i = 0; i < rows; ++i) {
        source.draw(random, row);
        std::copy_n(std::as_bytes(std::span(row)).data(), matrix.row_bytes(),
                    matrix.bytes.data() + i * matrix.row_bytes());
    }
    return matrix;
}

uint32_t allowed_count(size_t rows, double percent) {
    const double wanted = std::round(static_cast<double>(rows) * percent / 100);
    return static_cast<uint32_t>(std::clamp(wanted, 1.0, static_cast<double>(rows)));
}

std::vector<double> projections(const Matrix& matrix, std::span<const float> direction) {
    std::vector<double> out(matrix.rows);
    std::vector<float> row(matrix.dim);
    for (size_t i = 0; i < matrix.rows; ++i) {
        matrix.to_floats(i, row);
        out[i] = std::inner_product(row.begin(), row.end(), direction.begin(), 0.0);
    }
    return out;
}

} // namespace

VectorSet generate_clustered(const ClusteredShape& shape) {
    VEXFS_ASSERT(shape.latent_dim >= 1 && shape.dim >= 1 && shape.dim <= index::kMaxDim);
    VEXFS_ASSERT(shape.clusters >= 1 && shape.rows >= 1 && shape.queries >= 1);
    Random random(shape.seed);
    ClusteredSource source(shape, random);
    Random base_random = random.fork();
    Random query_random = random.fork();
    return {draw_matrix(source, base_random, shape.rows, shape.dim),
            draw_matrix(source, query_random, shape.queries, shape.dim)};
}

DrawnFilter random_filter(const VectorSet& set, double percent, uint64_t seed) {
    const auto rows = static_cast<uint32_t>(set.base.rows);
    std::vector<uint32_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    Random random(seed);
    random.shuffle(std::span(order));
    DrawnFilter filter{index::Bitmap(rows), std::vector<uint32_t>(set.queries.rows)};
    for (uint32_t i = 0; i < allowed_count(rows, percent); ++i)
        filter.allowed.add(order[i]);
    std::iota(filter.queries.begin(), filter.queries.end(), 0);
    return filter;
}

DrawnFilter opposed_filter(const VectorSet& set, double percent, uint64_t seed) {
    const auto rows = static_cast<uint32_t>(set.base.rows);
    Random random(seed);
    std::vector<float> from(set.base.dim);
    std::vector<float> direction(set.base.dim);
    set.base.to_floats(random.below(rows), from);
    set.base.to_floats(random.below(rows), direction);
    for (size_t j = 0; j < direction.size(); ++j)
        direction[j] -= from[j];

    const std::vector<double> along = projections(set.base, direction);
    std::vector<uint32_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&along](uint32_t a, uint32_t b) {
        return along[a] != along[b] ? along[a] > along[b] : a < b;
    });
    DrawnFilter filter{index::Bitmap(rows), {}};
    for (uint32_t i = 0; i < allowed_count(rows, percent); ++i)
        filter.allowed.add(order[i]);

    const std::vector<double> query_along = projections(set.queries, direction);
    std::vector<double> sorted = query_along;
    std::sort(sorted.begin(), sorted.end());
    const double median = sorted[sorted.size() / 2];
    for (uint32_t q = 0; q < query_along.size(); ++q) {
        if (query_along[q] <= median)
            filter.queries.push_back(q);
    }
    return filter;
}

} // namespace vexfs
