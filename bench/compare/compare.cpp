// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace vexfs {
namespace {

using ByIdentity = std::map<std::string, const Measurement*>;

// A measurement that stands there twice counts as its last one.
ByIdentity by_identity(const ResultFile& file) {
    ByIdentity all;
    for (const BenchRun& run : file.runs) {
        for (const Measurement& one : run.measurements)
            all[one.identity()] = &one;
    }
    return all;
}

Ratio spread_of(const Figure& figure) {
    return {figure.median(), figure.low(), figure.high()};
}

bool is_time(const std::string& unit) {
    return unit == "ns" || unit == "s" || unit == "1/s";
}

Verdict judge(const Change& change, Better better, bool once, const Tolerance& tolerance) {
    const double moved = change.after.middle - change.before.middle;
    if (change.unit == "share") {
        if (std::abs(moved) <= tolerance.share)
            return Verdict::kSame;
    } else {
        const double percent = once ? tolerance.once_percent : tolerance.percent;
        if (std::abs(moved) <= std::abs(change.before.middle) * percent / 100)
            return Verdict::kSame;
    }
    if (change.before.low <= change.after.high && change.after.low <= change.before.high)
        return Verdict::kSame;
    return (moved > 0) == (better == Better::kMore) ? Verdict::kBetter : Verdict::kWorse;
}

void compare_figures(const Measurement& before, const Measurement& after,
                     const Tolerance& tolerance, std::vector<Change>& changes) {
    for (const Figure& first : before.figures) {
        const Figure* second = after.figure(first.name);
        if (second == nullptr || first.better == Better::kNeither || first.unit != second->unit)
            continue;
        Change change{before.identity(), first.name,         first.unit,    before.peer,
                      spread_of(first),  spread_of(*second), Verdict::kSame};
        const bool once =
            is_time(first.unit) && std::min(first.rounds.size(), second->rounds.size()) < 2;
        change.verdict = judge(change, first.better, once, tolerance);
        changes.push_back(std::move(change));
    }
}

void compare_ratios(const Measurement& before, const Measurement& after, const Tolerance& tolerance,
                    std::vector<Change>& changes) {
    for (const PeerRatio& first : before.ratios) {
        const auto second =
            std::find_if(after.ratios.begin(), after.ratios.end(), [&](const PeerRatio& ratio) {
                return ratio.figure == first.figure && ratio.peer == first.peer;
            });
        if (second == after.ratios.end())
            continue;
        Change change{before.identity(),
                      first.figure + " over " + first.peer,
                      "x",
                      before.peer,
                      first.ratio,
                      second->ratio,
                      Verdict::kSame};
        const Figure* figure = before.figure(first.figure);
        const bool once = figure == nullptr ||
                          (is_time(figure->unit) && (first.ratio.low == first.ratio.high ||
                                                     second->ratio.low == second->ratio.high));
        change.verdict = judge(change, Better::kMore, once, tolerance);
        changes.push_back(std::move(change));
    }
}

std::string spread_text(const Ratio& spread) {
    char text[96];
    std::snprintf(text, sizeof text, "%.5g (%.5g..%.5g)", spread.middle, spread.low, spread.high);
    return text;
}

std::string line_of(const Change& change) {
    const char* word = change.verdict == Verdict::kWorse    ? "worse "
                       : change.verdict == Verdict::kBetter ? "better"
                                                            : "same  ";
    char percent[32] = "";
    if (change.before.middle != 0)
        std::snprintf(percent, sizeof percent, "  %+.1f%%",
                      (change.after.middle / change.before.middle - 1) * 100);
    return word + std::string(change.peer ? " peer  " : "  ") + change.figure + "  " +
           spread_text(change.before) + " -> " + spread_text(change.after) + " " + change.unit +
           percent + "\n        " + change.identity + "\n";
}

} // namespace

size_t Comparison::count(Verdict verdict) const {
    return static_cast<size_t>(
        std::count_if(changes.begin(), changes.end(), [&](const Change& change) {
            return !change.peer && change.verdict == verdict;
        }));
}

Comparison compare(const ResultFile& before, const ResultFile& after, const Tolerance& tolerance) {
    const ByIdentity first = by_identity(before);
    const ByIdentity second = by_identity(after);
    Comparison comparison;
    for (const auto& [identity, measurement] : first) {
        const auto found = second.find(identity);
        if (found == second.end()) {
            comparison.missing.push_back(identity);
            continue;
        }
        compare_figures(*measurement, *found->second, tolerance, comparison.changes);
        compare_ratios(*measurement, *found->second, tolerance, comparison.changes);
    }
    for (const auto& [identity, measurement] : second) {
        if (!first.contains(identity))
            comparison.added.push_back(identity);
    }
    return comparison;
}

std::string text_of(const Comparison& comparison, bool all) {
    std::string text;
    for (const Verdict verdict : {Verdict::kWorse, Verdict::kBetter, Verdict::kSame}) {
        for (const Change& change : comparison.changes) {
            const bool shown = all || (!change.peer && verdict != Verdict::kSame);
            if (shown && change.verdict == verdict)
                text += line_of(change);
        }
    }
    for (const std::string& identity : comparison.missing)
        text += "only in the first   " + identity + "\n";
    for (const std::string& identity : comparison.added)
        text += "only in the second  " + identity + "\n";
    size_t peers = 0;
    size_t moved = 0;
    for (const Change& change : comparison.changes) {
        peers += change.peer ? 1 : 0;
        moved += change.peer && change.verdict != Verdict::kSame ? 1 : 0;
    }
    text += std::to_string(comparison.count(Verdict::kWorse)) + " worse, " +
            std::to_string(comparison.count(Verdict::kBetter)) + " better, " +
            std::to_string(comparison.count(Verdict::kSame)) + " the same";
    if (peers > 0)
        text += "; of " + std::to_string(peers) + " figures of peers " +
                (moved == 0 ? "none moved"
                            : std::to_string(moved) + " moved, which is the machine's doing");
    return text + "\n";
}

} // namespace vexfs
