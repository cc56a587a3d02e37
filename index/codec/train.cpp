// SPDX-License-Identifier: Apache-2.0
#include "index/codec/train.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/guard.h"
#include "index/codec/pca.h"
#include "index/codec/trial.h"

namespace vexfs::index {
namespace {

constexpr size_t kRowsMax = 16384;
// Beyond this dimension the spectrum is that of a small Gram matrix of rows.
constexpr size_t kWideDim = 4096;
constexpr size_t kWideRowsMax = 1024;
constexpr size_t kRowsMin = 64;
constexpr size_t kFloatsMax = size_t{1} << 25;
constexpr size_t kStepRows = 2048;
// One component in 5,000 is clamped.
constexpr double kClampQuantile = 0.9998;
// Steps of a uniform 16-level quantiser in standard deviations; the first is the best one for a
// normal variable.
constexpr double kNibbleSteps[] = {0.335, 0.38, 0.43, 0.49, 0.56};
constexpr uint32_t kRerankDepthDefault = 20;

// From the cheapest search to the dearest.
constexpr CodeShape kShapes[] = {{64, 8},  {64, 4},  {64, 1},   {128, 8}, {128, 4},
                                 {128, 1}, {192, 8}, {256, 8},  {256, 4}, {256, 1},
                                 {512, 8}, {512, 4}, {1024, 8}, {1024, 4}};
constexpr uint32_t kHalfUnit = 128; // bytes by which records of 16 bits grow
// Records of 16 bits are several times larger than the others and are tried only if of those none
// finds this share of the nearest.
constexpr float kTooCoarse = 0.95F;
constexpr size_t kDirectionsMax = 512;
// Learned single bits are tried where the directions that 64 bytes of nibbles hold have less than
// this share of the variance: many directions, each coarsely, may then say more than few finely.
constexpr double kFlatShare = 0.5;
constexpr CodeShape kNibbles{64, 4};

struct Candidate {
    CodecKind kind;
    CodeShape shape;
};

size_t rows_limit(size_t dim) {
    const size_t most = dim > kWideDim ? kWideRowsMax : kRowsMax;
    return std::clamp(kFloatsMax / dim, kRowsMin, most);
}

uint32_t norm_lanes_of(Metric metric, CodeShape shape) {
    return metric == Metric::kDot ? code_components(shape) / kComponentsPerNormLane : 0;
}

bool plain_fits(const TrainingTable& table, CodeShape shape) {
    const bool holds = shape.bits >= 8 || (shape.bits == 1 && table.metric == Metric::kHamming);
    return holds && table.dim + norm_lanes_of(table.metric, shape) <= code_components(shape);
}

// The rows as the metric sees them: floats, of length 1 where it only looks at the angle.
Result<std::vector<float>> embedded(const TrainingTable& table,
                                    const std::vector<uint32_t>& numbers) {
    const ProjectKernels& kernels = project_kernels(chosen_isa());
    const bool scaled = table.metric == Metric::kCosine || table.metric == Metric::kJaccard;
    std::vector<float> floats(numbers.size() * table.dim);
    for (size_t i = 0; i < numbers.size(); ++i) {
        const VectorView row = table.row(numbers[i]);
        double scale = 1;
        if (scaled) {
            const double length2 = kernels.norm2(row, 1, nullptr);
            scale = length2 > 0 ? std::min(1 / std::sqrt(length2), double{FLT_MAX}) : 0;
        }
        kernels.centre(row, static_cast<float>(scale), nullptr, floats.data() + i * table.dim);
    }
    for (float value : floats) {
        if (!std::isfinite(value))
            return fail(Code::kEINVAL, "codec: a training row is not finite");
    }
    return floats;
}

// Builds the parameters of candidates from one learned map.
// Threads: one thread.
class Assembler {
  public:
    Assembler(const TrainingTable& table, const TrainOptions& options, FloatRows rows,
              LinearMap map)
        : table_(table), options_(options), rows_(rows), map_(std::move(map)) {}

    Result<CodecParameters> assemble(Candidate candidate) {
        CodecParameters made;
        made.generation = options_.generation;
        made.element = table_.element;
        made.metric = table_.metric;
        made.dim = table_.dim;
        made.kind = candidate.kind;
        made.shape = candidate.shape;
        made.norm_lanes = norm_lanes_of(table_.metric, candidate.shape);
        made.mean = VEXFS_TRY(AlignedFloats::zeros(table_.dim));
        std::copy(map_.mean.begin(), map_.mean.end(), made.mean.data());
        // Halfway between the two values: a query then weighs all bits alike, and distances are
        // those of Hamming.
        if (candidate.kind == CodecKind::kPlain && candidate.shape.bits == 1)
            std::fill_n(made.mean.data(), table_.dim, 0.5F);
        made.quality.training_rows = static_cast<uint32_t>(rows_.count);
        made.quality.variance = static_cast<float>(std::min(map_.total_variance, double{FLT_MAX}));
        made.quality.rerank_depth = kRerankDepthDefault;
        if (candidate.kind == CodecKind::kLearned)
            VEXFS_TRY_VOID(set_matrix(made));
        set_scale(made);
        return made;
    }

