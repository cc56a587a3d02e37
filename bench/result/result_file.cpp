// SPDX-License-Identifier: Apache-2.0
#include "bench/result/result_file.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace vexfs {
namespace {

using Json = nlohmann::ordered_json;

const char* word_of(Better better) {
    return better == Better::kMore ? "more" : better == Better::kLess ? "less" : "neither";
}

Json json_of_machine(const Machine& machine) {
    return {{"processor", machine.processor}, {"processors", machine.processors},
            {"caches", machine.caches},       {"memory_bytes", machine.memory_bytes},
            {"kernel", machine.kernel},       {"compiler", machine.compiler},
            {"counters", machine.counters}};
}

// 20000 rather than 20000.0.
Json json_of_parameter(const Parameter& parameter) {
    const auto* number = std::get_if<double>(&parameter.value());
    if (number == nullptr)
        return parameter.text();
    if (std::abs(*number) < 1e15 && std::floor(*number) == *number)
        return static_cast<int64_t>(*number);
    return *number;
}

Json json_of_measurement(const Measurement& measurement) {
    Json parameters = Json::object();
    for (const Parameter& parameter : measurement.parameters)
        parameters[parameter.name()] = json_of_parameter(parameter);
    Json figures = Json::array();
    for (const Figure& figure : measurement.figures)
        figures.push_back({{"name", figure.name},
                           {"unit", figure.unit},
                           {"better", word_of(figure.better)},
                           {"rounds", figure.rounds},
                           {"min", figure.low()},
                           {"median", figure.median()},
                           {"max", figure.high()}});
    Json ratios = Json::array();
    for (const PeerRatio& ratio : measurement.ratios)
        ratios.push_back({{"figure", ratio.figure},
                          {"peer", ratio.peer},
                          {"min", ratio.ratio.low},
                          {"median", ratio.ratio.middle},
                          {"max", ratio.ratio.high}});
    return {{"benchmark", measurement.benchmark},
            {"subject", measurement.subject},
            {"peer", measurement.peer},
            {"description", measurement.description},
            {"parameters", parameters},
            {"figures", figures},
            {"ratios", ratios}};
}

} // namespace

std::string json_of(const ResultFile& file) {
    Json runs = Json::array();
    for (const BenchRun& run : file.runs) {
        Json measurements = Json::array();
        for (const Measurement& measurement : run.measurements)
            measurements.push_back(json_of_measurement(measurement));
        runs.push_back(
            {{"command", run.command}, {"setting", run.setting}, {"measurements", measurements}});
    }
    const Json whole = {{"schema", kResultSchema},
                        {"commit", file.machine.commit},
                        {"machine", json_of_machine(file.machine)},
                        {"runs", runs}};
    // A file name need not be UTF-8: what is not is replaced and the document stays valid.
    return whole.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<ResultFile> read_results(const std::string& path, std::string& complaint) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    if (!(text << stream.rdbuf()) || stream.bad()) {
        complaint = path + ": cannot be read";
        return std::nullopt;
    }
    std::optional<ResultFile> file = parse_results(text.str(), complaint);
    if (!file)
        complaint = path + ": " + complaint;
    return file;
}

bool replace_file(const std::string& path, std::string_view text, std::string& complaint) {
    const std::string draft = path + ".part";
    std::ofstream stream(draft, std::ios::binary | std::ios::trunc);
    stream << text << std::flush;
    stream.close();
    if (stream && std::rename(draft.c_str(), path.c_str()) == 0)
        return true;
    complaint = path + ": cannot be written (" + name_of(code_from_errno(errno)) + ")";
    return false;
}

} // namespace vexfs
