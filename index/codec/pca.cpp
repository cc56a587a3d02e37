// SPDX-License-Identifier: Apache-2.0
#include "index/codec/pca.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include "base/assert.h"
#include "base/random.h"

namespace vexfs::index {
namespace {

using Matrix = Eigen::MatrixXf;
using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::Index;

// Up to here the whole spectrum is computed; beyond, only the directions that are asked for.
constexpr Index kWholeSpectrumMax = 1024;
constexpr Index kExtraDirections = 32;
constexpr int kPowerSteps = 6;
// A direction with less than this share of the first one's variance is rounding noise.
constexpr float kNoiseShare = 1e-7f;

Matrix random_matrix(Index rows, Index columns, uint64_t seed) {
    Random random(seed);
    Matrix matrix(rows, columns);
    for (Index j = 0; j < columns; ++j) {
        for (Index i = 0; i < rows; ++i)
            matrix(i, j) = static_cast<float>(random.normal());
    }
    return matrix;
}

Matrix orthonormal_columns(const Matrix& matrix) {
    const Eigen::HouseholderQR<Matrix> qr(matrix);
    return qr.householderQ() * Matrix::Identity(matrix.rows(), matrix.cols());
}

std::vector<double> mean_of(FloatRows rows) {
    std::vector<double> mean(rows.dim, 0.0);
    for (size_t i = 0; i < rows.count; ++i) {
        for (size_t j = 0; j < rows.dim; ++j)
            mean[j] += rows.row(i)[j];
    }
    for (double& value : mean)
        value /= static_cast<double>(rows.count);
    return mean;
}

// The centred rows over their largest magnitude, which is returned; 0 if the rows are all equal.
double centred(FloatRows rows, const std::vector<double>& mean, Matrix& out) {
    const Index count = static_cast<Index>(rows.count), dim = static_cast<Index>(rows.dim);
    double largest = 0;
    for (size_t i = 0; i < rows.count; ++i) {
        for (size_t j = 0; j < rows.dim; ++j)
            largest = std::max(largest, std::fabs(rows.row(i)[j] - mean[j]));
    }
    if (!(largest > 1e-30))
        return 0;
    out.resize(count, dim);
    for (Index i = 0; i < count; ++i) {
        const float* row = rows.row(static_cast<size_t>(i));
        for (Index j = 0; j < dim; ++j)
            out(i, j) = static_cast<float>((row[j] - mean[static_cast<size_t>(j)]) / largest);
    }
    return largest;
}

// The eigenvectors of X^T X / n with the largest eigenvalues, largest first, in the columns of
// `vectors`.
bool all_eigenvectors(const Matrix& rows, Matrix& vectors, Eigen::VectorXf& values) {
    const bool wide = rows.cols() > rows.rows();
    Matrix gram =
        Matrix::Zero(std::min(rows.rows(), rows.cols()), std::min(rows.rows(), rows.cols()));
    if (wide)
        gram.selfadjointView<Eigen::Lower>().rankUpdate(rows);
    else
        gram.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(gram / static_cast<float>(rows.rows()));
    if (solver.info() != Eigen::Success)
        return false;
    values = solver.eigenvalues().reverse();
    vectors = solver.eigenvectors().rowwise().reverse();
    if (wide) {
        Index kept = 0;
        while (kept < values.size() && values(kept) > kNoiseShare * values(0))
            ++kept;
        values.conservativeResize(kept);
        vectors = orthonormal_columns(rows.transpose() * vectors.leftCols(kept));
    }
    return true;
}

// The same for the first `wanted` ones, by subspace iteration.
bool first_eigenvectors(const Matrix& rows, Index wanted, uint64_t seed, Matrix& vectors,
                        Eigen::VectorXf& values) {
    const Index dim = rows.cols(), width = std::min(dim, wanted + kExtraDirections);
    Matrix covariance = Matrix::Zero(dim, dim);
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    covariance.triangularView<Eigen::StrictlyUpper>() = covariance.transpose();
    covariance /= static_cast<float>(rows.rows());
    Matrix basis = random_matrix(dim, width, seed);
    for (int step = 0; step < kPowerSteps; ++step)
        basis = orthonormal_columns(covariance * basis);
    const Matrix small = basis.transpose() * (covariance * basis);
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(small);
    if (solver.info() != Eigen::Success)
        return false;
    values = solver.eigenvalues().reverse();
    vectors = basis * solver.eigenvectors().rowwise().reverse();
    return true;
}

void fill(LinearMap& map, const Matrix& vectors, const Eigen::VectorXf& values, double scale,
          size_t directions_max) {
    const Index kept = std::min<Index>(values.size(), static_cast<Index>(directions_max));
    for (Index i = 0; i < kept; ++i) {
        if (!(values(i) > kNoiseShare * values(0)))
            break;
        map.variances.push_back(values(i) * scale * scale);
        for (Index j = 0; j < vectors.rows(); ++j)
            map.directions.push_back(vectors(j, i));
    }
}

} // namespace

Result<LinearMap> PcaTrainer::learn(FloatRows rows, size_t directions_max, uint64_t seed) const {
    VEXFS_ASSERT(rows.count > 0 && rows.dim > 0);
    LinearMap map;
    const std::vector<double> mean = mean_of(rows);
    map.mean.assign(mean.begin(), mean.end());
    Matrix scaled;
    const double scale = centred(rows, mean, scaled);
    if (scale == 0 || directions_max == 0)
        return map;
    map.total_variance =
        scaled.cast<double>().squaredNorm() * scale * scale / static_cast<double>(rows.count);
    Matrix vectors;
    Eigen::VectorXf values;
    const Index wanted = static_cast<Index>(std::min(directions_max, rows.dim));
    const bool whole = std::min(scaled.rows(), scaled.cols()) <= kWholeSpectrumMax;
    const bool found = whole ? all_eigenvectors(scaled, vectors, values)
                             : first_eigenvectors(scaled, wanted, seed, vectors, values);
    if (!found)
        return fail(Code::kEINVAL, "codec: the spectrum of the training rows");
    fill(map, vectors, values, scale, directions_max);
    return map;
}

void complete_directions(std::vector<float>& directions, size_t count, size_t wanted, size_t dim,
                         uint64_t seed) {
    VEXFS_ASSERT(count <= wanted && wanted <= dim && directions.size() == count * dim);
    if (count == wanted)
        return;
    const Index known = static_cast<Index>(count), rows = static_cast<Index>(dim);
    const Index missing = static_cast<Index>(wanted - count);
    const Eigen::Map<const Matrix> given(directions.data(), rows, known);
    Matrix extra = random_matrix(rows, missing, seed);
    if (known > 0)
        extra -= given * (given.transpose() * extra).eval();
    extra = orthonormal_columns(extra);
    directions.insert(directions.end(), extra.data(), extra.data() + extra.size());
}

std::vector<float> turn_directions(const std::vector<float>& directions, size_t count, size_t rows,
                                   size_t dim, uint64_t seed) {
    VEXFS_ASSERT(count <= rows && directions.size() >= count * dim);
    std::vector<float> turned(rows * dim, 0.0f);
    if (count == 0)
        return turned;
    const Matrix frame = orthonormal_columns(
        random_matrix(static_cast<Index>(rows), static_cast<Index>(count), seed));
    const Eigen::Map<const RowMatrix> given(directions.data(), static_cast<Index>(count),
                                            static_cast<Index>(dim));
    Eigen::Map<RowMatrix> out(turned.data(), static_cast<Index>(rows), static_cast<Index>(dim));
    out.noalias() = frame * given;
    return turned;
}

} // namespace vexfs::index
