// SPDX-License-Identifier: Apache-2.0
#include "bench/result/measurement.h"

#include <algorithm>
#include <charconv>

namespace vexfs {
namespace {

struct Percentile {
    const char* name;
    uint64_t Latency::*member;
};

constexpr Percentile kPercentiles[] = {{"latency_p50", &Latency::p50_ns},
                                       {"latency_p90", &Latency::p90_ns},
                                       {"latency_p99", &Latency::p99_ns},
                                       {"latency_p99.9", &Latency::p999_ns},
                                       {"latency_max", &Latency::max_ns}};

template <typename Named>
const Named* find(const std::vector<Named>& among, std::string_view name) {
    const auto found = std::find_if(among.begin(), among.end(), [&](const Named& one) {
        if constexpr (std::is_same_v<Named, Parameter>)
            return one.name() == name;
        else
            return one.name == name;
    });
    return found == among.end() ? nullptr : &*found;
}

} // namespace

std::string Parameter::text() const {
    if (const auto* word = std::get_if<std::string>(&value_))
        return *word;
    char digits[32];
    const auto [end, error] =
        std::to_chars(digits, digits + sizeof digits, number(), std::chars_format::general, 15);
    return error == std::errc{} ? std::string(digits, end) : std::string("?");
}

double Parameter::number() const {
    const auto* number = std::get_if<double>(&value_);
    return number == nullptr ? 0 : *number;
}

double Figure::low() const {
    return rounds.empty() ? 0 : *std::min_element(rounds.begin(), rounds.end());
}

double Figure::high() const {
    return rounds.empty() ? 0 : *std::max_element(rounds.begin(), rounds.end());
}

const Figure* Measurement::figure(std::string_view name) const {
    return find(figures, name);
}

const Parameter* Measurement::parameter(std::string_view name) const {
    return find(parameters, name);
}

std::string Measurement::text_of(std::string_view name) const {
    const Parameter* found = parameter(name);
    return found == nullptr ? std::string() : found->text();
}

std::string Measurement::identity() const {
    std::vector<std::string> words;
    for (const Parameter& parameter : parameters)
        words.push_back(parameter.name() + "=" + parameter.text());
    std::sort(words.begin(), words.end());
    std::string text = benchmark + " " + subject;
    for (const std::string& word : words)
        text += " " + word;
    return text;
}

void Measurement::add(std::string_view name, std::string_view unit, Better better,
                      std::vector<double> rounds) {
    figures.push_back({std::string(name), std::string(unit), better, std::move(rounds)});
}

void Measurement::add(std::string_view name, std::string_view unit, Better better, double value) {
    add(name, unit, better, std::vector<double>{value});
}

void Measurement::add_latency(std::span<const Latency> rounds) {
    if (rounds.empty())
        return;
    for (const Percentile& percentile : kPercentiles) {
        std::vector<double> values;
        for (const Latency& round : rounds)
            values.push_back(static_cast<double>(round.*percentile.member));
        add(percentile.name, "ns", Better::kLess, std::move(values));
    }
}

} // namespace vexfs
