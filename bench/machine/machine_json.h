// SPDX-License-Identifier: Apache-2.0
//
// The machine as JSON, the same in every report.
//
// Threads: pure.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/machine/machine.h"

namespace vexfs {

inline nlohmann::ordered_json json_of_machine(const Machine& machine) {
    return {{"processor", machine.processor}, {"processors", machine.processors},
            {"caches", machine.caches},       {"memory_bytes", machine.memory_bytes},
            {"kernel", machine.kernel},       {"compiler", machine.compiler}};
}

} // namespace vexfs
