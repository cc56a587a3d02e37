// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/request_stats.h"

#include <array>

namespace vexfs {

namespace {

constexpr size_t kOps = VEXFS_REQ_SESSION_TRUNCATE + 1;

constexpr std::array<const char*, kOps> kNames = {
    nullptr,
    "mount",
    "unmount",
    "cred",
    "cred_drop",
    "lookup",
    "forget",
    "getattr",
    "setattr",
    "readlink",
    "symlink",
    "mknod",
    "mkdir",
    "create",
    "tmpfile",
    "unlink",
    "rmdir",
    "rename",
    "link",
    "open",
    "release",
    "read",
    "write",
    "flush",
    "fsync",
    "opendir",
    "readdir",
    "readdirplus",
    "releasedir",
    "fsyncdir",
    "statfs",
    "syncfs",
    "setxattr",
    "getxattr",
    "listxattr",
    "removexattr",
    "fallocate",
    "copy_range",
    "lseek",
    "ioctl",
    "session_write",
    "session_read",
    "session_truncate",
};
static_assert(kNames.back() != nullptr);

} // namespace

const char* request_name(uint32_t op) {
    return op < kOps ? kNames[op] : nullptr;
}

RequestStats::RequestStats() : ops_(std::make_unique<Op[]>(kOps)) {}

RequestStats::~RequestStats() = default;

void RequestStats::record(uint32_t op, uint64_t nanoseconds, bool failed) {
    if (request_name(op) == nullptr)
        return;
    ops_[op].latency_ns.record(nanoseconds);
    if (failed)
        ops_[op].failed.fetch_add(1, std::memory_order_relaxed);
}

std::vector<RequestCount> RequestStats::counts() const {
    std::vector<RequestCount> counts;
    for (uint32_t op = 1; op < kOps; ++op) {
        const HistogramSnapshot latency = ops_[op].latency_ns.snapshot();
        if (latency.count() > 0)
            counts.push_back(
                {request_name(op), ops_[op].failed.load(std::memory_order_relaxed), latency});
    }
    return counts;
}

} // namespace vexfs
