// SPDX-License-Identifier: Apache-2.0
//
// What a benchmark found of one subject under one set of parameters: figures with their rounds, and
// ratios to peers that took turns with it.
//
// Benchmark, subject and parameters together say what was measured: two files of results are held
// beside each other by them, so none of them may hold what differs from run to run.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "bench/ratio/ratio.h"
#include "bench/result/latency.h"

namespace vexfs {

enum class Better { kMore, kLess, kNeither };

class Parameter {
  public:
    Parameter(std::string_view name, std::string_view value)
        : name_(name), value_(std::string(value)) {}
    Parameter(std::string_view name, const char* value)
        : Parameter(name, std::string_view(value)) {}
    template <typename Number>
    requires std::is_arithmetic_v<Number> Parameter(std::string_view name, Number value)
        : name_(name), value_(static_cast<double>(value)) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::variant<std::string, double>& value() const { return value_; }
    // "l2", "20000", "0.1"
    [[nodiscard]] std::string text() const;
    // 0 of a word.
    [[nodiscard]] double number() const;

  private:
    std::string name_;
    std::variant<std::string, double> value_;
};

struct Figure {
    std::string name; // "throughput"
    std::string unit; // "1/s", "ns", "s", "bytes", "share" (1 is all of it), "count"
    Better better = Better::kNeither;
    std::vector<double> rounds; // one or more; in the order of the rounds

    [[nodiscard]] double median() const { return middle_of(rounds); }
    [[nodiscard]] double low() const;
    [[nodiscard]] double high() const;
};

struct PeerRatio {
    std::string figure;
    std::string peer;
    Ratio ratio; // over 1 is in the subject's favour
};

struct Measurement {
    std::string benchmark; // "ann.curve"
    std::string subject;   // "vexfs"
    bool peer = false;     // somebody else's, measured beside ours
    std::string description;
    std::vector<Parameter> parameters;
    std::vector<Figure> figures;
    std::vector<PeerRatio> ratios;

    // Null if there is none of that name.
    [[nodiscard]] const Figure* figure(std::string_view name) const;
    [[nodiscard]] const Parameter* parameter(std::string_view name) const;
    // The parameter's text; empty if there is none.
    [[nodiscard]] std::string text_of(std::string_view name) const;
    // The same for every measurement of the same thing.
    [[nodiscard]] std::string identity() const;

    void add(std::string_view name, std::string_view unit, Better better,
             std::vector<double> rounds);
    void add(std::string_view name, std::string_view unit, Better better, double value);
    // latency_p50, latency_p90, latency_p99, latency_p99.9 and latency_max. Nothing of no rounds.
    void add_latency(std::span<const Latency> rounds);
};

} // namespace vexfs
