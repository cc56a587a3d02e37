// SPDX-License-Identifier: Apache-2.0
//
// Reads documents of results. Every member is asked for by its place in the document, so that a
// complaint names it: "runs[2].measurements[0].figures[1].unit is missing".
//
// Threads: pure.
#include <nlohmann/json.hpp>

#include "bench/result/result_file.h"

namespace vexfs {
namespace {

using Json = nlohmann::ordered_json;

class Reader {
  public:
    explicit Reader(std::string& complaint) : complaint_(complaint) {}

    bool machine(const Json& json, Machine& machine);
    bool run(const Json& json, const std::string& where, BenchRun& run);
    bool text(const Json& json, const std::string& where, const char* name, std::string& into);
    // The array `name` of `json`, element by element.
    template <typename Element, typename Take>
    bool each(const Json& json, const std::string& where, const char* name,
              std::vector<Element>& into, Take take);

  private:
    bool wrong(const std::string& where, const char* what) {
        complaint_ = where + " " + what;
        return false;
    }
    bool number(const Json& json, const std::string& where, const char* name, double& into);
    bool parameters(const Json& json, const std::string& where, std::vector<Parameter>& into);
    bool figure(const Json& json, const std::string& where, Figure& figure);
    bool ratio(const Json& json, const std::string& where, PeerRatio& ratio);
    bool measurement(const Json& json, const std::string& where, Measurement& measurement);

    std::string& complaint_;
};

std::string inside(const std::string& where, const char* name) {
    return where.empty() ? std::string(name) : where + "." + name;
}

bool Reader::text(const Json& json, const std::string& where, const char* name, std::string& into) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string())
        return wrong(inside(where, name), "is no text");
    into = found->get<std::string>();
    return true;
}

bool Reader::number(const Json& json, const std::string& where, const char* name, double& into) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_number())
        return wrong(inside(where, name), "is no number");
    into = found->get<double>();
    return true;
}

template <typename Element, typename Take>
bool Reader::each(const Json& json, const std::string& where, const char* name,
                  std::vector<Element>& into, Take take) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_array())
        return wrong(inside(where, name), "is no array");
    for (size_t i = 0; i < found->size(); ++i) {
        const std::string place = inside(where, name) + "[" + std::to_string(i) + "]";
        if (!take((*found)[i], place, into.emplace_back()))
            return false;
    }
    return true;
}

bool Reader::machine(const Json& json, Machine& machine) {
    double processors = 0;
    double memory_bytes = 0;
    if (!json.is_object())
        return wrong("machine", "is no object");
    if (!text(json, "machine", "processor", machine.processor) ||
        !number(json, "machine", "processors", processors) ||
        !text(json, "machine", "caches", machine.caches) ||
        !number(json, "machine", "memory_bytes", memory_bytes) ||
        !text(json, "machine", "kernel", machine.kernel) ||
        !text(json, "machine", "compiler", machine.compiler))
        return false;
    if (!(processors >= 0 && processors <= 1e6) || !(memory_bytes >= 0 && memory_bytes <= 1e18))
        return wrong("machine", "has counts out of range");
    // A member that was added to the schema: older files lack it.
    if (json.contains("counters") && !text(json, "machine", "counters", machine.counters))
        return false;
    machine.processors = static_cast<uint32_t>(processors);
    machine.memory_bytes = static_cast<uint64_t>(memory_bytes);
    return true;
}

bool Reader::parameters(const Json& json, const std::string& where, std::vector<Parameter>& into) {
    const auto found = json.find("parameters");
    if (found == json.end() || !found->is_object())
        return wrong(inside(where, "parameters"), "is no object");
    for (const auto& [name, value] : found->items()) {
        if (value.is_string())
            into.emplace_back(name, value.get<std::string>());
        else if (value.is_number())
            into.emplace_back(name, value.get<double>());
        else
            return wrong(inside(where, "parameters.") + name, "is neither text nor number");
    }
    return true;
}

bool Reader::figure(const Json& json, const std::string& where, Figure& figure) {
    std::string better;
    if (!text(json, where, "name", figure.name) || !text(json, where, "unit", figure.unit) ||
        !text(json, where, "better", better))
        return false;
    if (better != "more" && better != "less" && better != "neither")
        return wrong(inside(where, "better"), "is none of more, less, neither");
    figure.better = better == "more"   ? Better::kMore
                    : better == "less" ? Better::kLess
                                       : Better::kNeither;
    const auto take = [&](const Json& value, const std::string& place, double& round) {
        if (!value.is_number())
            return wrong(place, "is no number");
        round = value.get<double>();
        return true;
    };
    if (!each(json, where, "rounds", figure.rounds, take))
        return false;
    return !figure.rounds.empty() || wrong(inside(where, "rounds"), "is empty");
}

bool Reader::ratio(const Json& json, const std::string& where, PeerRatio& ratio) {
    return text(json, where, "figure", ratio.figure) && text(json, where, "peer", ratio.peer) &&
           number(json, where, "min", ratio.ratio.low) &&
           number(json, where, "median", ratio.ratio.middle) &&
           number(json, where, "max", ratio.ratio.high);
}

bool Reader::measurement(const Json& json, const std::string& where, Measurement& measurement) {
    if (!text(json, where, "benchmark", measurement.benchmark) ||
        !text(json, where, "subject", measurement.subject) ||
        !text(json, where, "description", measurement.description) ||
        !parameters(json, where, measurement.parameters))
        return false;
    const auto peer = json.find("peer");
    if (peer == json.end() || !peer->is_boolean())
        return wrong(inside(where, "peer"), "is neither true nor false");
    measurement.peer = peer->get<bool>();
    const auto one_figure = [&](const Json& value, const std::string& place, Figure& into) {
        return figure(value, place, into);
    };
    const auto one_ratio = [&](const Json& value, const std::string& place, PeerRatio& into) {
        return ratio(value, place, into);
    };
    return each(json, where, "figures", measurement.figures, one_figure) &&
           each(json, where, "ratios", measurement.ratios, one_ratio);
}

bool Reader::run(const Json& json, const std::string& where, BenchRun& run) {
    const auto one = [&](const Json& value, const std::string& place, Measurement& into) {
        return measurement(value, place, into);
    };
    return text(json, where, "command", run.command) && text(json, where, "setting", run.setting) &&
           each(json, where, "measurements", run.measurements, one);
}

} // namespace

std::optional<ResultFile> parse_results(std::string_view text, std::string& complaint) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) {
        complaint = "is no JSON document";
        return std::nullopt;
    }
    Reader reader(complaint);
    std::string schema;
    if (!reader.text(json, "", "schema", schema))
        return std::nullopt;
    if (schema != kResultSchema) {
        complaint = "schema is '" + schema + "', not '" + kResultSchema + "'";
        return std::nullopt;
    }
    ResultFile file;
    const auto machine = json.find("machine");
    const auto one = [&](const Json& value, const std::string& place, BenchRun& into) {
        return reader.run(value, place, into);
    };
    if (!reader.machine(machine == json.end() ? Json() : *machine, file.machine) ||
        !reader.text(json, "", "commit", file.machine.commit) ||
        !reader.each(json, "", "runs", file.runs, one))
        return std::nullopt;
    return file;
}

} // namespace vexfs
