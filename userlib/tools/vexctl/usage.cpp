// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>

#include "userlib/tools/units/units.h"
#include "userlib/tools/vexctl/command.h"
#include "userlib/tools/vexctl/mounted.h"

namespace vexfs {

namespace {

struct Line {
    const char* name;
    unsigned depth; // its bytes are part of those of the line above with a smaller one
    uint64_t bytes;
    const char* meaning;
};

// What is left of `all` without `part`; a snapshot of moving counters is never below 0.
uint64_t rest(uint64_t all, uint64_t part) {
    return all > part ? all - part : 0;
}

std::array<Line, 6> lines_of(const Report& stats) {
    const uint64_t device = stats.number("/volume/size_bytes");
    const uint64_t capacity = stats.number("/space/capacity_bytes");
    const uint64_t used = stats.number("/space/used_bytes");
    const uint64_t available = stats.number("/space/available_bytes");
    return {{
        {"device", 0, device, "the whole device or image"},
        {"structure", 1, rest(device, capacity), "labels, intent log, maps of free space"},
        {"capacity", 1, capacity, "for files, directories and what finds them"},
        {"used", 2, used, "taken by them, compressed"},
        {"available", 2, available, "what files may still take"},
        {"reserved", 2, rest(capacity, used + available),
         "kept free, so that deleting always works, or not yet given back"},
    }};
}

void print_json(const std::array<Line, 6>& lines, const Mounted& volume, const Report& stats) {
    nlohmann::ordered_json json{{"schema", "vexctl.usage/1"},
                                {"time", stats.text("/time")},
                                {"uuid", stats.text("/volume/uuid")},
                                {"root", volume.root()}};
    for (const Line& line : lines)
        json[std::string(line.name) + "_bytes"] = line.bytes;
    json["unwritten_bytes"] = stats.number("/store/dirty_bytes");
    std::printf("%s\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void print_tabs(const std::array<Line, 6>& lines, const Report& stats) {
    for (const Line& line : lines)
        std::printf("%s\t%llu\n", line.name, static_cast<unsigned long long>(line.bytes));
    std::printf("unwritten\t%llu\n",
                static_cast<unsigned long long>(stats.number("/store/dirty_bytes")));
}

void print_text(const std::array<Line, 6>& lines, const Report& stats) {
    for (const Line& line : lines) {
        const std::string name = std::string(size_t{2} * line.depth, ' ') + line.name;
        std::printf("%-16s %11s  %s\n", name.c_str(), size_text(line.bytes).c_str(), line.meaning);
    }
    std::printf("%s of changes wait in memory and are in none of these\n",
                size_text(stats.number("/store/dirty_bytes")).c_str());
}

Status show(const Invocation& invocation, Failure& failure) {
    const std::string path = invocation.operand(0, ".");
    const Mounted volume = VEXFS_TRY(Mounted::open(path, failure));
    const Report stats = VEXFS_TRY(volume.report("stats.json", failure));
    const std::array<Line, 6> lines = lines_of(stats);
    static_cast<void>(stats.number("/store/dirty_bytes")); // all of it is there, or none is shown
    VEXFS_TRY_VOID(volume.check(stats, "stats.json", failure));
    if (invocation.json())
        print_json(lines, volume, stats);
    else if (invocation.has("tabs"))
        print_tabs(lines, stats);
    else
        print_text(lines, stats);
    return ok();
}

} // namespace

int run_usage(const Invocation& invocation) {
    Failure failure;
    if (const Status shown = show(invocation, failure); !shown)
        return print_failure(failure, "usage", invocation.json(), exit_status_of(failure.code));
    return kDone;
}

} // namespace vexfs
