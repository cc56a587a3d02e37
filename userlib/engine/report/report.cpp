// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/report/report.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;

// Text from a disk or a command line may be no UTF-8.
std::string document(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// RFC 3339, in UTC.
std::string time_text(const Timestamp& time) {
    tm parts{};
    const time_t seconds = time.sec;
    std::array<char, 32> text{};
    if (::gmtime_r(&seconds, &parts) == nullptr ||
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return "";
    std::array<char, 16> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03uZ", time.nsec / 1'000'000);
    return std::string(text.data()) + fraction.data();
}

std::string id_text(const std::array<uint8_t, 16>& id) {
    std::string text;
    for (size_t i = 0; i < id.size(); ++i) {
        std::array<char, 4> byte{};
        std::snprintf(byte.data(), byte.size(), "%02x", id[i]);
        text += (i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "") + std::string(byte.data());
    }
    return text;
}

// A number that is a name: readers of JSON may round a large one.
std::string hex_text(uint64_t number) {
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "%016" PRIx64, number);
    return text.data();
}

Json latency(const HistogramSnapshot& histogram) {
    return {{"count", histogram.count()},        {"mean", histogram.mean()},
            {"p50", histogram.quantile(0.5)},    {"p99", histogram.quantile(0.99)},
            {"p999", histogram.quantile(0.999)}, {"max", histogram.max()}};
}

Json device_op(const OpStats& stats) {
    return {{"ios", stats.ios},
            {"bytes", stats.bytes},
            {"failed", stats.failed_ios},
            {"latency_ns", latency(stats.latency_ns)}};
}

Json stored(const StoredCounts& counts) {
    return {{"plain_bytes", counts.plain_bytes}, {"stored_bytes", counts.stored_bytes}};
}

Json pool_of(const std::optional<PoolReport>& pool) {
    if (!pool)
        return nullptr;
    Json json{{"driver", pool->driver},
              {"objects", pool->stats.objects},
              {"object_bytes", pool->stats.stored_bytes},
              {"pages", pool->stats.pages},
              {"spare_pages", pool->stats.spare_pages},
              {"page_bytes", kPoolPageBytes},
              {"metadata_bytes", pool->stats.metadata_bytes},
              {"moved", pool->stats.moved},
              {"evicted", pool->stats.evicted},
              {"classes", Json::array()}};
    for (const PoolClass& one : pool->classes)
        json["classes"].push_back({{"object_bytes", one.object_bytes},
                                   {"objects", one.objects},
                                   {"places", one.places},
                                   {"pages", one.pages}});
    return json;
}

Json pools_of(std::span<const PoolReport> pools) {
    Json json = Json::array();
    for (const PoolReport& pool : pools)
        json.push_back(pool_of(pool));
    return json;
}

Json cache_of(const StatsReport& report) {
    const auto& [hot, cold, pieces] = report.cache;
    return {{"bytes_max", report.cache_bytes},
            {"driver", report.driver},
            {"hot",
             {{"bytes", hot.bytes},
              {"blocks", hot.values},
              {"hits", hot.hits},
              {"misses", hot.misses}}},
            {"cold",
             {{"bytes", cold.bytes},
              {"blocks", cold.blocks},
              {"hits", cold.hits},
              {"misses", cold.misses},
              {"refused", cold.refused},
              {"plain_bytes", cold.plain_bytes},
              {"coded_bytes", cold.coded_bytes}}},
            {"pool", pool_of(report.cold_pool)},
            {"other_pools", pools_of(report.other_cold_pools)},
            {"stored",
             {{"bytes", pieces.bytes},
              {"blocks", pieces.blocks},
              {"hits", pieces.hits},
              {"misses", pieces.misses},
              {"pool", pool_of(report.stored_pool)},
              {"other_pools", pools_of(report.other_stored_pools)}}}};
}

Json volume_of(const Header& header) {
    const std::string_view label(header.label.data(), header.label.size());
    return {{"uuid", id_text(header.volume_id)},
            {"label", label.substr(0, label.find('\0'))},
            {"size_bytes", header.device_blocks * kBlockBytes}};
}

} // namespace

