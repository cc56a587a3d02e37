// SPDX-License-Identifier: Apache-2.0
//
// JOB and JOB_LIST.
//
// The numbers of kinds, states and commands are those of the ABI in the engine, too.
#include "userlib/frontend/wire/dispatch/messages.h"

namespace vexfs {

namespace {

static_assert(sizeof(vexfs_msg) + sizeof(vexfs_job_cmd_reply) <= VEXFS_ROOM_MIN);
static_assert(static_cast<uint32_t>(JobKind::kLink) == VEXFS_JOB_KIND_LINK &&
              static_cast<uint32_t>(JobKind::kConsolidate) == VEXFS_JOB_KIND_CONSOLIDATE &&
              static_cast<uint32_t>(JobKind::kTrain) == VEXFS_JOB_KIND_TRAIN &&
              static_cast<uint32_t>(JobKind::kCompact) == VEXFS_JOB_KIND_COMPACT &&
              static_cast<uint32_t>(JobKind::kErase) == VEXFS_JOB_KIND_ERASE);
static_assert(static_cast<uint32_t>(JobState::kQueued) == VEXFS_JOB_QUEUED &&
              static_cast<uint32_t>(JobState::kRunning) == VEXFS_JOB_RUNNING &&
              static_cast<uint32_t>(JobState::kPaused) == VEXFS_JOB_PAUSED &&
              static_cast<uint32_t>(JobState::kDone) == VEXFS_JOB_DONE &&
              static_cast<uint32_t>(JobState::kFailed) == VEXFS_JOB_FAILED);
static_assert(static_cast<uint32_t>(JobCommand::kPause) == VEXFS_JOB_CMD_PAUSE &&
              static_cast<uint32_t>(JobCommand::kResume) == VEXFS_JOB_CMD_RESUME &&
              static_cast<uint32_t>(JobCommand::kCompact) == VEXFS_JOB_CMD_COMPACT &&
              static_cast<uint32_t>(JobCommand::kErase) == VEXFS_JOB_CMD_ERASE);

vexfs_job record_of(const VolumeJob& each) {
    const JobRecord& job = each.job;
    vexfs_job record{};
    record.id = job.id;
    record.collection = each.collection;
    record.kind = static_cast<uint32_t>(job.kind);
    record.state = static_cast<uint32_t>(job.state);
    record.done = job.done;
    record.total = job.total;
    record.started_ns = job.started_ns;
    record.ended_ns = job.ended_ns;
    record.status = job.failure ? -job.failure->errno_value() : 0;
    return record;
}

} // namespace

Result<size_t> Messages::perform(Message& message, const JobRequest& request) {
    JobAsk ask;
    ask.command = static_cast<JobCommand>(request.body.cmd);
    ask.id = request.body.id;
    ask.verify = (request.head.flags & VEXFS_JOB_VERIFY) != 0;
    ask.wait = (request.head.flags & VEXFS_JOB_WAIT) != 0;
    ask.stop.cancel = message.cancelled();
    const JobAnswer answer =
        VEXFS_TRY(volume_.command_jobs(message.node(), VEXFS_TRY(message.caller()), ask));
    JobReply reply;
    reply.body.id = answer.id;
    reply.body.jobs = answer.jobs;
    reply.body.state = answer.state ? static_cast<uint32_t>(*answer.state) : 0;
    return message.reply(Reply(reply));
}

Result<size_t> Messages::perform(Message& message, const JobListRequest&) {
    std::vector<vexfs_job> records;
    for (const VolumeJob& job :
         VEXFS_TRY(volume_.jobs(message.node(), VEXFS_TRY(message.caller()))))
        records.push_back(record_of(job));
    JobListReply reply;
    reply.body.jobs = static_cast<uint32_t>(records.size());
    reply.jobs = Records<vexfs_job>(std::span(std::as_const(records)));
    VEXFS_TRY_VOID(message.reserve(sizeof(vexfs_msg) + sizeof(vexfs_job_list_reply) +
                                   records.size() * sizeof(vexfs_job)));
    return message.reply(Reply(reply));
}

} // namespace vexfs
