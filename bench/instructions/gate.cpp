// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/gate.h"

#include <algorithm>
#include <cstdio>

#include "bench/instructions/cases.h"

namespace vexfs {
namespace {

constexpr const char* kRenew =
    "If that is meant, record the counts again and say in the commit why:\n"
    "  ./dev bench instructions --json >bench/baseline/instructions.json.new &&\n"
    "  mv bench/baseline/instructions.json.new bench/baseline/instructions.json\n";

const Measurement* find(const std::vector<Measurement>& all, const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Measurement& one) {
        return one.text_of("case") == name && one.figure("instructions") != nullptr;
    });
    return found == all.end() ? nullptr : &*found;
}

double count_of(const Measurement& one) {
    return one.figure("instructions")->median();
}

std::string line_of(const char* verdict, const std::string& name, double before, double after,
                    double change) {
    char line[160];
    std::snprintf(line, sizeof line, "%-8s %-16s %12.0f -> %12.0f instructions, %+.2f percent\n",
                  verdict, name.c_str(), before, after, change);
    return line;
}

} // namespace

std::vector<Measurement> instruction_results(const std::vector<uint64_t>& counts) {
    std::vector<Measurement> all;
    for (const CountedCase& one : all_cases()) {
        if (all.size() == counts.size())
            break;
        Measurement measurement{"instructions",       "vexfs", false, one.about,
                                {{"case", one.name}}, {},      {}};
        measurement.add("instructions", "count", Better::kLess,
                        static_cast<double>(counts[all.size()]));
        all.push_back(std::move(measurement));
    }
    return all;
}

GateVerdict hold_against(const std::vector<Measurement>& recorded,
                         const std::vector<Measurement>& measured, double percent) {
    GateVerdict verdict{true, {}};
    for (const Measurement& one : measured) {
        const std::string name = one.text_of("case");
        const Measurement* before = find(recorded, name);
        if (before == nullptr || one.figure("instructions") == nullptr) {
            verdict.text += "NEW      " + name + " is not recorded\n";
            verdict.passed = false;
            continue;
        }
        const double change = (count_of(one) / count_of(*before) - 1) * 100;
        const bool grew = change > percent;
        verdict.text += line_of(grew                ? "GREW"
                                : change < -percent ? "shrank"
                                                    : "same",
                                name, count_of(*before), count_of(one), change);
        verdict.passed = verdict.passed && !grew;
    }
    for (const Measurement& one : recorded) {
        if (find(measured, one.text_of("case")) != nullptr)
            continue;
        verdict.text += "GONE     " + one.text_of("case") + " is recorded and was not counted\n";
        verdict.passed = false;
    }
    if (!verdict.passed)
        verdict.text += kRenew;
    return verdict;
}

} // namespace vexfs
