// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/vexctl/node.h"
#include "userlib/tools/vexctl/schema_words.h"

namespace vexfs {

namespace {

std::string or_default(uint64_t number, const char* otherwise) {
    return number == 0 ? otherwise : std::to_string(number);
}

void print_text(const Node& node, const vexfs_schema_reply& reply, const vexfs_stat_reply& stat) {
    const vexfs_schema& schema = reply.schema;
    const auto line = [](const char* name, const std::string& text) {
        std::printf("%-12s %s\n", name, text.c_str());
    };
    line("path", printable(node.path()));
    line("collection", (reply.flags & VEXFS_SCHEMA_OWN) != 0
                           ? "begins here"
                           : "begins above, in directory " + std::to_string(reply.collection));
    line("vectors",
         schema_text(schema) + ", " + std::to_string(reply.vector_bytes) + " bytes each");
    line("index", std::string(index_name(schema.index)) + ", codes " + codes_name(schema.codes) +
                      ", links " + or_default(schema.m, "by default") + ", ef construction " +
                      or_default(schema.ef_construction, "by default") + ", ef " +
                      or_default(schema.ef, "by default"));
    line("max rows", or_default(schema.max_rows, "no limit"));
    line("compress", compress_name(schema.compress));
    line("pool", pool_name(schema.pool));
    std::string rows =
        grouped(stat.rows) + " in " + grouped(stat.files) + (stat.files == 1 ? " file" : " files");
    for (const auto& [count, word] :
         {std::pair{stat.rows_pending, " pending"}, std::pair{stat.rows_stale, " stale"},
          std::pair{stat.rows_damaged, " damaged"}})
        if (count > 0)
            rows += ", " + grouped(count) + word;
    line("rows", rows);
}

Result<int> show(const Invocation& invocation, Failure& failure) {
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0, "."), failure));
    const vexfs_schema_reply schema = VEXFS_TRY(node.schema(failure));
    const vexfs_stat_reply stat = VEXFS_TRY(node.stat(nullptr, 0, failure));
    if (!invocation.json()) {
        print_text(node, schema, stat);
        return kDone;
    }
    Json json{{"schema", "vexctl.show/1"}};
    add_bytes(json, "path", node.path());
    json["own"] = (schema.flags & VEXFS_SCHEMA_OWN) != 0;
    json.update(schema_json(schema));
    json["files"] = stat.files;
    json["rows"] = stat.rows;
    json["rows_pending"] = stat.rows_pending;
    json["rows_stale"] = stat.rows_stale;
    json["rows_damaged"] = stat.rows_damaged;
    print_json(json);
    return kDone;
}

} // namespace

int run_show(const Invocation& invocation) {
    Failure failure;
    return end_of(show(invocation, failure), invocation, failure);
}

} // namespace vexfs
