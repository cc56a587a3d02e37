// SPDX-License-Identifier: Apache-2.0
//
// The report as results: ann.curve (one effort), ann.search (at a wanted recall), ann.build,
// ann.churn (one effort after so many rounds) and ann.replace.
//
// Threads: pure.
#include "bench/ann/report.h"

#include <algorithm>

namespace vexfs {
namespace {

// Where a set lies differs from machine to machine; its name says which one it is.
std::string name_of_set(const std::string& base) {
    return base.starts_with("generated") ? base : base.substr(base.rfind('/') + 1);
}

std::vector<Parameter> parameters_of(const Report& report) {
    return {{"data", name_of_set(report.data.base)},
            {"element", report.data.element},
            {"metric", report.data.metric},
            {"dim", report.data.dim},
            {"isa", report.isa},
            {"m", report.shape.links},
            {"ef_construction", report.shape.build_effort},
            {"build_threads", report.shape.build_threads}};
}

class SearchResults {
  public:
    SearchResults(const Report& report, const SearchRun& run)
        : run_(run), parameters_(parameters_of(report)) {
        parameters_.emplace_back("rows", run.rows);
        parameters_.emplace_back("k", run.k);
        parameters_.emplace_back("filter", run.filter);
        parameters_.emplace_back("filter_percent", run.filter_percent);
    }

    [[nodiscard]] std::vector<Measurement> all() const {
        std::vector<Measurement> all;
        for (size_t c = 0; c < run_.contenders.size(); ++c) {
            for (const Point& point : run_.contenders[c].points)
                all.push_back(of_point(c, point));
            for (double recall : run_.recalls) {
                if (const auto at = at_recall(run_.contenders[c].points, recall))
                    all.push_back(of_recall(c, *at));
            }
            for (const ClientsPoint& one : run_.contenders[c].clients)
                all.push_back(of_clients(c, one));
            if (run_.contenders[c].build_seconds > 0)
                all.push_back(of_build(c));
        }
        return all;
    }

  private:
    // Whoever is not ours; `scan` is ours by another way.
    [[nodiscard]] Measurement begin(const char* benchmark, size_t contender) const {
        const ContenderResult& result = run_.contenders[contender];
        const bool ours = result.name == "vexfs" || result.name == "scan";
        return {benchmark, result.name, !ours, result.description, parameters_, {}, {}};
    }
    [[nodiscard]] Measurement of_point(size_t contender, const Point& point) const {
        Measurement one = begin("ann.curve", contender);
        if (point.words.empty())
            one.parameters.emplace_back("ef", point.effort);
        else
            one.parameters.emplace_back("ef", point.words);
        one.add("recall", "share", Better::kMore, point.recall);
        one.add("throughput", "1/s", Better::kMore, point.round_qps);
        one.add_latency(point.round_latency);
        add_counts(point, one);
        return one;
    }
    // Per search, but for the switches, which are few.
    void add_counts(const Point& point, Measurement& one) const {
        const auto add = [&](const char* name, uint64_t Counts::*member, uint64_t share) {
            std::vector<double> rounds;
            for (const Counts& counts : point.round_counts)
                rounds.push_back(static_cast<double>(counts.*member) / static_cast<double>(share));
            one.add(name, "count", Better::kNeither, std::move(rounds));
        };
        if (point.round_counts.empty())
            return;
        add("context_switches", &Counts::context_switches, 1);
        if (!point.round_counts.front().has_events)
            return;
        add("cycles_per_search", &Counts::cycles, run_.queries);
        add("instructions_per_search", &Counts::instructions, run_.queries);
        add("cache_misses_per_search", &Counts::cache_misses, run_.queries);
    }
    [[nodiscard]] Measurement of_clients(size_t contender, const ClientsPoint& point) const {
        Measurement one = begin("ann.clients", contender);
        one.parameters.emplace_back("clients", point.clients);
        one.parameters.emplace_back("recall_wanted", run_.clients_recall);
        one.add("recall", "share", Better::kNeither, point.point.recall);
        one.add("throughput", "1/s", Better::kMore, point.point.round_qps);
        one.add_latency(point.point.round_latency);
        for (size_t other = 1; contender == 0 && other < run_.contenders.size(); ++other) {
            const ContenderResult& peer = run_.contenders[other];
            if (const auto ratio = clients_ratio(run_.contenders[0], peer, point.clients))
                one.ratios.push_back({"throughput", peer.name, *ratio});
        }
        return one;
    }
    [[nodiscard]] Measurement of_recall(size_t contender, const AtRecall& at) const {
        Measurement one = begin("ann.search", contender);
        one.parameters.emplace_back("recall_wanted", at.wanted);
        one.add("recall", "share", Better::kNeither, at.recall);
        if (at.words.empty())
            one.add("effort", "count", Better::kNeither, at.effort);
        one.add("throughput", "1/s", Better::kMore, at.round_qps);
        one.add_latency(at.round_latency);
        for (size_t other = 1; contender == 0 && other < run_.contenders.size(); ++other) {
            const ContenderResult& peer = run_.contenders[other];
            if (const auto speed = speed_ratio(run_.contenders[0], peer, at.wanted))
                one.ratios.push_back({"throughput", peer.name, *speed});
            if (const auto latency = latency_ratio(run_.contenders[0], peer, at.wanted))
                one.ratios.push_back({"latency_p50", peer.name, *latency});
        }
        return one;
    }
    [[nodiscard]] Measurement of_build(size_t contender) const {
        const ContenderResult& result = run_.contenders[contender];
        const auto rows = static_cast<double>(run_.rows);
        Measurement one = begin("ann.build", contender);
        one.add("time", "s", Better::kLess, result.build_seconds);
        if (result.reload_seconds > 0)
            one.add("reload_time", "s", Better::kLess, result.reload_seconds);
        const auto hot = static_cast<double>(result.footprint.hot_bytes);
        one.add("hot_bytes_per_row", "bytes", Better::kLess, hot / rows);
        one.add("cold_bytes_per_row", "bytes", Better::kLess,
                static_cast<double>(result.footprint.cold_bytes) / rows);
        one.add("resident_growth", "bytes", Better::kNeither,
                static_cast<double>(result.resident_growth_bytes));
        one.add("pss_growth", "bytes", Better::kNeither,
                static_cast<double>(result.pss_growth_bytes));
        if (result.peak_growth_bytes > 0)
            one.add("peak_growth", "bytes", Better::kNeither,
                    static_cast<double>(result.peak_growth_bytes));
        if (result.file_bytes > 0)
            one.add("file_bytes_per_row", "bytes", Better::kLess,
                    static_cast<double>(result.file_bytes) / rows);
        for (size_t other = 1; contender == 0 && other < run_.contenders.size(); ++other) {
            const ContenderResult& peer = run_.contenders[other];
            const auto peer_hot = static_cast<double>(peer.footprint.hot_bytes);
            if (peer.build_seconds > 0)
                one.ratios.push_back(
                    {"time", peer.name, ratio_of({peer.build_seconds}, {result.build_seconds})});
            one.ratios.push_back({"hot_bytes_per_row", peer.name, ratio_of({peer_hot}, {hot})});
        }
        return one;
    }

