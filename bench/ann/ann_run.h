// SPDX-License-Identifier: Apache-2.0
//
// Runs what the options of `vexfs-bench ann` ask for and fills the report.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "bench/ann/ann_options.h"
#include "bench/ann/contender.h"
#include "bench/ann/report.h"
#include "bench/ann/sweep.h"
#include "bench/data/generate.h"
#include "bench/data/truth.h"

namespace vexfs {

class AnnRun {
  public:
    // All is lent and outlives the run.
    AnnRun(const AnnOptions& options, index::Isa isa, Report& report)
        : options_(options), isa_(isa), report_(report) {
        report_.shape = shape();
    }

    // Plain searches over the whole set, and filtered ones if asked for.
    Status search(const VectorSet& set, const ExactDistance& distance, const Truth& truth);
    // Searches over the first `rows` rows.
    Status small(const VectorSet& set, uint32_t rows);
    // The rows beyond the live ones are partly made duplicates in `set`.
    Status churn(VectorSet& set, uint32_t rounds);

  private:
    [[nodiscard]] ContenderShape shape() const;
    Status build(const VectorSet& set, SearchRun& run);
    Status filtered(const VectorSet& set, const ExactDistance& distance, double percent,
                    bool correlated);
    Status add_externals();
    Status build_one(const VectorSet& set, Contender& contender, ContenderResult& result) const;
    Status with_clients(SearchRun& run, const std::vector<Contender*>& contenders,
                        const std::vector<uint32_t>& queries) const;
    Status measure(SearchRun& run, const std::vector<Contender*>& contenders, const Judge& judge,
                   const std::vector<uint32_t>& queries);

    const AnnOptions& options_;
    const index::Isa isa_;
    Report& report_;
    std::vector<std::unique_ptr<Contender>> contenders_; // ours first
    std::unique_ptr<Contender> scan_;                    // lives on ours
};

} // namespace vexfs
