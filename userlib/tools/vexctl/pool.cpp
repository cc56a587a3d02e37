// SPDX-License-Identifier: Apache-2.0
//
// Where blocks are found, what compression makes of them, and how the pools of those that are kept
// as they are stored, and of compressed ones, are filled.
#include <array>
#include <cstdio>

#include "userlib/tools/units/units.h"
#include "userlib/tools/vexctl/command.h"
#include "userlib/tools/vexctl/mounted.h"

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;

std::string percent_text(uint64_t part, uint64_t whole) {
    if (whole == 0)
        return "-";
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.1f%%",
                  100 * static_cast<double>(part) / static_cast<double>(whole));
    return text.data();
}

void print_tier(const Report& stats, const char* name) {
    const std::string place = std::string("/cache/") + name;
    const uint64_t hits = stats.number(place + "/hits");
    const uint64_t asked = hits + stats.number(place + "/misses");
    std::printf("%-12s %10s in %llu blocks, %s of %llu lookups found\n", name,
                size_text(stats.number(place + "/bytes")).c_str(),
                static_cast<unsigned long long>(stats.number(place + "/blocks")),
                percent_text(hits, asked).c_str(), static_cast<unsigned long long>(asked));
}

// "vectors           50.0% of 12 MiB"
void print_ratio(const char* name, uint64_t became, uint64_t plain) {
    std::printf("%-12s %10s of %s\n", name, percent_text(became, plain).c_str(),
                size_text(plain).c_str());
}

void print_pool(const Json& json, const char* without) {
    if (!json.is_object()) {
        std::printf("%-12s none: %s\n", "pool", without);
        return;
    }
    const Report pool(json);
    const uint64_t page = pool.number("/page_bytes");
    const auto density = [&](uint64_t bytes, uint64_t pages) {
        return percent_text(bytes, pages * page);
    };
    const uint64_t used = pool.number("/pages") - pool.number("/spare_pages");
    std::printf(
        "%-12s %10s  %llu objects of %s in %llu pages, filled by %s\n", "pool",
        pool.text("/driver").c_str(), static_cast<unsigned long long>(pool.number("/objects")),
        size_text(pool.number("/object_bytes")).c_str(), static_cast<unsigned long long>(used),
        density(pool.number("/object_bytes"), used).c_str());
    for (const Json& each : pool.part("/classes")) {
        const Report one(each);
        const uint64_t objects = one.number("/objects");
        std::printf("  up to %10s  %llu objects in %llu pages, places taken %s\n",
                    size_text(one.number("/object_bytes")).c_str(),
                    static_cast<unsigned long long>(objects),
                    static_cast<unsigned long long>(one.number("/pages")),
                    percent_text(objects, one.number("/places")).c_str());
    }
}

void print_text(const Report& stats) {
    std::printf("%-12s %10s at most\n", "cache",
                size_text(stats.number("/cache/bytes_max")).c_str());
    std::printf("%-12s %10s for what is read, compress %s for what is written\n", "volume",
                stats.text("/cache/driver").c_str(), stats.text("/stored/compression").c_str());
    print_tier(stats, "hot");
    print_tier(stats, "stored");
    print_pool(stats.part("/cache/stored/pool"), "nothing was read in pieces yet");
    for (const Json& other : stats.part("/cache/stored/other_pools"))
        print_pool(other, "");
    print_tier(stats, "cold");
    print_ratio("compressed", stats.number("/cache/cold/coded_bytes"),
                stats.number("/cache/cold/plain_bytes"));
    print_pool(stats.part("/cache/pool"), "the volume is mounted without cold=");
    for (const Json& other : stats.part("/cache/other_pools"))
        print_pool(other, "");
    for (const char* const kind : {"vectors", "data"}) {
        const std::string place = std::string("/stored/") + kind;
        print_ratio(kind, stats.number(place + "/stored_bytes"),
                    stats.number(place + "/plain_bytes"));
    }
    std::puts("stored: pieces of vectors and files, as they are on the disk; the hot tier counts "
              "them, too");
    std::puts("vectors, data: what was written since the engine started takes so much on the disk");
}

Status show(const Invocation& invocation, Failure& failure) {
    const std::string path = invocation.operand(1, ".");
    const Mounted volume = VEXFS_TRY(Mounted::open(path, failure));
    const Report stats = VEXFS_TRY(volume.report("stats.json", failure));
    // All of it is there, or none is shown.
    for (const char* const place : {"/cache/bytes_max", "/cache/stored/bytes",
                                    "/cache/cold/plain_bytes", "/stored/data/stored_bytes"})
        static_cast<void>(stats.number(place));
    VEXFS_TRY_VOID(volume.check(stats, "stats.json", failure));
    if (!invocation.json()) {
        print_text(stats);
        return ok();
    }
    const Json json{{"schema", "vexctl.pool/1"},
                    {"time", stats.text("/time")},
                    {"root", volume.root()},
                    {"cache", stats.part("/cache")},
                    {"stored", stats.part("/stored")}};
    std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return ok();
}

} // namespace

int run_pool(const Invocation& invocation) {
    Failure failure;
    if (const Status shown = show(invocation, failure); !shown)
        return print_failure(failure, "pool", invocation.json(), exit_status_of(failure.code));
    return kDone;
}

} // namespace vexfs
