// SPDX-License-Identifier: Apache-2.0
#include "index/codec/drift.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace vexfs::index {
namespace {

// Fewer rows say nothing about all.
constexpr uint64_t kRowsMin = 256;
// Drift is a loss of twice what held-out rows lost at training, and of one twentieth of the
// variance more.
constexpr double kLossFactor = 2;
constexpr double kLossMargin = 0.05;
constexpr double kBeyondNormMax = 0.05;

} // namespace

void DriftMonitor::observe(VectorView row) {
    const double decay = std::exp2(-1.0 / kDriftHalfLife);
    const RowLoss loss = codec_->loss_of(row);
    ++rows_;
    weight_ = weight_ * decay + 1;
    lost_ = lost_ * decay + std::min(loss.lost, FLT_MAX);
    beyond_norm_ = beyond_norm_ * decay + (loss.beyond_norm ? 1 : 0);
}

DriftReading DriftMonitor::reading() const {
    DriftReading reading;
    reading.rows = rows_;
    if (rows_ == 0)
        return reading;
    const CodecQuality& quality = codec_->quality();
    const double lost = lost_ / weight_;
    // Training rows without any variance: whatever is lost is new.
    const double share = quality.variance > 0 ? lost / quality.variance : (lost > 0 ? 1 : 0);
    reading.lost_share = static_cast<float>(std::min(share, double{FLT_MAX}));
    reading.beyond_norm = static_cast<float>(beyond_norm_ / weight_);
    const double loss_max = kLossFactor * quality.lost_share + kLossMargin;
    reading.drifted =
        rows_ >= kRowsMin && (share > loss_max || reading.beyond_norm > kBeyondNormMax);
    return reading;
}

} // namespace vexfs::index
