// SPDX-License-Identifier: Apache-2.0
#include "index/planner/search_run.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "index/kernels/convert.h"

namespace vexfs::index {
namespace {

// How much larger a second pool may be, if the first held too few allowed rows.
constexpr double kGrowthMax = 1.5;

} // namespace

Status SearchRun::check() const {
    if (request_.k == 0)
        return fail(Code::kEINVAL, "search: k is 0");
    if (std::isnan(request_.radius))
        return fail(Code::kEINVAL, "search: radius is NaN");
    const bool filtered_walk =
        request_.forced == Plan::kNavigate || request_.forced == Plan::kTwoHop;
    if (filtered_walk && request_.allowed == nullptr)
        return fail(Code::kEINVAL, "search: the forced plan needs a filter");
    if (request_.forced == Plan::kNothing || (request_.forced == Plan::kWalk && request_.allowed))
        return fail(Code::kEINVAL, "search: the forced plan cannot answer this");
    if (codec_.shape() != graph_.config().shape)
        return fail(Code::kEINVAL, "search: codec and graph have records of different shapes");
    if (request_.query.element != codec_.element() || request_.query.dim != codec_.dim())
        return fail(Code::kEINVAL, "search: element type or dim of the query");
    if (first_invalid(request_.query))
        return fail(Code::kEINVAL, "search: NaN, Inf or a spare bit in the query");
    return request_.stop.check();
}

Result<PlanChoice> SearchRun::begin(uint32_t batch) {
    VEXFS_TRY_VOID(check());
    live_ = graph_.live_rows();
    slot_end_ = graph_.slot_end();
    const uint32_t bits = request_.allowed == nullptr ? slot_end_ : request_.allowed->count_set;
    allowed_ = std::min(bits, live_);
    k_ = std::min({request_.k, std::max(bits, 1U), std::max(slot_end_, 1U)});
    ef_ = request_.ef != 0 ? request_.ef : std::max(kEfDefault, k_);
    // A walk under a filter expands all that it ranks: there a deeper ranking is a longer walk.
    const uint32_t per_ef = request_.allowed == nullptr ? 2 : 1;
    const uint32_t most = std::min(ef_, kMaxSlots / per_ef) * per_ef;
    const uint32_t wanted =
        request_.rerank != 0 ? request_.rerank : default_rerank(codec_, k_, most);
    rerank_ = std::clamp(wanted, k_, UINT32_MAX / 4);
    PlanChoice choice = choose_plan({graph_.config().shape, slot_end_, live_, allowed_,
                                     request_.allowed != nullptr, k_, ef_, rerank_, batch});
    if (choice.plan == Plan::kNothing)
        return choice;
    if (request_.forced) {
        choice.plan = *request_.forced;
        choice.distance_budget = UINT64_MAX;
    }
    if (request_.exact)
        choice.plan = Plan::kExact;
    return choice;
}

void SearchRun::start(const PlanChoice& choice) {
    found_.clear();
    report_.plan = choice.plan;
    report_.scan_ns_expected = choice.scan_ns;
    report_.walk_ns_expected = choice.walk_ns;
}

SearchReport SearchRun::report() {
    report_.found = static_cast<uint32_t>(found_.size());
    report_.beyond_radius =
        std::isfinite(request_.radius) && report_.found < std::min(request_.k, allowed_);
    return report_;
}

Result<SearchReport> SearchRun::run(const PlanChoice& choice) {
    start(choice);
    if (choice.plan == Plan::kNothing || choice.plan == Plan::kExact) {
        report_.exact = true;
        if (choice.plan == Plan::kExact)
            VEXFS_TRY_VOID(compute_exact());
        return report();
    }
    codec_.prepare(request_.query, scratch_.code);
    if (choice.plan != Plan::kCodeScan) {
        if (VEXFS_TRY(walk(choice)))
            return report();
        report_.walk_given_up = true;
        found_.clear();
        report_.plan = Plan::kCodeScan;
    }
    VEXFS_TRY_VOID(scan_codes());
    return report();
}

Result<SearchReport> SearchRun::rank(const PlanChoice& choice, NearestRows nearest,
                                     const ScanCounters& counters) {
    start(choice);
    VEXFS_TRY_VOID(rank_nearest(nearest, counters));
    return report();
}

// The exact distances of the slots that wait in the scratch, as one batch.
Status SearchRun::measure_batch(NearestKeys& nearest) {
    scratch_.distances.resize(scratch_.slots.size());
    VEXFS_TRY_VOID(source_.exact_distances(request_.query, scratch_.slots, scratch_.distances));
    for (size_t i = 0; i < scratch_.slots.size(); ++i)
        nearest.push(key_of(ordered(scratch_.distances[i]), scratch_.slots[i]));
    report_.exact_distances += scratch_.slots.size();
    scratch_.slots.clear();
    return ok();
}

Status SearchRun::compute_exact() {
    constexpr size_t kBatch = 4096;
    const ReaderEpochs::Guard guard(core_.epochs, scratch_.walk.epoch_hint);
    const ScanRows which = rows();
    NearestKeys& nearest = scratch_.scan.nearest;
    nearest.start(k_, key_of(ordered(request_.radius), UINT32_MAX));
    scratch_.slots.clear();
    for (uint32_t block = 0; block * uint64_t{kScanBlock} < which.size; ++block) {
        for (uint64_t left = selected_rows(which, block); left != 0; left &= left - 1) {
            const auto bit = static_cast<uint32_t>(std::countr_zero(left));
            scratch_.slots.push_back(block * kScanBlock + bit);
        }
        if (scratch_.slots.size() >= kBatch) {
            VEXFS_TRY_VOID(request_.stop.check());
            VEXFS_TRY_VOID(measure_batch(nearest));
        }
    }
    VEXFS_TRY_VOID(measure_batch(nearest));
    for (const uint64_t key : nearest.finish())
        found_.push_back({slot_of(key), unordered(distance_of(key))});
    return ok();
}

Status SearchRun::scan_codes() {
    const ReaderEpochs::Guard guard(core_.epochs, scratch_.walk.epoch_hint);
    const CodeScan scan(graph_.config().shape, core_.codes.directory<uint8_t>(),
                        graph_.config().isa);
    ScanCounters counters;
    const NearestRows nearest = VEXFS_TRY(scan.nearest(rows(), scratch_.code.values, rerank_,
                                                       request_.stop, scratch_.scan, counters));
    return rank_nearest(nearest, counters);
}

Status SearchRun::rank_nearest(NearestRows nearest, const ScanCounters& counters) {
    report_.code_distances += counters.distances;
    report_.bytes += counters.bytes;
    scratch_.slots.clear();
    for (const uint64_t key : nearest)
        scratch_.slots.push_back(slot_of(key));
    // Fewer than wanted: these are all rows that match.
    report_.exact = nearest.size() < rerank_;
    NearestKeys& best = scratch_.scan.nearest;
    best.start(k_, key_of(ordered(request_.radius), UINT32_MAX));
    VEXFS_TRY_VOID(measure_batch(best));
    for (const uint64_t key : best.finish())
        found_.push_back({slot_of(key), unordered(distance_of(key))});
    return ok();
}

SearchParams SearchRun::walk_params(const PlanChoice& choice) const {
    SearchParams params;
    params.k = k_;
    params.ef = ef_;
    params.rerank = rerank_;
    params.allowed = request_.allowed;
    params.filter_walk = choice.plan == Plan::kTwoHop ? FilterWalk::kTwoHop : FilterWalk::kNavigate;
    params.distance_budget = choice.distance_budget;
    params.cancel = request_.stop.cancel;
    params.deadline_ns = request_.stop.deadline_ns;
    return params;
}

Status SearchRun::add(const SearchCost& cost, WalkEnd end) {
    report_.hops += cost.hops;
    report_.code_distances += cost.distances;
    report_.exact_distances += cost.reranked;
    report_.bytes += cost.bytes;
    if (end == WalkEnd::kCancelled)
        return fail(Code::kECANCELED, "search: cancelled");
    if (end == WalkEnd::kDeadline)
        return fail(Code::kETIMEDOUT, "search: the deadline passed");
    return ok();
}

// A two-hop walk that starts among rows which are not allowed ends there without noticing, so look
// first whether the rows around the query are allowed as often as rows are elsewhere.
Result<bool> SearchRun::probe(const PlanChoice& choice) {
    const GraphQuery query{scratch_.code.values, request_.query, &source_};
    SearchParams params = walk_params(choice);
    params.filter_walk = FilterWalk::kNavigate;
    SearchSession session(core_, query, params, scratch_.walk);
    const bool any = VEXFS_TRY(session.begin());
    if (!any)
        return false;
    VEXFS_TRY_VOID(session.walk(choice.probe_pool, choice.probe_pool));
    const uint32_t allowed = VEXFS_TRY(session.collect(choice.probe_allowed));
    VEXFS_TRY_VOID(add(session.cost(), session.end()));
    return allowed >= choice.probe_allowed;
}

// Walks all rows with a pool so large that the allowed rows in it are as many as the pool of an
// unfiltered walk. If they are much fewer the query stands where the filter lets little through:
// the allowed rows would come from the far end of the pool, which a walk knows least.
Result<bool> SearchRun::navigate(const PlanChoice& choice) {
    const GraphQuery query{scratch_.code.values, request_.query, &source_};
    SearchParams params = walk_params(choice);
    SearchSession session(core_, query, params, scratch_.walk);
    const bool any = VEXFS_TRY(session.begin());
    if (!any)
        return false;
    const uint32_t wanted = std::max(ef_, rerank_);
    const uint32_t enough = std::max(wanted / 4 * 3, k_);
    VEXFS_TRY_VOID(walk_if_allowed(session, choice));
    uint32_t answers = VEXFS_TRY(session.collect(wanted));
    if (session.end() == WalkEnd::kDone && answers < enough) {
        const double missing = 1.1 * enough / std::max(answers, 1U);
        const double pool = std::min(choice.pool * missing, kMaxSlots / 2.0);
        if (missing <= kGrowthMax) {
            params.distance_budget = UINT64_MAX;
            const auto larger = static_cast<uint32_t>(pool);
            VEXFS_TRY_VOID(session.walk(larger, larger));
            answers = VEXFS_TRY(session.collect(wanted));
        }
    }
    const bool answered = session.end() == WalkEnd::kDone && answers >= std::max(wanted / 2, k_);
    if (answered) {
        const uint32_t collected = VEXFS_TRY(session.collect(rerank_));
        VEXFS_TRY_VOID(session.rerank(collected));
        const Neighbor* nearest = scratch_.walk.answers.data();
        for (uint32_t i = 0; i < std::min(collected, k_) && nearest[i].distance <= request_.radius;
             ++i)
            found_.push_back(nearest[i]);
    }
    VEXFS_TRY_VOID(add(session.cost(), session.end()));
    return answered;
}

// Ends with kBudget if the filter disagrees with the query: if, when the budget is spent, the rows
// around the query are allowed less than half as often as elsewhere.
Status SearchRun::walk_if_allowed(SearchSession& session, const PlanChoice& choice) {
    VEXFS_TRY_VOID(session.walk(choice.pool, choice.pool));
    if (session.end() != WalkEnd::kBudget)
        return ok();
    const double share = static_cast<double>(allowed_) / live_;
    const auto expected = static_cast<uint32_t>(share * session.pool_size() / 2) + 1;
    if (VEXFS_TRY(session.collect(expected)) == expected)
        session.resume();
    return ok();
}

Result<bool> SearchRun::walk(const PlanChoice& choice) {
    if (choice.plan == Plan::kNavigate)
        return navigate(choice);
    if (choice.plan == Plan::kTwoHop) {
        const bool promising = VEXFS_TRY(probe(choice));
        if (!promising)
            return false;
    }
    const GraphQuery query{scratch_.code.values, request_.query, &source_};
    const SearchParams params = walk_params(choice);
    const bool within_radius = request_.radius < std::numeric_limits<float>::infinity();
    scratch_.neighbors.resize(k_);
    const SearchOutcome outcome =
        VEXFS_TRY(within_radius ? graph_.search_radius(query, request_.radius, params,
                                                       scratch_.walk, scratch_.neighbors)
                                : graph_.search(query, params, scratch_.walk, scratch_.neighbors));
    VEXFS_TRY_VOID(add(outcome.cost, outcome.end));
    if (outcome.end != WalkEnd::kDone || (!within_radius && outcome.found < std::min(k_, allowed_)))
        return false;
    found_.assign(scratch_.neighbors.begin(), scratch_.neighbors.begin() + outcome.found);
    return true;
}

} // namespace vexfs::index
