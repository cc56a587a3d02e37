// SPDX-License-Identifier: Apache-2.0
#include "bench/counts/counts.h"

#include <cstdio>

namespace vexfs {

Measurement counts_of(const std::string& name, const std::string& description,
                      std::vector<Parameter> parameters, uint64_t violations) {
    Measurement measurement{"reliability." + name, "vexfs", false, description,
                            std::move(parameters), {},      {}};
    measurement.add("violations", "count", Better::kLess, static_cast<double>(violations));
    return measurement;
}

void add_count(Measurement& measurement, const char* what, uint64_t count) {
    measurement.add(what, "count", Better::kNeither, static_cast<double>(count));
}

bool write_figures(const std::string& path, int argc, const char* const* argv,
                   std::vector<Measurement> measurements) {
    if (path.empty())
        return true;
    const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
    std::string complaint;
    const ResultFile file{this_machine(), {{command_line(arguments), "", std::move(measurements)}}};
    if (replace_file(path, json_of(file), complaint))
        return true;
    std::fprintf(stderr, "%s\n", complaint.c_str());
    return false;
}

} // namespace vexfs
