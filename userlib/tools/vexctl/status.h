// SPDX-License-Identifier: Apache-2.0
//
// What `vexctl status` knows of a volume, gathered from its reports, and how it is said.
//
// Threads: pure functions.
#pragma once

#include "userlib/tools/vexctl/mounted.h"

namespace vexfs {

enum class Health { kGood, kDamaged, kSuspended };

struct VolumeStatus {
    Report stats;
    std::optional<Report> config; // root alone may read it
    std::optional<Report> jobs;
    std::string root;
    std::string source;
    std::string front_end; // "fuse"
    double uptime_seconds = 0;
    Health health = Health::kGood;
};

// Seconds since 1970 of "2026-11-21T13:53:23.603Z"; 0 if it is none.
double seconds_of(const std::string& rfc3339);
// "2 d 03:14", "3 h 05 min", "41 s"
std::string duration_text(double seconds);
// "870 ns", "12.3 us", "4.06 ms", "1.5 s"
std::string latency_text(uint64_t nanoseconds);

nlohmann::ordered_json status_json(const VolumeStatus& status);
std::string status_text(const VolumeStatus& status);

} // namespace vexfs
