// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>

#include "userlib/tools/vexctl/vector_input.h"

namespace vexfs {

namespace {

// "OFFSET+LENGTH"
bool parse_range(const std::string& text, vexfs_row_meta& meta) {
    const char* const end = text.data() + text.size();
    const auto offset = std::from_chars(text.data(), end, meta.offset);
    if (offset.ec != std::errc{} || offset.ptr == end || *offset.ptr != '+')
        return false;
    const auto length = std::from_chars(offset.ptr + 1, end, meta.length);
    return length.ec == std::errc{} && length.ptr == end && meta.length > 0;
}

Result<vexfs_row_meta> meta_of(const Invocation& invocation, Failure& failure) {
    vexfs_row_meta meta{};
    meta.tag = VEXFS_TRY(number_option(invocation, "tag", 0, UINT64_MAX, 0, failure));
    if (invocation.has("range") && !parse_range(invocation.value("range"), meta))
        return refuse_usage(invocation, "--range wants OFFSET+LENGTH, as 0+4096", failure);
    return meta;
}

Result<int> put(const Invocation& invocation, Failure& failure) {
    const bool truncate = invocation.has("truncate");
    const auto first = static_cast<uint32_t>(VEXFS_TRY(number_option(
        invocation, "row", 0, VEXFS_MAX_ROW, truncate ? 0 : VEXFS_ROW_APPEND, failure)));
    const vexfs_row_meta meta = VEXFS_TRY(meta_of(invocation, failure));
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0), failure));
    const vexfs_schema schema = VEXFS_TRY(node.schema(failure)).schema;
    // Asked before the vectors are read: data that changes meanwhile makes the rows stale.
    const uint64_t version = VEXFS_TRY(node.stat(nullptr, 0, failure)).data_version;
    VectorInput input = VEXFS_TRY(VectorInput::open(invocation, schema, failure));
    std::vector<std::byte> vectors;
    uint32_t rows = 0;
    while (VEXFS_TRY(input.next(vectors, failure))) {
        ++rows;
        if (vectors.size() > VEXFS_MAX_MESSAGE)
            return refuse(Code::kEMSGSIZE, node.path(), "that is more than one message takes",
                          "vexctl import reads files of any length", failure);
    }
    if (rows == 0)
        return refuse(Code::kEINVAL, node.path(), "there is no vector to put", "", failure);
    const std::vector<vexfs_row_meta> metas(rows, meta);
    const vexfs_put_rows file{{}, first, rows, version, vectors.data(), metas.data()};
    const vexfs_put_batch batch{schema.dim, schema.element, 0, truncate ? VEXFS_PUT_TRUNCATE : 0,
                                1,          &file};
    vexfs_put_status status{};
    vexfs_reason reason{};
    const int result = vexfs_rows_put(node.raw(), &batch, &status, &reason);
    if (result != 0)
        return explain(result, node.path(), reason, failure);
    if (invocation.json()) {
        Json json{{"schema", "vexctl.put/1"}};
        add_bytes(json, "path", node.path());
        json.update({{"ino", status.ino},
                     {"first", status.first},
                     {"rows", rows},
                     {"total", status.total}});
        print_json(json);
    } else {
        std::printf("%s: row %u%s put, %u in all\n", printable(node.path()).c_str(), status.first,
                    rows == 1 ? "" : (" to " + std::to_string(status.first + rows - 1)).c_str(),
                    status.total);
    }
    return kDone;
}

} // namespace

int run_put(const Invocation& invocation) {
    Failure failure;
    return end_of(put(invocation, failure), invocation, failure);
}

} // namespace vexfs