    const SearchRun& run_;
    std::vector<Parameter> parameters_;
};

void add_churn(const Report& report, const ChurnRun& run, std::vector<Measurement>& all) {
    for (size_t c = 0; c < run.results.size(); ++c) {
        for (const ChurnSample& sample : run.results[c].samples) {
            Measurement one{"ann.replace",
                            run.names[c],
                            run.names[c] != "vexfs",
                            run.descriptions[c],
                            parameters_of(report),
                            {},
                            {}};
            one.parameters.emplace_back("live_rows", run.plan.live_rows);
            one.parameters.emplace_back("k", run.plan.k);
            one.parameters.emplace_back("round", sample.round);
            Measurement searched = one;
            if (sample.round > 0)
                one.add("time_per_replace", "ns", Better::kLess, sample.replace_microseconds * 1e3);
            one.add("hot_bytes_per_row", "bytes", Better::kLess,
                    static_cast<double>(sample.footprint.hot_bytes) / run.plan.live_rows);
            all.push_back(std::move(one));
            for (size_t i = 0; i < sample.recalls.size(); ++i) {
                Measurement point = searched;
                point.benchmark = "ann.churn";
                point.parameters.emplace_back("ef", run.plan.efforts[i]);
                point.add("recall", "share", Better::kMore, sample.recalls[i]);
                point.add("throughput", "1/s", Better::kMore, sample.qps[i]);
                all.push_back(std::move(point));
            }
        }
    }
}

} // namespace

ResultFile results_of(const Report& report) {
    BenchRun run;
    run.command = report.command;
    run.setting = "measured on processor " + std::to_string(report.processor) + "; rows " +
                  report.data.base + "; queries " + report.data.query + ", " +
                  std::to_string(report.data.queries) + " of them; truth " + report.data.truth;
    for (const std::string& skipped : report.skipped)
        run.setting += "; skipped: " + skipped;
    for (const SearchRun& search : report.searches) {
        const std::vector<Measurement> found = SearchResults(report, search).all();
        run.measurements.insert(run.measurements.end(), found.begin(), found.end());
    }
    for (const ChurnRun& churn : report.churns)
        add_churn(report, churn, run.measurements);
    return {report.machine, {std::move(run)}};
}

} // namespace vexfs
