// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "userlib/tools/units/units.h"
#include "userlib/tools/vexctl/status.h"

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kMinute = 60;
constexpr double kHour = 60 * kMinute;
constexpr double kDay = 24 * kHour;

const char* name_of_health(Health health) {
    switch (health) {
    case Health::kGood:
        return "good";
    case Health::kDamaged:
        return "damaged";
    case Health::kSuspended:
        return "suspended";
    }
    return "unknown";
}

// Line by line, with the names in a column of their own.
class Lines {
  public:
    void add(const std::string& name, const std::string& value) {
        text_ += name + std::string(name.size() < 11 ? 11 - name.size() : 1, ' ') + value + "\n";
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

std::string count_text(uint64_t count, const char* what) {
    return std::to_string(count) + " " + what;
}

std::string fixed(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), value < 10 ? "%.2f" : "%.0f", value);
    return text.data();
}

// Name, count, failed, rate and latencies of each kind of request that came.
Json requests_of(const VolumeStatus& status) {
    Json list = Json::array();
    const Json requests = status.stats.part("/requests");
    for (const auto& [name, ignored] : requests.items()) {
        const std::string place = "/requests/" + name;
        const uint64_t count = status.stats.number(place + "/latency_ns/count");
        if (count == 0)
            continue;
        const double rate =
            status.uptime_seconds > 0 ? static_cast<double>(count) / status.uptime_seconds : 0;
        list.push_back({{"name", name},
                        {"count", count},
                        {"failed", status.stats.number(place + "/failed")},
                        {"per_second", rate},
                        {"p50_ns", status.stats.number(place + "/latency_ns/p50")},
                        {"p99_ns", status.stats.number(place + "/latency_ns/p99")},
                        {"max_ns", status.stats.number(place + "/latency_ns/max")}});
    }
    return list;
}

std::string damage_text(const Report& stats) {
    const uint64_t rescued = stats.number("/store/damage/nodes_rescued");
    const uint64_t nodes = stats.number("/store/damage/nodes_lost");
    const uint64_t records = stats.number("/store/damage/records_lost");
    if (rescued + nodes + records == 0)
        return "none met since the engine started";
    return count_text(rescued, "nodes rescued from their second copy, ") +
           count_text(nodes, "nodes lost, ") + count_text(records, "records of files lost");
}

std::string job_text(const Json& job) {
    const Report report(job);
    if (report.text("/name") == "commit")
        return count_text(report.number("/latency_ns/count"), "times, p50 ") +
               latency_text(report.number("/latency_ns/p50")) + ", p99 " +
               latency_text(report.number("/latency_ns/p99"));
    if (job.contains("state"))
        return report.text("/state") + ", " + count_text(report.number("/done"), "of ") +
               count_text(report.number("/total"), "rows, collection ") +
               std::to_string(report.number("/collection_ino"));
    return std::string(report.flag("/running") ? "running, " : "idle, ") +
           count_text(report.number("/slices"), "slices done");
}

void add_store(const Report& stats, Lines& lines) {
    const uint64_t capacity = stats.number("/space/capacity_bytes");
    const uint64_t used = stats.number("/space/used_bytes");
    const double percent =
        capacity > 0 ? 100 * static_cast<double>(used) / static_cast<double>(capacity) : 0;
    lines.add("space", size_text(used) + " used of " + size_text(capacity) + " (" + fixed(percent) +
                           "%), " + size_text(stats.number("/space/available_bytes")) +
                           " available");
    lines.add("unwritten", size_text(stats.number("/store/dirty_bytes")) + " in memory, " +
                               size_text(stats.number("/store/log_bytes")) + " in the log");
    lines.add("memory", size_text(stats.number("/memory/row_bytes")) + " of " +
                            size_text(stats.number("/memory/row_bytes_max")) +
                            " for rows and graphs, " +
                            size_text(stats.number("/memory/cache_bytes")) + " for the cache");
    lines.add("damage", damage_text(stats));
}

void add_devices(const Report& stats, Lines& lines) {
    const Json devices = stats.part("/devices");
    for (size_t i = 0; i < devices.size(); ++i) {
        const std::string place = "/devices/" + std::to_string(i);
        const auto ios = [&](const char* op) {
            return stats.number(place + op + "/ios");
        };
        const auto bytes = [&](const char* op) {
            return size_text(stats.number(place + op + "/bytes"));
        };
        const uint64_t failed = stats.number(place + "/read/failed") +
                                stats.number(place + "/write/failed") +
                                stats.number(place + "/flush/failed");
        lines.add("device", stats.text(place + "/device") + ": " +
                                count_text(ios("/read"), "reads (") + bytes("/read") + "), " +
                                count_text(ios("/write"), "writes (") + bytes("/write") + "), " +
                                count_text(failed, "failed"));
    }
}