    // The share of the variance that so many directions have.
    [[nodiscard]] double share_of(size_t directions) const {
        if (directions >= table_.dim || !(map_.total_variance > 0))
            return 1;
        const auto end =
            map_.variances.begin() + static_cast<ptrdiff_t>(std::min(directions, map_.count()));
        return std::accumulate(map_.variances.begin(), end, 0.0) / map_.total_variance;
    }

  private:
    Status set_matrix(CodecParameters& made) {
        const size_t dim = table_.dim, columns = code_lanes(made.shape);
        const size_t components = code_components(made.shape) - made.norm_lanes;
        const size_t used = std::min(dim, components);
        if (map_.directions.size() < used * dim)
            complete_directions(map_.directions, map_.directions.size() / dim, used, dim,
                                options_.seed);
        const std::vector<float> turned =
            turn_directions(map_.directions, used, components, dim, options_.seed + 1);
        made.matrix = VEXFS_TRY(AlignedFloats::zeros(dim * columns));
        for (size_t i = 0; i < components; ++i) {
            const size_t lane = lane_of(made.shape, static_cast<uint32_t>(i));
            for (size_t j = 0; j < dim; ++j)
                made.matrix.data()[j * columns + lane] = turned[i * dim + j];
        }
        double kept = 0;
        for (size_t i = 0; i < std::min(used, map_.count()); ++i)
            kept += map_.variances[i];
        if (used < dim && map_.total_variance > 0)
            made.quality.energy_kept =
                static_cast<float>(std::clamp(kept / map_.total_variance, 0.0, 1.0));
        return ok();
    }

    // The lanes of a training row.
    void project(const CodecParameters& made, size_t row, float* lanes) const {
        const ProjectKernels& kernels = project_kernels(chosen_isa());
        const uint32_t columns = code_lanes(made.shape);
        const VectorView view{Element::kF32, table_.dim,
                              reinterpret_cast<const std::byte*>(rows_.row(row))};
        if (made.kind == CodecKind::kLearned) {
            kernels.project(view, 1, {made.mean.data(), made.matrix.data(), columns}, lanes);
            return;
        }
        std::fill_n(lanes, columns, 0.0f);
        kernels.centre(view, 1, made.mean.data(), lanes);
    }

    void set_scale(CodecParameters& made) const {
        alignas(64) float lanes[kCodecLanesMax];
        const size_t rows = std::min(rows_.count, kStepRows);
        const uint32_t used = made.kind == CodecKind::kPlain
                                  ? table_.dim
                                  : code_components(made.shape) - made.norm_lanes;
        std::vector<float> magnitudes;
        magnitudes.reserve(rows * used);
        std::vector<double> lengths2;
        double squares = 0, longest2 = 0;
        for (size_t i = 0; i < rows; ++i) {
            project(made, i * rows_.count / rows, lanes);
            double length2 = 0;
            for (uint32_t j = 0; j < used; ++j) {
                // A difference of huge numbers may be beyond float: such a component is clamped
                // like any large one.
                float value = std::fabs(lanes[lane_of(made.shape, j)]);
                value = value <= FLT_MAX ? value : FLT_MAX;
                length2 += static_cast<double>(value) * value;
                magnitudes.push_back(value);
            }
            squares += length2;
            lengths2.push_back(length2);
            longest2 = std::max(longest2, length2);
        }
        double step = made.shape.bits == 16 ? step_of_halves(lengths2)
                                            : step_of(made.shape, magnitudes, squares);
        // Rows without any spread: the order of magnitude of the rows themselves.
        for (size_t j = 0; step == 0 && j < map_.mean.size(); ++j)
            step = std::fabs(map_.mean[j]) / 127.0;
        made.step = step > 0 ? static_cast<float>(std::clamp(step, 1e-30, 1e30)) : 1.0f;
        set_norm_limit(made, longest2, squares / static_cast<double>(rows));
    }

    static double step_of(CodeShape shape, std::vector<float>& magnitudes, double squares) {
        if (shape.bits == 8)
            return step_of_bytes(magnitudes);
        if (shape.bits == 4)
            return step_of_nibbles(magnitudes, squares);
        const double sum = std::accumulate(magnitudes.begin(), magnitudes.end(), 0.0);
        return 2 * sum / static_cast<double>(magnitudes.size());
    }

