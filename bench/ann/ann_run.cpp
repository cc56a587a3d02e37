// SPDX-License-Identifier: Apache-2.0
//
// The runs of `vexfs-bench ann`.
//
// Threads: one thread.
#include "bench/ann/ann_run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>

#include "bench/ann/ann_data.h"
#include "bench/ann/external_contender.h"
#include "bench/ann/foreign_contender.h"
#include "bench/ann/sweep.h"
#include "bench/ann/vexfs_contender.h"
#include "bench/machine/machine.h"

namespace vexfs {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Contender*> borrowed(const std::vector<std::unique_ptr<Contender>>& owned) {
    std::vector<Contender*> out;
    for (const std::unique_ptr<Contender>& contender : owned)
        out.push_back(contender.get());
    return out;
}

std::vector<uint32_t> all_queries(const VectorSet& set) {
    std::vector<uint32_t> numbers(set.queries.rows);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
}

Matrix first_rows(const Matrix& matrix, size_t rows) {
    Matrix part{matrix.element, matrix.dim, std::min(rows, matrix.rows), {}};
    part.bytes.assign(matrix.bytes.begin(),
                      matrix.bytes.begin() + ptrdiff_t(part.rows * matrix.row_bytes()));
    return part;
}

uint64_t growth(uint64_t before, uint64_t after) {
    return after > before ? after - before : 0;
}

} // namespace

ContenderShape AnnRun::shape() const {
    ContenderShape shape;
    shape.metric = options_.metric_value();
    shape.links = static_cast<uint32_t>(options_.links);
    shape.build_effort = static_cast<uint32_t>(options_.build_effort);
    shape.build_threads = static_cast<uint32_t>(options_.threads);
    shape.isa = isa_;
    shape.seed = options_.seed;
    return shape;
}

Status AnnRun::build_one(const VectorSet& set, Contender& contender,
                         ContenderResult& result) const {
    VEXFS_TRY_VOID(contender.prepare(set.base));
    const uint64_t resident = resident_bytes();
    const uint64_t pss = pss_bytes();
    const bool peaks = forget_peak();
    const Clock::time_point start = Clock::now();
    VEXFS_TRY_VOID(contender.build(set.base));
    result.build_seconds = seconds_since(start);
    if (peaks)
        result.peak_growth_bytes = growth(resident, peak_resident_bytes());
    if (options_.reload) {
        const Clock::time_point reload_start = Clock::now();
        const bool reloaded = VEXFS_TRY(contender.reload());
        if (reloaded)
            result.reload_seconds = seconds_since(reload_start);
    }
    result.resident_growth_bytes = growth(resident, resident_bytes());
    result.pss_growth_bytes = growth(pss, pss_bytes());
    VEXFS_TRY_VOID(contender.load_queries(set.queries));
    if (contender.own_build_seconds() > 0)
        result.build_seconds = contender.own_build_seconds();
    result.description = contender.description();
    result.footprint = contender.footprint();
    result.file_bytes = VEXFS_TRY(contender.file_bytes());
    return ok();
}

Status AnnRun::add_externals() {
    for (size_t at = 0; at < options_.external.size();) {
        const size_t end = std::min(options_.external.find(',', at), options_.external.size());
        const std::string path = options_.external.substr(at, end - at);
        at = end + 1;
        std::string absent;
        std::unique_ptr<Contender> one = VEXFS_TRY(make_external_contender(
            path, shape(), static_cast<uint32_t>(options_.processor), absent));
        if (one) {
            contenders_.push_back(std::move(one));
            continue;
        }
        const std::string line = path.substr(path.rfind('/') + 1) + ": " + absent;
        std::fprintf(stderr, "vexfs-bench ann: SKIPPED %s\n", line.c_str());
        if (std::find(report_.skipped.begin(), report_.skipped.end(), line) ==
            report_.skipped.end())
            report_.skipped.push_back(line);
    }
    return ok();
}

Status AnnRun::build(const VectorSet& set, SearchRun& run) {
    scan_.reset();
    contenders_.clear();
    VexfsContenders ours = make_vexfs_contenders(shape());
    contenders_.push_back(std::move(ours.index));
    scan_ = std::move(ours.scan);
    for (std::unique_ptr<Contender>& peer : make_peers(options_.peer, shape()))
        contenders_.push_back(std::move(peer));
    VEXFS_TRY_VOID(add_externals());
    for (const std::unique_ptr<Contender>& contender : contenders_) {
        std::fprintf(stderr, "building %s on %zu rows\n", contender->name().c_str(), set.base.rows);
        ContenderResult result;
        result.name = contender->name();
        VEXFS_TRY_VOID(build_one(set, *contender, result));
        run.contenders.push_back(std::move(result));
    }
    return ok();
}

Status AnnRun::measure(SearchRun& run, const std::vector<Contender*>& contenders,
                       const Judge& judge, const std::vector<uint32_t>& queries) {
    std::fprintf(stderr, "measuring: %s\n", run.title.c_str());
    const Pinned pinned = VEXFS_TRY(Pinned::to(static_cast<uint32_t>(options_.processor)));
    SweepPlan plan;
    plan.k = static_cast<uint32_t>(options_.k);
    plan.rounds = static_cast<uint32_t>(options_.rounds);
    plan.efforts = options_.effort_grid();
    plan.queries = queries;
    std::vector<std::vector<Point>> series = VEXFS_TRY(sweep(contenders, judge, plan));
    for (size_t c = 0; c < series.size(); ++c)
        run.contenders[c].points = std::move(series[c]);
    run.queries = queries.size();
    run.k = plan.k;
    return ok();
}

