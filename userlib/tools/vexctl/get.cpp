// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/vectors/elements.h"
#include "userlib/tools/vexctl/node.h"
#include "userlib/tools/vexctl/schema_words.h"

namespace vexfs {

namespace {

constexpr uint32_t kShownElements = 4;

std::string flags_text(uint32_t flags) {
    std::string text;
    for (const auto& [flag, word] :
         {std::pair{VEXFS_ROW_STALE, "stale"}, std::pair{VEXFS_ROW_PENDING, "pending"},
          std::pair{VEXFS_ROW_DAMAGED, "damaged"}})
        if ((flags & flag) != 0)
            text += (text.empty() ? "" : ",") + std::string(word);
    return text.empty() ? "-" : text;
}

Json json_of(uint32_t number, const vexfs_row& row, const std::byte* vector,
             const vexfs_schema& schema) {
    Json elements = Json::array();
    for (uint32_t i = 0; i < schema.dim; ++i) {
        const double value = element_at(schema.element, vector, i);
        // As the shortest decimal that reads back as the same binary32.
        elements.push_back(schema.element == VEXFS_ELEMENT_F32
                               ? Json::parse(number_text(static_cast<float>(value)))
                               : Json(value));
    }
    return {{"row", number},
            {"tag", row.meta.tag},
            {"offset", row.meta.offset},
            {"length", row.meta.length},
            {"data_version", row.data_version},
            {"stale", (row.flags & VEXFS_ROW_STALE) != 0},
            {"pending", (row.flags & VEXFS_ROW_PENDING) != 0},
            {"damaged", (row.flags & VEXFS_ROW_DAMAGED) != 0},
            {"vector", std::move(elements)}};
}

// How the vector begins.
std::string beginning(const std::byte* vector, const vexfs_schema& schema) {
    if (schema.dim <= kShownElements)
        return vector_text(schema.element, vector, schema.dim);
    return vector_text(schema.element, vector, kShownElements) + ",...";
}

void print_row(uint32_t number, const vexfs_row& row, const std::byte* vector,
               const vexfs_schema& schema, bool tabs) {
    const std::string range =
        row.meta.length == 0 && !tabs
            ? "-"
            : std::to_string(row.meta.offset) + "+" + std::to_string(row.meta.length);
    std::printf(tabs ? "%u\t%llu\t%s\t%s\t%s\n" : "row %u  tag %llu  range %s  %s  %s\n", number,
                static_cast<unsigned long long>(row.meta.tag), range.c_str(),
                flags_text(row.flags).c_str(),
                (tabs ? vector_text(schema.element, vector, schema.dim) : beginning(vector, schema))
                    .c_str());
}

Result<int> get(const Invocation& invocation, Failure& failure) {
    const auto first = static_cast<uint32_t>(
        VEXFS_TRY(number_option(invocation, "row", 0, VEXFS_MAX_ROW, 0, failure)));
    const uint64_t count =
        VEXFS_TRY(number_option(invocation, "count", 1, UINT32_MAX, UINT32_MAX, failure));
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0), failure));
    const vexfs_schema schema = VEXFS_TRY(node.schema(failure)).schema;
    Json rows = Json::array();
    bool damaged = false;
    const auto visit = [&](uint32_t number, const vexfs_row& row, const std::byte* vector) {
        damaged |= (row.flags & VEXFS_ROW_DAMAGED) != 0;
        if (invocation.json())
            rows.push_back(json_of(number, row, vector, schema));
        else if (invocation.has("vectors"))
            std::printf("%s\n", vector_text(schema.element, vector, schema.dim).c_str());
        else
            print_row(number, row, vector, schema, invocation.has("tabs"));
        return ok();
    };
    VEXFS_TRY_VOID(node.rows(nullptr, schema, first, count, visit, failure));
    if (invocation.json()) {
        Json json{{"schema", "vexctl.get/1"}};
        add_bytes(json, "path", node.path());
        json["dim"] = schema.dim;
        json["element"] = element_name(schema.element);
        json["rows"] = std::move(rows);
        print_json(json);
    }
    return damaged ? kDamaged : kDone;
}

} // namespace

int run_get(const Invocation& invocation) {
    Failure failure;
    return end_of(get(invocation, failure), invocation, failure);
}

} // namespace vexfs