    // Twice the distances between all but the longest rows are below where a kernel stops counting.
    // Not those of the very longest: a few of them must not make one code of all others.
    static double step_of_halves(std::vector<double>& lengths2) {
        constexpr double kFarthestSteps = 46340; // its square is twice 2^30
        const auto place = lengths2.begin() + static_cast<ptrdiff_t>(lengths2.size() * 99 / 100);
        std::nth_element(lengths2.begin(), place, lengths2.end());
        return 4 * std::min(std::sqrt(*place), double{FLT_MAX}) / kFarthestSteps;
    }

    static double step_of_bytes(std::vector<float>& magnitudes) {
        const double last = static_cast<double>(magnitudes.size() - 1);
        const auto place = magnitudes.begin() + static_cast<ptrdiff_t>(last * kClampQuantile);
        std::nth_element(magnitudes.begin(), place, magnitudes.end());
        return *place / 127.0;
    }

    // Of a few steps, the one with the smallest squared error.
    static double step_of_nibbles(const std::vector<float>& magnitudes, double squares) {
        const double deviation = std::sqrt(squares / static_cast<double>(magnitudes.size()));
        double best = 0, least = HUGE_VAL;
        for (double share : kNibbleSteps) {
            const double step = deviation * share;
            double error = 0;
            for (float value : magnitudes) {
                const double level = std::min(std::floor(value / step) + 0.5, 7.5);
                error += (value - level * step) * (value - level * step);
            }
            if (error < least) {
                least = error;
                best = step;
            }
        }
        return best;
    }

    // Rows of the usual length must be able to express what they lack, or the sphere they share is
    // torn.
    void set_norm_limit(CodecParameters& made, double longest2, double mean2) const {
        if (made.norm_lanes == 0)
            return;
        const double steps = made.shape.bits == 16 ? 65504 : made.shape.bits == 8 ? 127 : 7.5;
        const double range = steps * made.step;
        made.norm_limit = static_cast<float>(
            std::min(std::sqrt(std::min(longest2, mean2 + range * range * made.norm_lanes)),
                     double{FLT_MAX}));
    }

