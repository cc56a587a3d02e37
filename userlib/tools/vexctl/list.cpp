// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/vectors/elements.h"
#include "userlib/tools/vexctl/schema_words.h"
#include "userlib/tools/vexctl/walk.h"

namespace vexfs {

namespace {

struct Listed {
    std::string path;
    vexfs_schema_reply schema;
    vexfs_stat_reply stat;
};

// Nothing if no collection begins at the directory.
Result<std::optional<Listed>> look_at(const Node& directory, Failure& failure) {
    Failure own;
    const auto schema = directory.schema(own);
    if (!schema && schema.error().code == Code::kENODATA)
        return std::optional<Listed>();
    if (!schema) {
        failure = own;
        return schema.error();
    }
    if ((schema->flags & VEXFS_SCHEMA_OWN) == 0)
        return std::optional<Listed>();
    return std::optional(
        Listed{directory.path(), *schema, VEXFS_TRY(directory.stat(nullptr, 0, failure))});
}

void print_listed(const Listed& each, bool tabs) {
    const vexfs_schema& schema = each.schema.schema;
    if (tabs)
        std::printf("%s\t%u\t%s\t%s\t%llu\t%llu\n", each.path.c_str(), schema.dim,
                    element_name(schema.element), metric_name(schema.metric),
                    static_cast<unsigned long long>(each.stat.files),
                    static_cast<unsigned long long>(each.stat.rows));
    else
        std::printf("%-32s %-20s %10s files %12s rows\n", printable(each.path).c_str(),
                    schema_text(schema).c_str(), grouped(each.stat.files).c_str(),
                    grouped(each.stat.rows).c_str());
}

Result<int> list(const Invocation& invocation, Failure& failure) {
    std::vector<Listed> found;
    const auto visit = [&](const Walked& walked) -> Result<bool> {
        auto listed = VEXFS_TRY(look_at(walked.directory, failure));
        if (listed)
            found.push_back(std::move(*listed));
        return true;
    };
    VEXFS_TRY_VOID(walk(invocation.operand(0, "."), visit, failure));
    if (!invocation.json()) {
        for (const Listed& each : found)
            print_listed(each, invocation.has("tabs"));
        return kDone;
    }
    Json collections = Json::array();
    for (const Listed& each : found) {
        Json json;
        add_bytes(json, "path", each.path);
        json.update(schema_json(each.schema));
        json["files"] = each.stat.files;
        json["rows"] = each.stat.rows;
        collections.push_back(std::move(json));
    }
    print_json({{"schema", "vexctl.list/1"}, {"collections", std::move(collections)}});
    return kDone;
}

} // namespace

int run_list(const Invocation& invocation) {
    Failure failure;
    return end_of(list(invocation, failure), invocation, failure);
}

} // namespace vexfs
