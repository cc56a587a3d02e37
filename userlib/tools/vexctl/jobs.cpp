// SPDX-License-Identifier: Apache-2.0
//
// What works on collections in the background: listed, paused, resumed, and started by hand.
#include <algorithm>
#include <cstdio>

#include "userlib/tools/vexctl/job_list.h"

namespace vexfs {

namespace {

Result<vexfs_job_cmd_reply> command(const Node& node, uint32_t cmd, uint64_t id, uint32_t flags,
                                    Failure& failure) {
    vexfs_job_cmd_reply reply{};
    vexfs_reason reason{};
    const int result = vexfs_job_command(node.raw(), cmd, id, flags, &reply, &reason);
    if (result != 0)
        return explain(result, node.path(), reason, failure);
    return reply;
}

void print_list(const std::vector<vexfs_job>& jobs, const Invocation& invocation) {
    if (invocation.json()) {
        Json list = Json::array();
        for (const vexfs_job& job : jobs)
            list.push_back(job_json(job));
        print_json({{"schema", "vexctl.jobs/1"}, {"jobs", std::move(list)}});
        return;
    }
    for (const vexfs_job& job : jobs) {
        const auto number = [](uint64_t value) {
            return static_cast<unsigned long long>(value);
        };
        if (invocation.has("tabs"))
            std::printf("%llu\t%llu\t%s\t%s\t%llu\t%llu\t%d\n", number(job.id),
                        number(job.collection), job_kind_name(job.kind), job_state_name(job.state),
                        number(job.done), number(job.total), job.status);
        else
            std::printf("%-12llu %s, collection %llu\n", number(job.id), job_text(job).c_str(),
                        number(job.collection));
    }
}

Result<int> jobs(const Invocation& invocation, Failure& failure) {
    const std::string action = invocation.operand(0);
    const uint64_t id = VEXFS_TRY(number_option(invocation, "id", 1, UINT64_MAX, 0, failure));
    const Node node = VEXFS_TRY(Node::open(invocation.operand(1, "."), failure));
    if (action == "list") {
        std::vector<vexfs_job> all = VEXFS_TRY(list_jobs(node, failure));
        if (id != 0)
            std::erase_if(all, [&](const vexfs_job& job) { return job.id != id; });
        if (id != 0 && all.empty())
            return refuse(Code::kENOENT, node.path(), "no job has the number " + std::to_string(id),
                          "vexctl jobs list shows those there are", failure);
        print_list(all, invocation);
        return kDone;
    }
    const bool pause = action == "pause";
    const auto reply = VEXFS_TRY(
        command(node, pause ? VEXFS_JOB_CMD_PAUSE : VEXFS_JOB_CMD_RESUME, id, 0, failure));
    if (invocation.json())
        print_json({{"schema", "vexctl.jobs/1"}, {"action", action}, {"changed", reply.jobs}});
    else if (!invocation.has("tabs"))
        std::printf("%s %u %s%s\n", pause ? "paused" : "resumed", reply.jobs,
                    reply.jobs == 1 ? "job" : "jobs",
                    pause && id == 0 ? ", and those to come until they are resumed" : "");
    return kDone;
}

// What a job would have to do, asked of the engine with the rights that the job itself needs.
Result<int> foretell(const Invocation& invocation, const Node& node, Failure& failure) {
    const vexfs_stat_reply now = VEXFS_TRY(node.stat(nullptr, VEXFS_STAT_TOTALS, failure));
    if (invocation.json()) {
        Json json{{"schema", std::string("vexctl.") + invocation.command->name + "/1"}};
        add_bytes(json, "path", node.path());
        json.update({{"dry_run", true},
                     {"rows", now.total_rows},
                     {"removed_rows", now.total_dead},
                     {"disk_bytes", now.total_disk_bytes}});
        print_json(json);
        return kDone;
    }
    std::printf(
        "%s: would keep %s row%s, take %s removed out of the graph, and go through %s bytes "
        "of the volume\n",
        printable(node.path()).c_str(), grouped(now.total_rows).c_str(),
        now.total_rows == 1 ? "" : "s", grouped(now.total_dead).c_str(),
        grouped(now.total_disk_bytes).c_str());
    return kDone;
}

// Starts a job and, as a rule, waits for its end.
Result<int> start(const Invocation& invocation, uint32_t cmd, uint32_t flags, Failure& failure) {
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0), failure));
    if (invocation.has("dry-run"))
        return foretell(invocation, node, failure);
    const bool background = invocation.has("background");
    const auto reply = command(node, cmd, 0, flags | (background ? 0 : VEXFS_JOB_WAIT), failure);
    if (!reply && reply.error().code == Code::kEINTR)
        failure.hint = "the job goes on: vexctl jobs list " + node.path() + " shows it";
    const vexfs_job_cmd_reply started = VEXFS_TRY(reply);
    const std::vector<vexfs_job> all = VEXFS_TRY(list_jobs(node, failure));
    const auto found = std::ranges::find(all, started.id, &vexfs_job::id);
    if (found == all.end())
        return refuse(Code::kESTALE, node.path(), "the job is no longer known",
                      "vexctl jobs list shows those there are", failure);
    if (found->state == VEXFS_JOB_FAILED) {
        const Code code = code_from_errno(-found->status);
        return refuse(code, node.path(), std::string("the job failed: ") + cause_of(code),
                      advice_of(code), failure);
    }
    if (!background && found->state == VEXFS_JOB_PAUSED)
        return refuse(Code::kEBUSY, node.path(), "the job is paused",
                      "vexctl jobs resume " + node.path() + " lets it go on", failure);
    if (invocation.json()) {
        Json json{{"schema", std::string("vexctl.") + invocation.command->name + "/1"}};
        add_bytes(json, "path", node.path());
        json["dry_run"] = false;
        json["job"] = job_json(*found);
        json["verified"] = !background && (flags & VEXFS_JOB_VERIFY) != 0;
        print_json(json);
    } else {
        std::printf("job %llu: %s%s\n", static_cast<unsigned long long>(found->id),
                    job_text(*found).c_str(),
                    !background && (flags & VEXFS_JOB_VERIFY) != 0
                        ? ", read once more: no byte of a removed row is left"
                        : "");
    }
    return kDone;
}

} // namespace

int run_jobs(const Invocation& invocation) {
    Failure failure;
    return end_of(jobs(invocation, failure), invocation, failure);
}

int run_compact(const Invocation& invocation) {
    Failure failure;
    return end_of(start(invocation, VEXFS_JOB_CMD_COMPACT, 0, failure), invocation, failure);
}

int run_erase(const Invocation& invocation) {
    Failure failure;
    const uint32_t flags = invocation.has("verify") ? VEXFS_JOB_VERIFY : 0;
    return end_of(start(invocation, VEXFS_JOB_CMD_ERASE, flags, failure), invocation, failure);
}

} // namespace vexfs
