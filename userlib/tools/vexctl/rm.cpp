// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/vexctl/node.h"

namespace vexfs {

namespace {

Result<int> rm(const Invocation& invocation, Failure& failure) {
    const auto first = static_cast<uint32_t>(
        VEXFS_TRY(number_option(invocation, "row", 0, VEXFS_MAX_ROW, 0, failure)));
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0), failure));
    const bool dry = invocation.has("dry-run");
    vexfs_drop_reply reply{};
    if (dry) {
        const uint64_t rows = VEXFS_TRY(node.stat(nullptr, 0, failure)).rows;
        reply.dropped = static_cast<uint32_t>(rows > first ? rows - first : 0);
        reply.total = static_cast<uint32_t>(rows) - reply.dropped;
    } else {
        vexfs_reason reason{};
        const int result = vexfs_rows_drop(node.raw(), nullptr, first, 0, &reply, &reason);
        if (result != 0)
            return explain(result, node.path(), reason, failure);
    }
    if (invocation.json()) {
        Json json{{"schema", "vexctl.rm/1"}};
        add_bytes(json, "path", node.path());
        json.update({{"dry_run", dry}, {"removed", reply.dropped}, {"total", reply.total}});
        print_json(json);
    } else {
        std::printf("%s: %s row%s %s, %s left; the file stays\n", printable(node.path()).c_str(),
                    grouped(reply.dropped).c_str(), reply.dropped == 1 ? "" : "s",
                    dry ? "would be removed" : "removed", grouped(reply.total).c_str());
    }
    return kDone;
}

} // namespace

int run_rm(const Invocation& invocation) {
    Failure failure;
    return end_of(rm(invocation, failure), invocation, failure);
}

} // namespace vexfs
