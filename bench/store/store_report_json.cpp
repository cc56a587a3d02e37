// SPDX-License-Identifier: Apache-2.0
//
// The report as JSON. Keys are stable: other programs compare reports by them.
//
// Threads: pure.
#include <nlohmann/json.hpp>

#include "bench/machine/machine_json.h"
#include "bench/ratio/ratio.h"
#include "bench/store/store_report.h"

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;

Json json_of_disk(const DiskCounts& counts) {
    return {{"writes", counts.writes},
            {"write_bytes", counts.write_bytes},
            {"flushes", counts.flushes}};
}

Json json_of_own(const OwnCounts& counts) {
    return {{"reads", counts.reads},
            {"read_bytes", counts.read_bytes},
            {"writes", counts.writes},
            {"write_bytes", counts.write_bytes},
            {"flushes", counts.flushes}};
}

Json json_of_open(const OpenFigures& open) {
    return {{"milliseconds", open.milliseconds},
            {"synced_puts", open.synced_puts},
            {"own", json_of_own(open.counts)}};
}

Json json_of_commit(const CommitFigures& commit) {
    return {{"pattern", commit.pattern},
            {"puts", commit.size},
            {"p50_us", commit.p50_us},
            {"p99_us", commit.p99_us},
            {"round_p50_us", commit.round_p50_us},
            {"puts_per_second", commit.puts_per_second},
            {"commits", commit.commits},
            {"disk", json_of_disk(commit.disk)},
            {"own", json_of_own(commit.counts)}};
}

Json json_of_ratio(const Ratio& ratio) {
    return {{"middle", ratio.middle}, {"low", ratio.low}, {"high", ratio.high}};
}

Json json_of_ratios(const StoreReport& report) {
    Json all = Json::array();
    const StoreFigures& ours = report.stores[0];
    for (size_t i = 1; i < report.stores.size(); ++i) {
        const StoreFigures& theirs = report.stores[i];
        Json commits = Json::array();
        for (size_t cell = 0; cell < ours.commits.size(); ++cell) {
            Json ratio = json_of_ratio(
                ratio_of(theirs.commits[cell].round_p50_us, ours.commits[cell].round_p50_us));
            ratio["pattern"] = ours.commits[cell].pattern;
            ratio["puts"] = ours.commits[cell].size;
            commits.push_back(std::move(ratio));
        }
        all.push_back(
            {{"of", theirs.name},
             {"over", ours.name},
             {"load", json_of_ratio(ratio_of(theirs.load.seconds, ours.load.seconds))},
             {"open_clean",
              json_of_ratio(ratio_of(theirs.clean.milliseconds, ours.clean.milliseconds))},
             {"open_killed",
              json_of_ratio(ratio_of(theirs.killed.milliseconds, ours.killed.milliseconds))},
             {"commits", commits}});
    }
    return all;
}

} // namespace

std::string json_of(const StoreReport& report) {
    Json stores = Json::array();
    for (const StoreFigures& store : report.stores) {
        Json commits = Json::array();
        for (const CommitFigures& commit : store.commits)
            commits.push_back(json_of_commit(commit));
        stores.push_back(
            {{"name", store.name},
             {"description", store.description},
             {"load", {{"seconds", store.load.seconds}, {"disk", json_of_disk(store.load.disk)}}},
             {"open_clean", json_of_open(store.clean)},
             {"open_killed", json_of_open(store.killed)},
             {"commits", commits}});
    }
    Json stalls = Json::array();
    for (const StallFigures& stall : report.stalls)
        stalls.push_back({{"placed", stall.placed},
                          {"longest_ms", stall.longest_ms},
                          {"commit_ms", stall.commit_ms}});
    const Json whole = {{"program", "vexfs-bench store"},
                        {"commit", report.machine.commit},
                        {"command", report.command},
                        {"machine", json_of_machine(report.machine)},
                        {"disk", report.disk},
                        {"keys", report.keys},
                        {"order", report.order},
                        {"size_bytes", report.size_bytes},
                        {"bare_sync",
                         {{"p50_us", report.bare_p50_us},
                          {"p99_us", report.bare_p99_us},
                          {"round_p50_us", report.bare_round_p50_us}}},
                        {"stores", stores},
                        {"stalls", stalls},
                        {"ratios", json_of_ratios(report)}};
    return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace vexfs
