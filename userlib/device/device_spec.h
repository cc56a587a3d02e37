// SPDX-License-Identifier: Apache-2.0
//
// What a stack of devices is made of, and its JSON form.
//
//     {"type": "file", "path": "/dev/vdb", "direct": true, "engine": "auto" | "io_uring" | "sync"}
//     {"type": "ram", "size_bytes": 1048576}
//     {"type": "part", "offset_bytes": 4096, "size_bytes": 8192, "child": {...}}
//     {"type": "record", "child": {...}}
//     {"type": "fault", "seed": 1, "write_cache": false, "rules": [...], "child": {...}}
//     a rule: {"kind": "io_error", "op": "read", "first_block": 0, "last_block": 7, "at": 1,
//              "every": 3, "probability": 0.5, "sticky": false}
//
// A key that is left out has its default; an unknown key is an error. The dump leaves defaults out
// and otherwise gives back what was parsed.
//
// Threads: values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userlib/device/fault_device.h"
#include "userlib/device/file_device.h"

namespace vexfs {

struct DeviceSpec {
    enum class Type : uint8_t { kFile, kRam, kPart, kRecord, kFault };
    static constexpr size_t kDepthMax = 16;

    Type type = Type::kFile;
    std::string path;                      // file
    bool direct = true;                    // file
    FileEngine engine = FileEngine::kAuto; // file
    uint64_t offset_bytes = 0;             // part
    uint64_t size_bytes = 0;               // ram, part
    FaultPlan faults;                      // fault
    std::vector<DeviceSpec> children;      // one for part, record and fault
};

// EINVAL with an explanation that names the key.
Result<DeviceSpec> parse_device_spec(std::string_view json, std::string& explanation);

// On one line. Bytes of a path that are no UTF-8 are replaced.
std::string to_json(const DeviceSpec& spec);

} // namespace vexfs
