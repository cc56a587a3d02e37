// SPDX-License-Identifier: Apache-2.0
#include "bench/result/passes.h"

#include <algorithm>
#include <map>

#include "base/assert.h"

namespace vexfs {
namespace {

// What is joined of a measurement so far.
struct Gathered {
    size_t place = 0; // among the measurements of the result
    std::map<std::pair<std::string, std::string>, std::vector<double>> middles; // of its ratios
};

void join_figures(Measurement& to, const Measurement& from) {
    for (const Figure& figure : from.figures) {
        const auto same =
            std::find_if(to.figures.begin(), to.figures.end(), [&](const Figure& one) {
                return one.name == figure.name && one.unit == figure.unit;
            });
        if (same == to.figures.end())
            to.figures.push_back(figure);
        else
            same->rounds.insert(same->rounds.end(), figure.rounds.begin(), figure.rounds.end());
    }
}

void join_ratios(Measurement& to, const Measurement& from, Gathered& gathered) {
    for (const PeerRatio& given : from.ratios) {
        const auto same =
            std::find_if(to.ratios.begin(), to.ratios.end(), [&](const PeerRatio& one) {
                return one.figure == given.figure && one.peer == given.peer;
            });
        PeerRatio& ratio = same == to.ratios.end() ? to.ratios.emplace_back(given) : *same;
        std::vector<double>& middles = gathered.middles[{given.figure, given.peer}];
        middles.push_back(given.ratio.middle);
        ratio.ratio = {middle_of(middles), std::min(ratio.ratio.low, given.ratio.low),
                       std::max(ratio.ratio.high, given.ratio.high)};
    }
}

} // namespace

BenchRun joined(std::vector<BenchRun> runs) {
    VEXFS_ASSERT(!runs.empty());
    BenchRun whole = runs.front();
    whole.measurements.clear();
    std::map<std::string, Gathered> known;
    for (const BenchRun& run : runs) {
        for (const Measurement& one : run.measurements) {
            const auto [place, first] = known.try_emplace(one.identity());
            Gathered& gathered = place->second;
            if (first) {
                gathered.place = whole.measurements.size();
                whole.measurements.push_back(one);
                whole.measurements.back().figures.clear();
                whole.measurements.back().ratios.clear();
            }
            join_figures(whole.measurements[gathered.place], one);
            join_ratios(whole.measurements[gathered.place], one, gathered);
        }
    }
    return whole;
}

} // namespace vexfs
