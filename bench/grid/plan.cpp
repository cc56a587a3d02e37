// SPDX-License-Identifier: Apache-2.0
#include "bench/grid/plan.h"

#include <algorithm>
#include <filesystem>

#include "bench/result/measurement.h"

namespace vexfs {
namespace {

// The longest rows have the same structure as the shortest: its intrinsic dimension stays.
constexpr uint64_t kLatentDim = 24;
constexpr uint64_t kRowsPerCluster = 100;
constexpr uint64_t kClustersMax = 1000;

GridSet generated(const GridPlan& plan, uint64_t rows, uint64_t dim) {
    const uint64_t clusters = std::clamp<uint64_t>(rows / kRowsPerCluster, 1, kClustersMax);
    const uint64_t latent = std::min(kLatentDim, dim);
    GridSet set;
    set.name = "clustered-" + std::to_string(rows) + "x" + std::to_string(dim);
    const std::string prefix = set.name + "-q" + std::to_string(plan.queries) + "/" + set.name;
    set.base = prefix + ".base.fbin";
    set.query = prefix + ".query.fbin";
    set.truth = prefix + ".truth.ibin";
    set.generator = {"--rows",     std::to_string(rows),         "--dim",    std::to_string(dim),
                     "--queries",  std::to_string(plan.queries), "--latent", std::to_string(latent),
                     "--clusters", std::to_string(clusters),     "--depth",  "10"};
    return set;
}

template <typename Number>
std::string joined(const std::vector<Number>& numbers) {
    std::string text;
    for (const Number number : numbers)
        text += (text.empty() ? "" : ",") + Parameter("", number).text();
    return text;
}

GridCell cell_of(const GridPlan& plan, const GridSet& set, uint64_t values) {
    const bool alone = plan.peer_values_max != 0 && values > plan.peer_values_max;
    const std::string peer = alone ? "none" : plan.peer;
    GridCell cell{set.name + "-" + peer, set, {}};
    cell.arguments = {"--peer",    peer,
                      "--rounds",  std::to_string(plan.rounds),
                      "--threads", std::to_string(plan.threads)};
    const auto add = [&](const char* option, const std::string& list) {
        if (list.empty())
            return;
        cell.arguments.insert(cell.arguments.end(), {std::string("--") + option, list});
        cell.name += std::string("-") + option;
    };
    add("filter", joined(plan.filter_percents));
    add("clients", joined(plan.clients));
    if (!alone)
        add("external", plan.external);
    return cell;
}

} // namespace

GridPlan GridPlan::quick() {
    GridPlan plan;
    plan.rows = {1'000, 10'000};
    plan.dims = {128, 384, 768};
    plan.filter_percents = {10, 1};
    plan.clients = {1, 2, 8};
    plan.values_max = 10'000'000;
    plan.passes = 4;
    plan.minutes = 12;
    return plan;
}

GridPlan GridPlan::full() {
    GridPlan plan;
    plan.rows = {1'000, 10'000, 100'000, 1'000'000};
    plan.dims = {128, 384, 768, 1536};
    plan.filter_percents = {10, 1, 0.1};
    plan.clients = {1, 2, 8};
    plan.values_max = 400'000'000;
    plan.peer_values_max = 160'000'000; // 100,000 rows of any dimension, a million of 128
    plan.queries = 1'000;
    plan.minutes = 130;
    return plan;
}

GridCell in_pass(const GridCell& cell, uint64_t pass) {
    GridCell again = cell;
    if (pass > 0)
        again.name += "-pass" + std::to_string(pass + 1);
    return again;
}

std::vector<GridCell> cells_of(const GridPlan& plan, const std::vector<GridSet>& sets,
                               std::vector<std::string>& left_out) {
    std::vector<GridCell> cells;
    for (const GridSet& set : sets)
        cells.push_back(cell_of(plan, set, 0));
    for (const uint64_t rows : plan.rows) {
        for (const uint64_t dim : plan.dims) {
            if (rows > plan.values_max / dim)
                left_out.push_back(std::to_string(rows) + " rows of " + std::to_string(dim) +
                                   " dimensions are more than --values " +
                                   std::to_string(plan.values_max));
            else
                cells.push_back(cell_of(plan, generated(plan, rows, dim), rows * dim));
        }
    }
    return cells;
}

std::vector<GridSet> sets_in(const std::string& folder) {
    std::vector<GridSet> sets;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        const std::string folder_name = entry.path().parent_path().filename().string();
        std::string query = name;
        std::string title = name;
        if (name.starts_with("base.")) {
            query.replace(0, 4, "query");
            title = folder_name;
        } else if (const size_t at = name.find(".base."); at != std::string::npos) {
            query.replace(at, 6, ".query.");
            title.resize(at);
        } else if (const size_t idx = name.find("train-images"); idx != std::string::npos) {
            query.replace(idx, 5, "t10k");
            title = folder_name;
        } else {
            continue;
        }
        if (std::filesystem::exists(entry.path().parent_path() / query, error))
            sets.push_back({title,
                            entry.path().string(),
                            (entry.path().parent_path() / query).string(),
                            "",
                            {}});
    }
    std::sort(sets.begin(), sets.end(),
              [](const GridSet& a, const GridSet& b) { return a.base < b.base; });
    return sets;
}

} // namespace vexfs
