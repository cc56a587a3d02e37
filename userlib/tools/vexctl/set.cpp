// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <optional>

#include <sys/xattr.h>

#include "userlib/tools/vexctl/mounted.h"
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

// Applies "ef=64", "max-rows=1000", "compress=zstd" or "pool=zbud" to the schema.
Status apply(const Invocation& invocation, const std::string& setting, vexfs_schema& schema,
             Failure& failure) {
    const size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    const std::string text = equals == std::string::npos ? "" : setting.substr(equals + 1);
    if (key == "compress") {
        const std::optional<uint16_t> compress = compress_number(text);
        if (!compress)
            return refuse_usage(invocation, "compress is auto, off, lz4, zstd or zstd:1 to zstd:19",
                                failure);
        schema.compress = *compress;
        return ok();
    }
    if (key == "pool") {
        schema.pool = pool_number(text);
        if (text != pool_name(schema.pool))
            return refuse_usage(invocation, "pool is auto, zsmalloc, z3fold or zbud", failure);
        return ok();
    }
    if (key != "ef" && key != "max-rows")
        return refuse_usage(invocation, "'" + key + "' is none of: ef, max-rows, compress, pool",
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
    std::printf(
        "%s%s: ef %u, %s, compress %s, pool %s\n", invocation.has("dry-run") ? "would set " : "",
        printable(node.path()).c_str(), after.schema.ef,
        after.schema.max_rows == 0 ? "no limit of rows"
                                   : (grouped(after.schema.max_rows) + " rows at most").c_str(),
        compress_name(after.schema.compress).c_str(), pool_name(after.schema.pool));
    return kDone;
}

// The root's attribute that holds a setting of the volume.
Status write_setting(const std::string& root, const std::string& attribute,
                     const std::string& value, Failure& failure) {
    const int result =
        value.empty() ? ::removexattr(root.c_str(), attribute.c_str())
                      : ::setxattr(root.c_str(), attribute.c_str(), value.data(), value.size(), 0);
    if (result == 0 || (value.empty() && errno == ENODATA))
        return ok();
    if (errno == EINVAL)
        return refuse(Code::kEINVAL, root, "the volume knows no " + attribute + " of that value",
                      "pool is zsmalloc, z3fold or zbud; compress off, lz4, zstd or zstd:LEVEL",
                      failure);
    const Code code = code_from_errno(errno);
    return refuse(code, root, "its settings cannot be changed", advice_of(code), failure);
}

Result<int> set_volume(const Invocation& invocation, Failure& failure) {
    const std::string setting = invocation.operand(1);
    const size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    if (equals == std::string::npos || (key != "pool" && key != "compress"))
        return refuse_usage(invocation, "with --volume it is pool=DRIVER or compress=CODEC",
                            failure);
    const Mounted volume = VEXFS_TRY(Mounted::open(invocation.operand(0), failure));
    const std::string value = setting.substr(equals + 1);
    if (!invocation.has("dry-run"))
        VEXFS_TRY_VOID(write_setting(volume.root(), "user.vexfs." + key, value, failure));
    const Report stats = VEXFS_TRY(volume.report("stats.json", failure));
    const std::string pool = stats.text("/cache/driver");
    const std::string compress = stats.text("/stored/compression");
    VEXFS_TRY_VOID(volume.check(stats, "stats.json", failure));
    if (invocation.json()) {
        Json json{{"schema", "vexctl.set/1"}};
        add_bytes(json, "path", volume.root());
        json["dry_run"] = invocation.has("dry-run");
        json["pool"] = pool;
        json["compress"] = compress;
        print_json(json);
        return kDone;
    }
    std::printf("%s: pool %s, compress %s%s\n", printable(volume.root()).c_str(), pool.c_str(),
                compress.c_str(), invocation.has("dry-run") ? ", as it is now" : "");
    return kDone;
}

} // namespace

int run_set(const Invocation& invocation) {
    Failure failure;
    const Result<int> done =
        invocation.has("volume") ? set_volume(invocation, failure) : set(invocation, failure);
    return end_of(done, invocation, failure);
}

} // namespace vexfs