    const TrainingTable& table_;
    const TrainOptions& options_;
    FloatRows rows_;
    LinearMap map_;
};

// The smallest record of 16 bits that holds a row as it is, or the widest, which is learned.
void add_halves(const TrainingTable& table, const TrainOptions& options,
                std::vector<Candidate>& candidates) {
    if (options.shape || options.bits.value_or(16) != 16 || table.element == Element::kBit)
        return;
    CodeShape shape{kHalfUnit, 16};
    while (!plain_fits(table, shape) && shape.record_bytes < kCodecRecordBytesMax)
        shape.record_bytes += kHalfUnit;
    const bool fits = plain_fits(table, shape);
    const CodecKind kind = options.kind.value_or(fits ? CodecKind::kPlain : CodecKind::kLearned);
    if (kind == CodecKind::kLearned || fits)
        candidates.push_back({kind, shape});
}

// What the options leave open, cheapest first: up to the first shape that has a byte for every
// dimension, and last what has no need of a common step.
std::vector<Candidate> candidates_of(const TrainingTable& table, const TrainOptions& options) {
    std::vector<Candidate> candidates;
    auto add = [&](CodeShape shape) {
        if ((options.shape && !(*options.shape == shape)) ||
            (options.bits && *options.bits != shape.bits) ||
            (table.metric == Metric::kDot && shape.bits == 1)) // no place for a norm
            return;
        // Spread over many spare components, a few dimensions are expressed more finely than by one
        // byte each.
        const bool plain_first = shape.bits == 1 || 2 * table.dim > code_components(shape);
        CodecKind kinds[] = {CodecKind::kPlain, CodecKind::kLearned};
        if (!plain_first)
            std::swap(kinds[0], kinds[1]);
        for (CodecKind kind : kinds) {
            if (options.kind && *options.kind != kind)
                continue;
            if (kind == CodecKind::kLearned || plain_fits(table, shape))
                candidates.push_back({kind, shape});
        }
    };
    for (CodeShape shape : kShapes) {
        add(shape);
        if (shape.bits == 8 && !candidates.empty() && plain_fits(table, shape))
            break;
    }
    add_halves(table, options, candidates);
    if (candidates.empty() && options.shape && codec_shape_valid(*options.shape))
        add(*options.shape);
    return candidates;
}

float lost_share_of(const Codec& codec, const TrainingTable& table, const HeldOut& rows) {
    const std::vector<uint32_t>& sample = rows.queries.empty() ? rows.base : rows.queries;
    if (!(codec.quality().variance > 0))
        return 0;
    double lost = 0;
    for (uint32_t number : sample)
        lost += codec.loss_of(table.row(number)).lost;
    const double share = lost / static_cast<double>(sample.size()) / codec.quality().variance;
    return static_cast<float>(std::min(share, double{FLT_MAX}));
}

// The first candidate that reaches the wanted recall, or the one with the best.
Result<TrainedCodec> choose(Assembler& assembler, const std::vector<Candidate>& candidates,
                            const TrainingTable& table, const TrainOptions& options,
                            const HeldOut& rows) {
    const TrialGround ground = VEXFS_TRY(TrialGround::make(table, rows));
    std::vector<CodecTrial> trials;
    std::optional<CodecParameters> best;
    const bool flat = assembler.share_of(code_components(kNibbles)) < kFlatShare;
    for (Candidate candidate : candidates) {
        const bool bits = candidate.shape.bits == 1 && candidate.kind == CodecKind::kLearned;
        const bool asked = options.bits || options.shape;
        if (bits && !flat && !asked)
            continue;
        if (candidate.shape.bits == 16 && !asked && best &&
            best->quality.sample_recall >= kTooCoarse)
            continue;
        CodecParameters made = VEXFS_TRY(assembler.assemble(candidate));
        CodecQuality quality = made.quality;
        Codec codec = VEXFS_TRY(Codec::make(std::move(made)));
        ground.measure(codec, options.recall_wanted, quality);
        quality.lost_share = lost_share_of(codec, table, rows);
        trials.push_back({candidate.kind, candidate.shape, quality});
        if (!best || quality.sample_recall > best->quality.sample_recall) {
            best = std::move(codec).take_parameters();
            best->quality = quality;
        }
        if (quality.sample_recall >= options.recall_wanted)
            break;
    }
    Codec codec = VEXFS_TRY(Codec::make(std::move(*best)));
    return TrainedCodec{std::move(codec), std::move(trials)};
}

// Too few rows to measure anything: the smallest 8-bit record that has a byte for every dimension,
// 128 bytes at most. Of other records only where no others may be.
Candidate candidate_of_few_rows(const std::vector<Candidate>& candidates, uint32_t dim) {
    const uint32_t bits =
        std::ranges::any_of(candidates,
                            [](const Candidate& candidate) { return candidate.shape.bits == 8; })
            ? 8
            : candidates.back().shape.bits;
    for (Candidate candidate : candidates) {
        if (candidate.shape.bits == bits &&
            (code_components(candidate.shape) >= dim || candidate.shape.record_bytes >= 128))
            return candidate;
    }
    return candidates.back();
}

Result<TrainedCodec> learn(const TrainingTable& table, const TrainOptions& options) {
    if (table.count == 0 || table.dim == 0 || table.dim > kMaxDim ||
        !fits(table.element, table.metric))
        return fail(Code::kEINVAL, "codec: rows to train from");
    const std::vector<Candidate> candidates = candidates_of(table, options);
    if (candidates.empty())
        return fail(Code::kEINVAL, "codec: no record of the wanted shape holds such a row");
    const HeldOut rows = hold_out(table.count, rows_limit(table.dim));
    const std::vector<float> floats = VEXFS_TRY(embedded(table, rows.base));
    const FloatRows base{floats.data(), rows.base.size(), table.dim};
    const PcaTrainer pca;
    const Trainer& trainer = options.trainer != nullptr ? *options.trainer : pca;
    size_t components = 0;
    for (const Candidate& candidate : candidates)
        components = std::max(components, size_t{code_components(candidate.shape)});
    LinearMap map = VEXFS_TRY(trainer.learn(
        base, std::min({components, size_t{table.dim}, kDirectionsMax}), options.seed));
    Assembler assembler(table, options, base, std::move(map));
    if (!rows.queries.empty())
        return choose(assembler, candidates, table, options, rows);
    CodecParameters made =
        VEXFS_TRY(assembler.assemble(candidate_of_few_rows(candidates, table.dim)));
    CodecQuality quality = made.quality;
    Codec trained = VEXFS_TRY(Codec::make(std::move(made)));
    quality.lost_share = lost_share_of(trained, table, rows);
    made = std::move(trained).take_parameters();
    made.quality = quality;
    Codec codec = VEXFS_TRY(Codec::make(std::move(made)));
    return TrainedCodec{std::move(codec), {}};
}

} // namespace

Result<TrainedCodec> train_codec(const TrainingTable& table, const TrainOptions& options) {
    return guard(fail(Code::kENOMEM, "codec: no memory"), [&] { return learn(table, options); });
}

} // namespace vexfs::index
