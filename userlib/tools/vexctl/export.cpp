// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/vexctl/progress.h"
#include "userlib/tools/vexctl/vector_writer.h"
#include "userlib/tools/vexctl/walk.h"

namespace vexfs {

namespace {

Result<int> export_rows(const Invocation& invocation, Failure& failure) {
    const std::string start = invocation.operand(0);
    const std::string target = invocation.operand(1);
    const Node node = VEXFS_TRY(Node::open(start, failure));
    const vexfs_schema schema = VEXFS_TRY(node.schema(failure)).schema;
    VectorWriter writer = VEXFS_TRY(VectorWriter::create(target, schema, failure));
    Progress progress(target);
    uint64_t files = 0;
    const auto visit = [&](const FileWithRows& file) -> Status {
        ++files;
        const auto visit_row = [&](uint32_t number, const vexfs_row& row,
                                   const std::byte* vector) -> Status {
            if ((row.flags & VEXFS_ROW_DAMAGED) != 0)
                return refuse(Code::kEBADMSG, file.path,
                              "row " + std::to_string(number) + " is damaged",
                              "put the row again, or remove it", failure);
            progress.show(0, 0, writer.rows());
            return writer.add(file.path, number, row, vector, failure);
        };
        return file.node.rows(file.name, schema, 0, UINT64_MAX, visit_row, failure);
    };
    VEXFS_TRY_VOID(walk_rows(start, visit, failure));
    VEXFS_TRY_VOID(writer.finish(failure));
    if (invocation.json()) {
        Json json{{"schema", "vexctl.export/1"}};
        add_bytes(json, "target", target);
        json.update({{"files", files}, {"rows", writer.rows()}, {"seconds", progress.seconds()}});
        print_json(json);
    } else {
        std::printf("%s: %s rows of %s files\n", printable(target).c_str(),
                    grouped(writer.rows()).c_str(), grouped(files).c_str());
    }
    return kDone;
}

} // namespace

int run_export(const Invocation& invocation) {
    Failure failure;
    return end_of(export_rows(invocation, failure), invocation, failure);
}

} // namespace vexfs
