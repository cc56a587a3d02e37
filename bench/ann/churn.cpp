// SPDX-License-Identifier: Apache-2.0
//
// Runs the churn.
//
// Threads: one thread; exact answers use more.
#include "bench/ann/churn.h"

#include <chrono>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "bench/ann/sweep.h"
#include "bench/data/truth.h"

namespace vexfs {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Which row of the base is in which slot, and which rows wait to be inserted.
// Threads: one thread.
class Population {
  public:
    Population(uint32_t live, uint32_t rows, uint64_t seed) : random_(seed), row_of_(live) {
        std::iota(row_of_.begin(), row_of_.end(), 0);
        for (uint32_t row = live; row < rows; ++row)
            waiting_.push_back(row);
        random_.shuffle(std::span(waiting_));
    }

    struct Change {
        std::vector<uint32_t> slots;
        std::vector<uint32_t> rows;
    };

    // A tenth of the slots gets the rows that waited longest; theirs wait from now on.
    Change turn_over() {
        std::vector<uint32_t> slots(row_of_.size());
        std::iota(slots.begin(), slots.end(), 0);
        random_.shuffle(std::span(slots));
        slots.resize(std::min(std::max<size_t>(1, slots.size() / 10), waiting_.size()));
        Change change{std::move(slots), {}};
        std::vector<uint32_t> old;
        for (size_t i = 0; i < change.slots.size(); ++i) {
            change.rows.push_back(waiting_[i]);
            old.push_back(row_of_[change.slots[i]]);
            row_of_[change.slots[i]] = waiting_[i];
        }
        waiting_.erase(waiting_.begin(), waiting_.begin() + ptrdiff_t(change.slots.size()));
        waiting_.insert(waiting_.end(), old.begin(), old.end());
        return change;
    }

    // The live rows, slot after slot.
    [[nodiscard]] Matrix live(const Matrix& base) const {
        Matrix matrix{base.element, base.dim, row_of_.size(), {}};
        matrix.bytes.resize(matrix.rows * matrix.row_bytes());
        for (size_t slot = 0; slot < row_of_.size(); ++slot)
            std::memcpy(matrix.bytes.data() + slot * matrix.row_bytes(), base.row(row_of_[slot]),
                        matrix.row_bytes());
        return matrix;
    }

  private:
    Random random_;
    std::vector<uint32_t> row_of_;
    std::vector<uint32_t> waiting_;
};

Status sample(std::span<Contender* const> contenders, const Judge& judge, const SweepPlan& plan,
              uint32_t round, std::vector<ChurnResult>& results) {
    for (ChurnResult& result : results) {
        result.samples.push_back({});
        result.samples.back().round = round;
    }
    for (uint32_t effort : plan.efforts) {
        SweepPlan single = plan;
        single.efforts = {effort};
        const std::vector<std::vector<Point>> series = VEXFS_TRY(sweep(contenders, judge, single));
        for (size_t c = 0; c < contenders.size(); ++c) {
            results[c].samples.back().recalls.push_back(series[c][0].recall);
            results[c].samples.back().qps.push_back(series[c][0].best_qps());
        }
    }
    for (size_t c = 0; c < contenders.size(); ++c)
        results[c].samples.back().footprint = contenders[c]->footprint();
    return ok();
}

Status sample_population(std::span<Contender* const> contenders, const Matrix& live,
                         const VectorSet& set, index::Metric metric, const ChurnPlan& plan,
                         uint32_t round, std::vector<ChurnResult>& results) {
    const ExactDistance distance(metric, live, set.queries);
    const Truth truth = exact_truth(distance, plan.k, nullptr, plan.truth_threads);
    const Judge judge(distance, truth, nullptr);
    SweepPlan queries;
    queries.k = plan.k;
    queries.rounds = 1;
    queries.efforts = plan.efforts;
    queries.queries.resize(set.queries.rows);
    std::iota(queries.queries.begin(), queries.queries.end(), 0);
    return sample(contenders, judge, queries, round, results);
}

bool is_sampled(uint32_t round, uint32_t rounds) {
    const uint32_t step = std::max(1U, rounds / 10);
    return round <= 1 || round % step == 0 || round == rounds;
}

} // namespace

void plant_duplicates(Matrix& base, uint32_t live_rows, uint64_t seed) {
    Random random(seed);
    for (size_t row = live_rows; row < base.rows; ++row) {
        if (random.chance(1, 20))
            std::memcpy(base.bytes.data() + row * base.row_bytes(), base.row(random.below(row)),
                        base.row_bytes());
    }
}

Result<std::vector<ChurnResult>> run_churn(std::span<Contender* const> contenders,
                                           const VectorSet& set, index::Metric metric,
                                           const ChurnPlan& plan) {
    if (plan.live_rows == 0 || set.base.rows < plan.live_rows + std::max(1U, plan.live_rows / 10))
        return fail(Code::kEINVAL, "churn: no supply of fresh rows beyond the live ones");
    Population population(plan.live_rows, static_cast<uint32_t>(set.base.rows), plan.seed);
    std::vector<ChurnResult> results(contenders.size());
    Matrix live = population.live(set.base);
    for (size_t c = 0; c < contenders.size(); ++c) {
        VEXFS_TRY_VOID(contenders[c]->prepare(live));
        const Clock::time_point start = Clock::now();
        VEXFS_TRY_VOID(contenders[c]->build(live));
        results[c].build_seconds = seconds_since(start);
        VEXFS_TRY_VOID(contenders[c]->load_queries(set.queries));
    }
    VEXFS_TRY_VOID(sample_population(contenders, live, set, metric, plan, 0, results));
    std::vector<double> seconds(contenders.size(), 0);
    uint64_t replaced = 0;
    for (uint32_t round = 1; round <= plan.rounds; ++round) {
        const Population::Change change = population.turn_over();
        replaced += change.slots.size();
        for (size_t c = 0; c < contenders.size(); ++c) {
            const Clock::time_point start = Clock::now();
            VEXFS_TRY_VOID(contenders[c]->replace(change.slots, set.base, change.rows));
            seconds[c] += seconds_since(start);
        }
        if (!is_sampled(round, plan.rounds))
            continue;
        VEXFS_TRY_VOID(sample_population(contenders, population.live(set.base), set, metric, plan,
                                         round, results));
        for (size_t c = 0; c < contenders.size(); ++c) {
            results[c].samples.back().replace_microseconds =
                seconds[c] / static_cast<double>(replaced) * 1e6;
            seconds[c] = 0;
        }
        replaced = 0;
    }
    return results;
}

} // namespace vexfs