// Unpinned: each client has a processor, the first one that of the sweep.
Status AnnRun::with_clients(SearchRun& run, const std::vector<Contender*>& contenders,
                            const std::vector<uint32_t>& queries) const {
    if (options_.clients.empty())
        return ok();
    ClientsPlan plan;
    plan.k = static_cast<uint32_t>(options_.k);
    plan.rounds = static_cast<uint32_t>(options_.rounds);
    plan.recall = run.clients_recall;
    plan.clients.assign(options_.clients.begin(), options_.clients.end());
    plan.queries = queries;
    plan.processors = {static_cast<uint32_t>(options_.processor)};
    for (const uint32_t processor : allowed_processors()) {
        if (processor != options_.processor)
            plan.processors.push_back(processor);
    }
    std::vector<std::vector<Point>> points;
    for (const ContenderResult& result : run.contenders)
        points.push_back(result.points);
    std::vector<std::vector<ClientsPoint>> series =
        VEXFS_TRY(run_clients(contenders, points, plan));
    for (size_t c = 0; c < series.size(); ++c)
        run.contenders[c].clients = std::move(series[c]);
    return ok();
}

Status AnnRun::search(const VectorSet& set, const ExactDistance& distance, const Truth& truth) {
    SearchRun run;
    run.title = "search";
    run.rows = set.base.rows;
    VEXFS_TRY_VOID(build(set, run));
    const Judge judge(distance, truth, nullptr);
    VEXFS_TRY_VOID(measure(run, borrowed(contenders_), judge, all_queries(set)));
    VEXFS_TRY_VOID(with_clients(run, borrowed(contenders_), all_queries(set)));
    report_.searches.push_back(std::move(run));
    if (options_.quick) {
        VEXFS_TRY_VOID(filtered(set, distance, 10, false));
        return filtered(set, distance, 10, true);
    }
    for (const double percent : options_.filter_percents)
        VEXFS_TRY_VOID(filtered(set, distance, percent, options_.correlated));
    return ok();
}

Status AnnRun::filtered(const VectorSet& set, const ExactDistance& distance, double percent,
                        bool correlated) {
    const DrawnFilter filter = correlated ? opposed_filter(set, percent, options_.seed)
                                          : random_filter(set, percent, options_.seed);
    const index::BitmapView allowed = filter.allowed.view();
    const Truth truth =
        exact_truth(distance, static_cast<uint32_t>(options_.k), &allowed, all_processors());
    SearchRun run;
    char title[80];
    std::snprintf(title, sizeof title, "filter of %g percent, %s, %u rows allowed", percent,
                  correlated ? "away from the queries" : "random", allowed.count_set);
    run.title = title;
    run.filter = correlated ? "opposed" : "random";
    run.filter_percent = percent;
    run.rows = set.base.rows;
    std::vector<Contender*> contenders = borrowed(contenders_);
    std::erase_if(contenders, [](Contender* contender) { return !contender->can_restrict(); });
    contenders.push_back(scan_.get());
    for (Contender* contender : contenders) {
        ContenderResult result;
        result.name = contender->name();
        result.description = contender->description();
        result.footprint = contender->footprint();
        run.contenders.push_back(std::move(result));
        VEXFS_TRY_VOID(contender->restrict_to(&allowed));
    }
    const Judge judge(distance, truth, &allowed);
    VEXFS_TRY_VOID(measure(run, contenders, judge, filter.queries));
    VEXFS_TRY_VOID(with_clients(run, contenders, filter.queries));
    for (Contender* contender : contenders)
        VEXFS_TRY_VOID(contender->restrict_to(nullptr));
    report_.searches.push_back(std::move(run));
    return ok();
}

Status AnnRun::small(const VectorSet& set, uint32_t rows) {
    const VectorSet part{first_rows(set.base, rows), set.queries};
    const ExactDistance distance(options_.metric_value(), part.base, part.queries);
    const Truth truth =
        exact_truth(distance, static_cast<uint32_t>(options_.k), nullptr, all_processors());
    SearchRun run;
    run.title = "small";
    run.rows = part.base.rows;
    VEXFS_TRY_VOID(build(part, run));
    const Judge judge(distance, truth, nullptr);
    VEXFS_TRY_VOID(measure(run, borrowed(contenders_), judge, all_queries(part)));
    VEXFS_TRY_VOID(with_clients(run, borrowed(contenders_), all_queries(part)));
    report_.searches.push_back(std::move(run));
    return ok();
}

Status AnnRun::churn(VectorSet& set, uint32_t rounds) {
    std::fprintf(stderr, "measuring: churn\n");
    ChurnRun run;
    run.plan.rounds = rounds;
    run.plan.k = static_cast<uint32_t>(options_.k);
    run.plan.live_rows = static_cast<uint32_t>(
        options_.live_rows != 0 ? options_.live_rows : std::min<size_t>(50'000, set.base.rows / 2));
    run.plan.truth_threads = all_processors();
    run.plan.seed = options_.seed;
    if (!options_.efforts.empty())
        run.plan.efforts.assign(options_.efforts.begin(), options_.efforts.end());
    plant_duplicates(set.base, run.plan.live_rows, options_.seed);
    std::vector<std::unique_ptr<Contender>> owned;
    owned.push_back(make_vexfs_contenders(shape()).index);
    for (std::unique_ptr<Contender>& peer : make_peers(options_.peer, shape()))
        owned.push_back(std::move(peer));
    const std::vector<Contender*> contenders = borrowed(owned);
    run.results = VEXFS_TRY(run_churn(contenders, set, options_.metric_value(), run.plan));
    for (Contender* contender : contenders) {
        run.names.push_back(contender->name());
        run.descriptions.push_back(contender->description());
    }
    report_.churns.push_back(std::move(run));
    return ok();
}

} // namespace vexfs
