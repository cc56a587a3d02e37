// SPDX-License-Identifier: Apache-2.0
//
// The report as JSON. Keys are stable: other programs compare reports by them.
//
// Threads: pure.
#include <nlohmann/json.hpp>

#include "bench/ann/report.h"
#include "bench/machine/machine_json.h"

namespace vexfs {
namespace {

using Json = nlohmann::ordered_json;

Json json_of_points(const std::vector<Point>& points) {
    Json out = Json::array();
    for (const Point& point : points)
        out.push_back({{"ef", point.effort},
                       {"recall", point.recall},
                       {"qps", point.best_qps()},
                       {"round_qps", point.round_qps},
                       {"p50_ns", point.p50_ns},
                       {"p99_ns", point.p99_ns}});
    return out;
}

Json json_of_contender(const ContenderResult& contender, const SearchRun& run) {
    const auto rows = static_cast<double>(run.rows);
    Json at = Json::array();
    for (double recall : run.recalls) {
        const std::optional<AtRecall> figures = at_recall(contender.points, recall);
        if (figures)
            at.push_back({{"wanted", recall},
                          {"recall", figures->recall},
                          {"qps", figures->qps},
                          {"ef", figures->effort},
                          {"p50_ns", figures->p50_ns},
                          {"p99_ns", figures->p99_ns}});
    }
    return {{"name", contender.name},
            {"description", contender.description},
            {"build_seconds", contender.build_seconds},
            {"reload_seconds", contender.reload_seconds},
            {"hot_bytes_per_row", static_cast<double>(contender.footprint.hot_bytes) / rows},
            {"cold_bytes_per_row", static_cast<double>(contender.footprint.cold_bytes) / rows},
            {"resident_growth_bytes", contender.resident_growth_bytes},
            {"at_recall", at},
            {"points", json_of_points(contender.points)}};
}

Json json_of_ratios(const SearchRun& run) {
    Json out = Json::array();
    for (size_t i = 1; i < run.contenders.size(); ++i) {
        for (double recall : run.recalls) {
            const std::optional<Ratio> ratio =
                speed_ratio(run.contenders[0], run.contenders[i], recall);
            if (ratio)
                out.push_back(
                    {{"of", run.contenders[0].name},
                     {"over", run.contenders[i].name},
                     {"recall", recall},
                     {"qps_ratio", ratio->middle},
                     {"low", ratio->low},
                     {"high", ratio->high},
                     {"p50_ratio",
                      latency_ratio(run.contenders[0], run.contenders[i], recall).value_or(0)}});
        }
    }
    return out;
}

Json json_of_search(const SearchRun& run) {
    Json contenders = Json::array();
    for (const ContenderResult& contender : run.contenders)
        contenders.push_back(json_of_contender(contender, run));
    return {{"title", run.title}, {"rows", run.rows},         {"queries", run.queries},
            {"k", run.k},         {"contenders", contenders}, {"ratios", json_of_ratios(run)}};
}

Json json_of_churn(const ChurnRun& run) {
    Json contenders = Json::array();
    for (size_t c = 0; c < run.results.size(); ++c) {
        Json samples = Json::array();
        for (const ChurnSample& sample : run.results[c].samples)
            samples.push_back({{"round", sample.round},
                               {"ef", run.plan.efforts},
                               {"recall", sample.recalls},
                               {"qps", sample.qps},
                               {"microseconds_per_replace", sample.replace_microseconds},
                               {"hot_bytes", sample.footprint.hot_bytes},
                               {"cold_bytes", sample.footprint.cold_bytes}});
        contenders.push_back({{"name", run.names[c]},
                              {"description", run.descriptions[c]},
                              {"build_seconds", run.results[c].build_seconds},
                              {"samples", samples}});
    }
    return {{"live_rows", run.plan.live_rows},
            {"rounds", run.plan.rounds},
            {"k", run.plan.k},
            {"contenders", contenders}};
}

} // namespace

std::string json_of(const Report& report) {
    Json searches = Json::array();
    for (const SearchRun& run : report.searches)
        searches.push_back(json_of_search(run));
    Json churns = Json::array();
    for (const ChurnRun& run : report.churns)
        churns.push_back(json_of_churn(run));
    const Json whole = {{"program", "vexfs-bench ann"},
                        {"commit", report.machine.commit},
                        {"command", report.command},
                        {"machine", json_of_machine(report.machine)},
                        {"measured_on_processor", report.processor},
                        {"isa", report.isa},
                        {"data",
                         {{"base", report.data.base},
                          {"query", report.data.query},
                          {"truth", report.data.truth},
                          {"element", report.data.element},
                          {"metric", report.data.metric},
                          {"rows", report.data.rows},
                          {"queries", report.data.queries},
                          {"dim", report.data.dim}}},
                        {"searches", searches},
                        {"churns", churns}};
    // A file name need not be UTF-8: what is not is replaced and the report stays valid.
    return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace vexfs