std::string request_table(const VolumeStatus& status) {
    std::string text;
    std::array<char, 128> line{};
    const Json requests = requests_of(status);
    if (!requests.empty()) {
        std::snprintf(line.data(), line.size(), "\n%-16s %10s %8s %9s %9s %9s\n", "request",
                      "count", "failed", "each s", "p50", "p99");
        text += line.data();
    }
    for (const Json& each : requests) {
        const Report request(each);
        std::snprintf(line.data(), line.size(), "%-16s %10llu %8llu %9s %9s %9s\n",
                      request.text("/name").c_str(),
                      static_cast<unsigned long long>(request.number("/count")),
                      static_cast<unsigned long long>(request.number("/failed")),
                      fixed(each["per_second"].get<double>()).c_str(),
                      latency_text(request.number("/p50_ns")).c_str(),
                      latency_text(request.number("/p99_ns")).c_str());
        text += line.data();
    }
    return text;
}

} // namespace

double seconds_of(const std::string& rfc3339) {
    tm parts{};
    const char* const rest = ::strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr)
        return 0;
    double fraction = 0;
    double digit = 0.1;
    for (const char* at = rest + 1; *rest == '.' && *at >= '0' && *at <= '9'; ++at, digit /= 10)
        fraction += (*at - '0') * digit;
    return static_cast<double>(::timegm(&parts)) + fraction;
}

std::string duration_text(double seconds) {
    std::array<char, 48> text{};
    const double days = std::floor(seconds / kDay);
    const double hours = std::floor(std::fmod(seconds, kDay) / kHour);
    const double minutes = std::floor(std::fmod(seconds, kHour) / kMinute);
    if (seconds < kMinute)
        std::snprintf(text.data(), text.size(), "%.0f s", std::floor(seconds));
    else if (seconds < kDay)
        std::snprintf(text.data(), text.size(), "%.0f h %02.0f min", hours, minutes);
    else
        std::snprintf(text.data(), text.size(), "%.0f d %02.0f:%02.0f", days, hours, minutes);
    return text.data();
}

std::string latency_text(uint64_t nanoseconds) {
    constexpr std::array<const char*, 4> kUnits{"ns", "us", "ms", "s"};
    auto value = static_cast<double>(nanoseconds);
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit)
        value /= 1000;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), value < 1e6 ? "%.3g %s" : "%.0f %s", value,
                  kUnits[unit]);
    return text.data();
}

Json status_json(const VolumeStatus& status) {
    const Report& stats = status.stats;
    Json json{{"schema", "vexctl.status/1"},
              {"time", stats.text("/time")},
              {"health", name_of_health(status.health)},
              {"volume", stats.part("/volume")},
              {"mount",
               {{"root", status.root}, {"source", status.source}, {"front_end", status.front_end}}},
              {"engine",
               {{"version", stats.text("/engine/version")},
                {"epoch", stats.text("/engine/epoch")},
                {"opened", stats.text("/engine/opened")},
                {"uptime_seconds", status.uptime_seconds},
                {"read_only", stats.flag("/engine/read_only")},
                {"suspended", stats.flag("/store/suspended")}}},
              {"space", stats.part("/space")},
              {"unwritten",
               {{"memory_bytes", stats.number("/store/dirty_bytes")},
                {"log_bytes", stats.number("/store/log_bytes")}}},
              {"damage", stats.part("/store/damage")},
              {"devices", stats.part("/devices")},
              {"requests", requests_of(status)},
              {"config", nullptr},
              {"jobs", nullptr}};
    if (status.config)
        json["config"] = {{"memory_bytes", status.config->number("/memory_bytes")},
                          {"commit_ms", status.config->number("/commit_ms")}};
    if (status.jobs)
        json["jobs"] = status.jobs->part("/jobs");
    return json;
}

std::string status_text(const VolumeStatus& status) {
    const Report& stats = status.stats;
    Lines lines;
    const std::string label = stats.text("/volume/label");
    lines.add("volume", (label.empty() ? "" : "'" + label + "' ") + stats.text("/volume/uuid"));
    lines.add("health", name_of_health(status.health));
    lines.add("mounted", (status.source.empty() ? "out of reach" : status.source + " at ") +
                             status.root + " by " + status.front_end +
                             (stats.flag("/engine/read_only") ? ", read-only" : ", writable"));
    lines.add("engine", stats.text("/engine/version") + ", up " +
                            duration_text(status.uptime_seconds) + ", since " +
                            stats.text("/engine/opened"));
    if (status.config)
        lines.add("settings", size_text(status.config->number("/memory_bytes")) +
                                  " of memory, commit every " +
                                  latency_text(status.config->number("/commit_ms") * 1'000'000));
    add_store(stats, lines);
    add_devices(stats, lines);
    if (status.jobs)
        for (const Json& job : status.jobs->part("/jobs"))
            lines.add("job", Report(job).text("/name") + ": " + job_text(job));
    return lines.text() + request_table(status);
}

} // namespace vexfs
