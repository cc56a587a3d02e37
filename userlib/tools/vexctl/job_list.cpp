// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/job_list.h"

#include <array>

namespace vexfs {

namespace {

template <size_t N>
const char* word_of(const std::array<const char*, N>& words, uint32_t number) {
    return number >= 1 && number <= N ? words[number - 1] : "unknown";
}

} // namespace

Result<std::vector<vexfs_job>> list_jobs(const Node& node, Failure& failure) {
    vexfs_job* raw = nullptr;
    uint32_t count = 0;
    vexfs_reason reason{};
    const int result = vexfs_job_list(node.raw(), &raw, &count, &reason);
    if (result != 0)
        return explain(result, node.path(), reason, failure);
    const std::unique_ptr<vexfs_job, Free> jobs(raw);
    return std::vector<vexfs_job>(raw, raw + count);
}

const char* job_kind_name(uint32_t kind) {
    static constexpr std::array kNames{"link", "consolidate", "train", "compact", "erase", "scrub"};
    return word_of(kNames, kind);
}

const char* job_state_name(uint32_t state) {
    static constexpr std::array kNames{"queued", "running", "paused", "done", "failed"};
    return word_of(kNames, state);
}

Json job_json(const vexfs_job& job) {
    return {{"id", job.id},
            {"collection_ino", job.collection},
            {"kind", job_kind_name(job.kind)},
            {"state", job_state_name(job.state)},
            {"done", job.done},
            {"total", job.total},
            {"started_ns", job.started_ns},
            {"ended_ns", job.ended_ns},
            {"error", job.status == 0 ? Json() : Json(name_of(code_from_errno(-job.status)))}};
}

std::string job_text(const vexfs_job& job) {
    std::string text = std::string(job_kind_name(job.kind)) + ", " + job_state_name(job.state);
    if (job.total > 0)
        text += ", " + grouped(job.done) + " of " + grouped(job.total) + " rows (" +
                std::to_string(job.done * 100 / job.total) + "%)";
    if (job.ended_ns > job.started_ns && job.started_ns != 0)
        text += ", took " + std::to_string((job.ended_ns - job.started_ns) / 1'000'000) + " ms";
    if (job.status != 0)
        text += std::string(", ") + cause_of(code_from_errno(-job.status));
    return text;
}

} // namespace vexfs
