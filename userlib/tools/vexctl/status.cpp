// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/status.h"

#include <cstdio>

#include "userlib/tools/vexctl/command.h"

namespace vexfs {

namespace {

const char* name_of_front_end(uint32_t front_end) {
    switch (front_end) {
    case VEXFS_FRONT_END_KMOD:
        return "kernel module";
    case VEXFS_FRONT_END_FUSE:
        return "fuse";
    case VEXFS_FRONT_END_LOCAL:
        return "local";
    default:
        return "unknown";
    }
}

Health health_of(const Report& stats) {
    if (stats.flag("/store/suspended"))
        return Health::kSuspended;
    const uint64_t lost = stats.number("/store/damage/nodes_rescued") +
                          stats.number("/store/damage/nodes_lost") +
                          stats.number("/store/damage/records_lost");
    return lost > 0 ? Health::kDamaged : Health::kGood;
}

Result<VolumeStatus> gather(const std::string& path, Failure& failure) {
    const Mounted volume = VEXFS_TRY(Mounted::open(path, failure));
    const vexfs_hello_reply hello = VEXFS_TRY(volume.hello(failure));
    VolumeStatus status{VEXFS_TRY(volume.report("stats.json", failure)),
                        VEXFS_TRY(volume.report_of_root("config.json", failure)),
                        VEXFS_TRY(volume.report_of_root("jobs.json", failure)),
                        volume.root(),
                        volume.source(),
                        name_of_front_end(hello.front_end)};
    status.uptime_seconds =
        seconds_of(status.stats.text("/time")) - seconds_of(status.stats.text("/engine/opened"));
    status.health = health_of(status.stats);
    // Whatever will be shown is asked for once, so that what is lacking is an error, not a zero.
    static_cast<void>(status_json(status));
    VEXFS_TRY_VOID(volume.check(status.stats, "stats.json", failure));
    if (status.config)
        VEXFS_TRY_VOID(volume.check(*status.config, "config.json", failure));
    if (status.jobs)
        VEXFS_TRY_VOID(volume.check(*status.jobs, "jobs.json", failure));
    return status;
}

} // namespace

int run_status(const Invocation& invocation) {
    Failure failure;
    const std::string path = invocation.operand(0, ".");
    const auto status = gather(path, failure);
    if (!status)
        return print_failure(failure, "status", invocation.json(), exit_status_of(failure.code));
    const std::string text =
        invocation.json()
            ? status_json(*status).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                  "\n"
            : status_text(*status);
    std::fputs(text.c_str(), stdout);
    switch (status->health) {
    case Health::kSuspended:
        return kFailed;
    case Health::kDamaged:
        return kDamaged;
    case Health::kGood:
        break;
    }
    return kDone;
}

} // namespace vexfs