std::string to_json(const StatsReport& report) {
    const StoreUsage& space = report.space;
    Json json{{"schema", "vexfs.stats/1"},
              {"time", time_text(report.now)},
              {"volume", volume_of(report.header)},
              {"engine",
               {{"version", VEXFS_VERSION},
                {"epoch", hex_text(report.epoch)},
                {"opened", time_text(report.opened)},
                {"read_only", report.read_only}}}};
    json["space"] = {{"capacity_bytes", space.capacity_blocks * kBlockBytes},
                     {"used_bytes", space.used_blocks * kBlockBytes},
                     {"available_bytes", space.available_blocks * kBlockBytes}};
    json["store"] = {{"txg", report.txg},
                     {"suspended", report.suspended},
                     {"dirty_bytes", report.dirty_bytes},
                     {"log_bytes", report.log_bytes},
                     {"damage",
                      {{"nodes_rescued", report.damage.nodes_rescued},
                       {"nodes_lost", report.damage.nodes_lost},
                       {"records_lost", report.damage.records_lost}}}};
    json["memory"] = {{"bytes", report.memory_bytes},
                      {"row_bytes", report.row_bytes},
                      {"row_bytes_max", report.row_bytes_max},
                      {"cache_bytes", report.cache_bytes}};
    json["cache"] = cache_of(report);
    json["stored"] = {{"compression", report.compression},
                      {"vectors", stored(report.vectors)},
                      {"data", stored(report.data)}};
    json["sessions"] = {{"staged_bytes", report.staged_bytes}};
    const CollectionStats& collections = report.collections;
    json["collections"] = {{"count", collections.collections},
                           {"open", collections.open},
                           {"files", collections.files},
                           {"rows", collections.rows},
                           {"rows_pending", collections.pending},
                           {"rows_damaged", collections.damaged},
                           {"rows_dead", collections.dead},
                           {"memory_bytes", collections.memory_bytes},
                           {"puts", collections.puts},
                           {"drops", collections.drops},
                           {"searches", collections.searches},
                           {"search_ns", collections.search_ns}};
    json["devices"] = Json::array();
    for (const DeviceStack::LayerStats& layer : report.devices)
        json["devices"].push_back({{"device", layer.identity},
                                   {"read", device_op(layer.stats.read)},
                                   {"write", device_op(layer.stats.write)},
                                   {"flush", device_op(layer.stats.flush)}});
    json["requests"] = Json::object();
    for (const StatsReport::Request& request : report.requests)
        json["requests"][request.name] = {{"failed", request.failed},
                                          {"latency_ns", latency(request.latency_ns)}};
    return document(json);
}

std::string to_json(const ConfigReport& report) {
    return document({{"schema", "vexfs.config/1"},
                     {"target", Json::parse(report.target, nullptr, false)},
                     {"front_end", Json::parse(report.front_end, nullptr, false)},
                     {"read_only", report.read_only},
                     {"memory_bytes", report.memory_bytes},
                     {"compression", report.compression},
                     {"cold_percent", report.cold_percent},
                     {"pool", report.pool},
                     {"cache_policy", report.cache_policy},
                     {"commit_ms", report.commit_ms}});
}

namespace {

// Words for the numbers of the application ABI; null for one that has none.
template <size_t N>
Json word_of(const std::array<const char*, N>& words, uint32_t number) {
    return number >= 1 && number <= N ? Json(words[number - 1]) : Json();
}

Json time_or_null(uint64_t ns) {
    constexpr uint64_t kNsOfSecond = 1'000'000'000;
    if (ns == 0)
        return nullptr;
    return time_text(
        {static_cast<int64_t>(ns / kNsOfSecond), static_cast<uint32_t>(ns % kNsOfSecond)});
}

Json job_of(const JobsReport::Job& job) {
    constexpr std::array kKinds{"link", "consolidate", "train", "compact", "erase"};
    constexpr std::array kStates{"queued", "running", "paused", "done", "failed"};
    return {{"name", word_of(kKinds, job.kind)},
            {"id", job.id},
            {"collection_ino", job.collection},
            {"state", word_of(kStates, job.state)},
            {"done", job.done},
            {"total", job.total},
            {"started", time_or_null(job.started_ns)},
            {"ended", time_or_null(job.ended_ns)},
            {"error", job.failure ? Json(name_of(job.failure->code)) : Json()}};
}

} // namespace

std::string to_json(const JobsReport& report) {
    Json json{{"schema", "vexfs.jobs/1"}, {"jobs", Json::array()}};
    if (report.running) {
        json["jobs"].push_back({{"name", "commit"}, {"latency_ns", latency(report.commit_ns)}});
        json["jobs"].push_back(
            {{"name", "erase"}, {"running", report.reaping}, {"slices", report.reaped_slices}});
    }
    for (const JobsReport::Job& job : report.jobs)
        json["jobs"].push_back(job_of(job));
    return document(json);
}

} // namespace vexfs
