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

// Whether it differs from run to run of the same program on the same data.
bool moves_by_itself(const Figure& figure) {
    return is_time(figure.unit) || figure.name == "resident_memory";
}

std::string data_of(const Measurement& measurement) {
    const std::string set = measurement.text_of("data");
    return set.empty() ? measurement.benchmark.substr(0, measurement.benchmark.find('.')) : set;
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
        Change change{before.identity(), data_of(before),  first.name,         first.unit,
                      before.peer,       spread_of(first), spread_of(*second), Verdict::kSame};
        const bool once =
            moves_by_itself(first) && std::min(first.rounds.size(), second->rounds.size()) < 2;
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
                      data_of(before),
                      first.figure + " over " + first.peer,
                      "x",
                      before.peer,
                      first.ratio,
                      second->ratio,
                      Verdict::kSame};
        const Figure* figure = before.figure(first.figure);
        const bool once = figure == nullptr ||
                          (moves_by_itself(*figure) && (first.ratio.low == first.ratio.high ||
                                                        second->ratio.low == second->ratio.high));
        change.verdict = judge(change, Better::kMore, once, tolerance);
        changes.push_back(std::move(change));
    }
}

// Of after over before; 0 of what was or became nothing.
double movement_of(const Change& change) {
    if (!(change.before.middle > 0) || !(change.after.middle > 0))
        return 0;
    return std::log(change.after.middle / change.before.middle);
}

// What 95 in 100 do not exceed. At least one; reorders them.
double most_of(std::vector<double>& values) {
    constexpr double kShare = 0.95;
    std::sort(values.begin(), values.end());
    const auto rank = std::ceil(kShare * static_cast<double>(values.size()));
    return values[static_cast<size_t>(rank) - 1];
}

std::vector<Noise> noise_of_peers(const std::vector<Change>& changes) {
    std::map<std::pair<std::string, std::string>, std::vector<double>> moved;
    for (const Change& change : changes) {
        if (!change.peer || !is_time(change.unit))
            continue;
        moved[{change.figure, ""}].push_back(movement_of(change));
        moved[{change.figure, change.data}].push_back(movement_of(change));
    }
    std::vector<Noise> noise;
    for (const auto& [figure_and_data, movements] : moved) {
        const auto& [figure, data] = figure_and_data;
        const double middle = middle_of(movements);
        std::vector<double> far;
        std::vector<double> apart;
        for (const double movement : movements) {
            far.push_back(std::abs(movement));
            apart.push_back(std::abs(movement - middle));
        }
        noise.push_back({figure, data, std::exp(most_of(far)), std::exp(most_of(apart))});
    }
    return noise;
}

bool is_within(const Change& change, const Noise& noise) {
    if (!noise.data.empty() && noise.data != change.data)
        return false;
    const double factor = std::exp(std::abs(movement_of(change)));
    if (change.unit == "x")
        return change.figure.starts_with(noise.figure + " over ") && factor <= noise.apart;
    return change.figure == noise.figure && is_time(change.unit) && factor <= noise.factor;
}

bool is_tail(const Change& change) {
    return change.figure == "latency_p99.9" || change.figure == "latency_max";
}

void allow_for(const std::vector<Noise>& noise, std::vector<Change>& changes) {
    for (Change& change : changes) {
        const auto within = [&](const Noise& one) {
            return is_within(change, one);
        };
        const bool is_noise = is_tail(change) || std::any_of(noise.begin(), noise.end(), within);
        if (is_noise && !change.peer)
            change.verdict = Verdict::kSame;
    }
}

std::string noise_text(const std::vector<Noise>& noise) {
    std::string text;
    for (const Noise& one : noise) {
        if (!one.data.empty())
            continue;
        char factor[32];
        std::snprintf(factor, sizeof factor, " %.2fx", one.factor);
        text += (text.empty() ? "" : ", ") + one.figure + factor;
    }
    return text.empty() ? ""
                        : "95 in 100 figures of peers moved by no more than: " + text +
                              "; what of ours moved less, or less than those on the same data, is "
                              "the same\n";
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
    if (tolerance.noise) {
        comparison.noise = noise_of_peers(comparison.changes);
        allow_for(comparison.noise, comparison.changes);
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
    text += noise_text(comparison.noise);
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
