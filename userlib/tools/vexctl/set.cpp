// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <optional>

#include "userlib/tools/vexctl/node.h"
#include "userlib/tools/vexctl/schema_words.h"

namespace vexfs {

namespace {

// The number of "ef=64"; nothing if it is none.
std::optional<uint64_t> number_of(const std::string& text) {
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || stop != end)
        return std::nullopt;
    return number;
}

// Applies "ef=64", "max-rows=1000" or "compress=zstd" to the schema.
Status apply(const Invocation& invocation, const std::string& setting, vexfs_schema& schema,
             Failure& failure) {
    const size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    const std::string text = equals == std::string::npos ? "" : setting.substr(equals + 1);
    if (key == "compress") {
        schema.compress = compress_number(text);
        if (text != compress_name(schema.compress))
            return refuse_usage(invocation, "compress is auto, none, lz4 or zstd", failure);
        return ok();
    }
    if (key != "ef" && key != "max-rows")
        return refuse_usage(invocation, "'" + key + "' is none of: ef, max-rows, compress",
                            failure);
    const std::optional<uint64_t> number = number_of(text);
    if (!number)
        return refuse_usage(invocation, "'" + setting + "' is not KEY=NUMBER", failure);
    if (key == "max-rows")
        schema.max_rows = *number;
    else if (*number <= VEXFS_MAX_EF)
        schema.ef = static_cast<uint32_t>(*number);
    else
        return refuse_usage(invocation, "ef is at most " + std::to_string(VEXFS_MAX_EF), failure);
    return ok();
}

Result<int> set(const Invocation& invocation, Failure& failure) {
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0), failure));
    vexfs_schema_reply before = VEXFS_TRY(node.schema(failure));
    vexfs_schema wanted = before.schema;
    VEXFS_TRY_VOID(apply(invocation, invocation.operand(1), wanted, failure));
    vexfs_schema_reply after = before;
    after.schema = wanted;
    if (!invocation.has("dry-run")) {
        vexfs_reason reason{};
        const int result =
            vexfs_schema_set(node.raw(), &wanted, VEXFS_SCHEMA_UPDATE, &after, &reason);
        if (result != 0) {
            const Error refused = explain(result, node.path(), reason, failure);
            if (refused.code == Code::kENODATA && (before.flags & VEXFS_SCHEMA_OWN) == 0)
                failure.hint = "name the directory where the collection begins, vexctl show tells";
            return refused;
        }
    }
    if (invocation.json()) {
        Json json{{"schema", "vexctl.set/1"}};
        add_bytes(json, "path", node.path());
        json["dry_run"] = invocation.has("dry-run");
        json.update(schema_json(after));
        print_json(json);
        return kDone;
    }
    std::printf("%s%s: ef %u, %s, compress %s\n", invocation.has("dry-run") ? "would set " : "",
                printable(node.path()).c_str(), after.schema.ef,
                after.schema.max_rows == 0
                    ? "no limit of rows"
                    : (grouped(after.schema.max_rows) + " rows at most").c_str(),
                compress_name(after.schema.compress));
    return kDone;
}

} // namespace

int run_set(const Invocation& invocation) {
    Failure failure;
    return end_of(set(invocation, failure), invocation, failure);
}

} // namespace vexfs
