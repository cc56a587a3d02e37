// SPDX-License-Identifier: Apache-2.0
//
// The counters of a volume in the text format of Prometheus.
#include <array>
#include <cstdio>

#include "userlib/tools/vexctl/command.h"
#include "userlib/tools/vexctl/mounted.h"

namespace vexfs {

namespace {

struct Metric {
    const char* name;
    const char* type;
    const char* help;
    const char* place; // in stats.json
    double scale = 1;
};

constexpr double kSecondsOfNs = 1e-9;

constexpr std::array<Metric, 35> kMetrics{{
    {"vexfs_capacity_bytes", "gauge", "Bytes for files and what finds them.",
     "/space/capacity_bytes"},
    {"vexfs_used_bytes", "gauge", "Bytes taken.", "/space/used_bytes"},
    {"vexfs_available_bytes", "gauge", "Bytes that files may still take.",
     "/space/available_bytes"},
    {"vexfs_unwritten_bytes", "gauge", "Changes that wait in memory.", "/store/dirty_bytes"},
    {"vexfs_log_bytes", "gauge", "Intent log that a crash would replay.", "/store/log_bytes"},
    {"vexfs_nodes_rescued_total", "counter", "Nodes read from their second copy.",
     "/store/damage/nodes_rescued"},
    {"vexfs_nodes_lost_total", "counter", "Nodes damaged in all copies.",
     "/store/damage/nodes_lost"},
    {"vexfs_records_lost_total", "counter", "Records that do not match their checksum.",
     "/store/damage/records_lost"},
    {"vexfs_row_bytes", "gauge", "Rows, codes and graphs in memory.", "/memory/row_bytes"},
    {"vexfs_row_bytes_max", "gauge", "What they may take.", "/memory/row_bytes_max"},
    {"vexfs_cache_bytes_max", "gauge", "What the cache may take.", "/memory/cache_bytes"},
    {"vexfs_cache_hot_bytes", "gauge", "Blocks in the cache.", "/cache/hot/bytes"},
    {"vexfs_cache_hot_hits_total", "counter", "Lookups that found one there.", "/cache/hot/hits"},
    {"vexfs_cache_hot_misses_total", "counter", "Lookups that did not.", "/cache/hot/misses"},
    {"vexfs_cache_stored_bytes", "gauge", "Of these, as they are on the disk.",
     "/cache/stored/bytes"},
    {"vexfs_cache_stored_hits_total", "counter", "Lookups that found such a one.",
     "/cache/stored/hits"},
    {"vexfs_cache_stored_misses_total", "counter", "Lookups that did not.", "/cache/stored/misses"},
    {"vexfs_cache_cold_bytes", "gauge", "Compressed blocks below it.", "/cache/cold/bytes"},
    {"vexfs_cache_cold_hits_total", "counter", "Lookups that found one there.", "/cache/cold/hits"},
    {"vexfs_cache_cold_misses_total", "counter", "Lookups that did not.", "/cache/cold/misses"},
    {"vexfs_vectors_plain_bytes_total", "counter", "Vectors written to the volume.",
     "/stored/vectors/plain_bytes"},
    {"vexfs_vectors_stored_bytes_total", "counter", "What they take there.",
     "/stored/vectors/stored_bytes"},
    {"vexfs_data_plain_bytes_total", "counter", "Other data written to the volume.",
     "/stored/data/plain_bytes"},
    {"vexfs_data_stored_bytes_total", "counter", "What it takes there.",
     "/stored/data/stored_bytes"},
    {"vexfs_session_bytes", "gauge", "Messages of sessions in memory.", "/sessions/staged_bytes"},
    {"vexfs_collections", "gauge", "Collections of the volume.", "/collections/count"},
    {"vexfs_collections_open", "gauge", "Of these, open; what follows counts those.",
     "/collections/open"},
    {"vexfs_rows", "gauge", "Rows.", "/collections/rows"},
    {"vexfs_rows_pending", "gauge", "Rows not yet linked.", "/collections/rows_pending"},
    {"vexfs_rows_dead", "gauge", "Removed rows that the graph still holds.",
     "/collections/rows_dead"},
    {"vexfs_collections_memory_bytes", "gauge", "Memory of collections.",
     "/collections/memory_bytes"},
    {"vexfs_puts_total", "counter", "Rows put.", "/collections/puts"},
    {"vexfs_drops_total", "counter", "Rows removed.", "/collections/drops"},
    {"vexfs_searches_total", "counter", "Queries answered.", "/collections/searches"},
    {"vexfs_search_seconds_total", "counter", "Time spent on them.", "/collections/search_ns",
     kSecondsOfNs},
}};

void head(const char* name, const char* type, const char* help) {
    std::printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void print_requests(const Report& stats) {
    const nlohmann::ordered_json requests = stats.part("/requests");
    if (!requests.is_object() || requests.empty())
        return;
    head("vexfs_request_failures_total", "counter", "Requests that failed, by kind.");
    for (const auto& [name, request] : requests.items())
        std::printf("vexfs_request_failures_total{request=\"%s\"} %llu\n", name.c_str(),
                    static_cast<unsigned long long>(Report(request).number("/failed")));
    head("vexfs_request_seconds", "summary", "How long requests took, by kind.");
    for (const auto& [name, request] : requests.items()) {
        const Report one(request);
        for (const auto& [quantile, place] :
             {std::pair{"0.5", "/latency_ns/p50"}, std::pair{"0.99", "/latency_ns/p99"}})
            std::printf("vexfs_request_seconds{request=\"%s\",quantile=\"%s\"} %.9g\n",
                        name.c_str(), quantile,
                        static_cast<double>(one.number(place)) * kSecondsOfNs);
        const auto count = one.number("/latency_ns/count");
        const nlohmann::ordered_json mean = one.part("/latency_ns/mean");
        const double mean_ns = mean.is_number() ? mean.get<double>() : 0;
        std::printf("vexfs_request_seconds_sum{request=\"%s\"} %.9g\n"
                    "vexfs_request_seconds_count{request=\"%s\"} %llu\n",
                    name.c_str(), mean_ns * static_cast<double>(count) * kSecondsOfNs, name.c_str(),
                    static_cast<unsigned long long>(count));
    }
}

Status show(const Invocation& invocation, Failure& failure) {
    const Mounted volume = VEXFS_TRY(Mounted::open(invocation.operand(0, "."), failure));
    const Report stats = VEXFS_TRY(volume.report("stats.json", failure));
    std::array<double, kMetrics.size()> values{};
    for (size_t i = 0; i < kMetrics.size(); ++i)
        values[i] = static_cast<double>(stats.number(kMetrics[i].place)) * kMetrics[i].scale;
    const bool suspended = stats.flag("/store/suspended");
    const std::string uuid = stats.text("/volume/uuid");
    const std::string version = stats.text("/engine/version");
    VEXFS_TRY_VOID(volume.check(stats, "stats.json", failure)); // all of it, or nothing
    head("vexfs_info", "gauge", "Which volume and engine this is.");
    std::printf("vexfs_info{uuid=\"%s\",version=\"%s\"} 1\n", uuid.c_str(), version.c_str());
    head("vexfs_suspended", "gauge", "1 if a write failed and nothing is acknowledged any more.");
    std::printf("vexfs_suspended %d\n", suspended ? 1 : 0);
    for (size_t i = 0; i < kMetrics.size(); ++i) {
        head(kMetrics[i].name, kMetrics[i].type, kMetrics[i].help);
        std::printf("%s %.15g\n", kMetrics[i].name, values[i]);
    }
    print_requests(stats);
    return ok();
}

} // namespace

int run_metrics(const Invocation& invocation) {
    Failure failure;
    if (const Status shown = show(invocation, failure); !shown)
        return print_failure(failure, "metrics", invocation.json(), exit_status_of(failure.code));
    return kDone;
}

} // namespace vexfs
