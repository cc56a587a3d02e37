// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/units/units.h"
#include "userlib/tools/vexctl/interval.h"
#include "userlib/tools/vexctl/node.h"
#include "userlib/tools/vexctl/schema_words.h"
#include "userlib/tools/vexctl/status.h"

namespace vexfs {

namespace {

enum class Unit { kCount, kBytes, kTime };

struct Counter {
    const char* name;
    uint64_t value;
    const char* meaning;
    Unit unit = Unit::kCount;
};

std::vector<Counter> counters_of(const vexfs_stat_reply& stat) {
    std::vector<Counter> list;
    if ((stat.flags & VEXFS_STAT_FILE) != 0)
        list.push_back({"data_version", stat.data_version, "of the file's data"});
    else
        list.push_back({"files", stat.files, "with rows that you may see"});
    list.push_back({"rows", stat.rows, "of them"});
    list.push_back({"rows_stale", stat.rows_stale, "whose file changed after they were put"});
    list.push_back({"rows_pending", stat.rows_pending, "found by scan, not yet in the graph"});
    list.push_back({"rows_damaged", stat.rows_damaged, "known to be unreadable"});
    if ((stat.flags & VEXFS_STAT_TOTALS) == 0)
        return list;
    list.push_back({"total_rows", stat.total_rows, "of the whole collection, as all below"});
    list.push_back({"total_dead", stat.total_dead, "removed, their place not yet reused"});
    list.push_back({"total_disk_bytes", stat.total_disk_bytes, "on the volume", Unit::kBytes});
    list.push_back({"vector_bytes", stat.vector_bytes, "of these, vectors", Unit::kBytes});
    list.push_back({"code_bytes", stat.code_bytes_all, "of these, codes", Unit::kBytes});
    list.push_back({"graph_bytes", stat.graph_bytes, "of these, graph", Unit::kBytes});
    list.push_back({"memory_bytes", stat.memory_bytes, "in memory", Unit::kBytes});
    list.push_back({"blocks_cached", stat.blocks_cached, "vector blocks found in memory"});
    list.push_back({"blocks_read", stat.blocks_read, "vector blocks read"});
    list.push_back({"searches", stat.searches, "queries answered since the engine started"});
    list.push_back({"search_ns", stat.search_ns, "spent on them", Unit::kTime});
    list.push_back({"puts", stat.puts, "rows put"});
    list.push_back({"drops", stat.drops, "rows removed"});
    return list;
}

std::string value_text(const Counter& counter) {
    switch (counter.unit) {
    case Unit::kBytes:
        return size_text(counter.value);
    case Unit::kTime:
        return latency_text(counter.value);
    case Unit::kCount:
        break;
    }
    return grouped(counter.value);
}

Result<int> stat(const Invocation& invocation, Failure& failure) {
    if (const std::optional<Interval> interval = interval_of(invocation))
        return watch(*interval, invocation, failure);
    if (invocation.operands.size() > 1)
        return refuse_usage(invocation, "'" + invocation.operand(1) + "' is no number of seconds",
                            failure);
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0, "."), failure));
    const vexfs_stat_reply reply =
        VEXFS_TRY(node.stat(nullptr, invocation.has("totals") ? VEXFS_STAT_TOTALS : 0, failure));
    const std::vector<Counter> counters = counters_of(reply);
    if (invocation.json()) {
        Json json{{"schema", "vexctl.stat/1"}};
        add_bytes(json, "path", node.path());
        json.update({{"ino", reply.ino},
                     {"collection_ino", reply.collection},
                     {"index", index_name(reply.index)},
                     {"trained", (reply.flags & VEXFS_STAT_TRAINED) != 0},
                     {"bytes_a_code", reply.code_bytes}});
        for (const Counter& counter : counters)
            json[counter.name] = counter.value;
        print_json(json);
        return kDone;
    }
    for (const Counter& counter : counters) {
        if (invocation.has("tabs"))
            std::printf("%s\t%llu\n", counter.name, static_cast<unsigned long long>(counter.value));
        else
            std::printf("%-18s %12s  %s\n", counter.name, value_text(counter).c_str(),
                        counter.meaning);
    }
    if (!invocation.has("tabs"))
        std::printf("%-18s %12s  %s\n", "index", index_name(reply.index),
                    (reply.flags & VEXFS_STAT_TRAINED) != 0 ? "with learned codes in use"
                                                            : "without learned codes so far");
    return kDone;
}

} // namespace

int run_stat(const Invocation& invocation) {
    Failure failure;
    return end_of(stat(invocation, failure), invocation, failure);
}

} // namespace vexfs
