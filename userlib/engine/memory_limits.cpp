// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/memory_limits.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace vexfs {

namespace {

constexpr uint64_t kKib = 1024;

// The number that a file begins with; "max" is none.
std::optional<uint64_t> number_in(const std::string& path) {
    std::ifstream file(path);
    uint64_t value = 0;
    return file >> value ? std::optional(value) : std::nullopt;
}

// The number behind a word at the begin of a line.
std::optional<uint64_t> number_behind(const std::string& path, const std::string& word) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string first;
        uint64_t value = 0;
        if (words >> first && first == word && words >> value)
            return value;
    }
    return std::nullopt;
}

// As in "full avg10=1.23 avg60=...".
double stalled_percent_in(const std::string& path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        constexpr std::string_view kBegin = "full avg10=";
        double percent = 0;
        if (line.starts_with(kBegin) &&
            std::from_chars(line.data() + kBegin.size(), line.data() + line.size(), percent).ec ==
                std::errc{})
            return percent;
    }
    return 0;
}

bool is_there(const std::string& path) {
    return std::ifstream(path).good();
}

} // namespace

MemoryLimits::MemoryLimits(std::string root)
    : root_(std::move(root)), pressure_(root_ + "/proc/pressure/memory") {
    const std::string groups = root_ + "/sys/fs/cgroup";
    std::ifstream file(root_ + "/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const size_t first = line.find(':');
        const size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const std::string path = line.substr(second + 1);
        if (controllers.find(",memory,") != std::string::npos)
            add_groups(groups + "/memory", path,
                       {"memory.limit_in_bytes",
                        "memory.none",
                        "memory.usage_in_bytes",
                        "memory.stat",
                        {"total_inactive_file", "total_active_file"}});
        if (controllers == ",,") {
            add_groups(groups, path,
                       {"memory.max",
                        "memory.high",
                        "memory.current",
                        "memory.stat",
                        {"inactive_file", "active_file", "slab_reclaimable"}});
            if (is_there(groups + path + "/memory.pressure"))
                pressure_ = groups + path + "/memory.pressure";
        }
    }
}

// The group and those that it is in. In a container the path may be that of somebody else's view:
// then only the uppermost is there.
void MemoryLimits::add_groups(const std::string& top, std::string path, const Group& names) {
    for (;;) {
        const std::string folder = top + path + "/";
        if (is_there(folder + names.limit))
            groups_.push_back({folder + names.limit, folder + names.throttle, folder + names.usage,
                               folder + names.stat, names.left});
        const size_t slash = path.rfind('/');
        if (path.empty() || slash == std::string::npos)
            return;
        path.resize(slash);
    }
}

std::vector<MemoryRoom> MemoryLimits::rooms() const {
    std::vector<MemoryRoom> rooms;
    for (const Group& group : groups_) {
        const uint64_t limit = std::min(number_in(group.limit).value_or(UINT64_MAX),
                                        number_in(group.throttle).value_or(UINT64_MAX));
        const std::optional<uint64_t> usage = number_in(group.usage);
        if (limit == UINT64_MAX || !usage)
            continue;
        uint64_t used = *usage;
        for (const std::string& kind : group.left)
            used -= std::min(used, number_behind(group.stat, kind).value_or(0));
        rooms.push_back({limit, limit - std::min(limit, used)});
    }
    const std::string machine = root_ + "/proc/meminfo";
    const std::optional<uint64_t> total = number_behind(machine, "MemTotal:");
    const std::optional<uint64_t> available = number_behind(machine, "MemAvailable:");
    if (total && available)
        rooms.push_back({*total * kKib, *available * kKib});
    return rooms;
}

double MemoryLimits::stalled_percent() const {
    return stalled_percent_in(pressure_);
}

} // namespace vexfs
