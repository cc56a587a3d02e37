// SPDX-License-Identifier: Apache-2.0
//
// vexfsd: opens a volume and serves it. Exit status 0, 1 and a sentence on stderr, 2 for a wrong
// command line.
//
// Threads: the main thread serves; one waits for signals; volume and front end have their own.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <thread>

#include <malloc.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/guard.h"
#include "userlib/frontend/fuse/fuse_server.h"
#include "userlib/frontend/kmod/module_server.h"
#include "userlib/tools/vexfsd/daemon.h"
#include "userlib/tools/vexfsd/state_files.h"

namespace vexfs {

namespace {

constexpr uint32_t kCommitSeconds = 5;

std::chrono::milliseconds commit_of(const LiveOptions& live) {
    return std::chrono::seconds(live.commit_seconds.value_or(kCommitSeconds));
}

// The file's values, where the command line has none.
Result<LiveOptions> live_options(const VexfsdOptions& options, std::string& explanation) {
    LiveOptions live = options.live;
    if (options.config_file.empty())
        return live;
    const LiveOptions file = VEXFS_TRY(read_config_file(options.config_file, explanation));
    if (!live.log_level)
        live.log_level = file.log_level;
    if (!live.commit_seconds)
        live.commit_seconds = file.commit_seconds;
    return live;
}

// Signals that the process waits for instead of being interrupted by them. SIGUSR2 ends the wait.
sigset_t awaited_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2})
        ::sigaddset(&set, signal);
    return set;
}

void reload(const VexfsdOptions& options, Volume& volume) {
    std::string explanation;
    const auto live = live_options(options, explanation);
    if (!live) {
        log(LogLevel::kError, "vexfsd", explanation);
        return;
    }
    set_log_level(live->log_level.value_or(LogLevel::kInfo));
    volume.set_commit_interval(commit_of(*live));
    log(LogLevel::kInfo, "vexfsd", "configuration read again");
}

bool hand_over(FuseServer&) {
    log(LogLevel::kWarning, "vexfsd", "a FUSE mount cannot be handed over");
    return false;
}

bool hand_over(ModuleServer& server) {
    server.hand_over();
    return true;
}

template <typename Server>
void wait_for_signals(const VexfsdOptions& options, Volume& volume, Server& server,
                      StateFiles& files) {
    const sigset_t set = awaited_signals();
    for (;;) {
        int signal = 0;
        ::sigwait(&set, &signal);
        if (signal == SIGHUP) {
            reload(options, volume);
            continue;
        }
        if (signal == SIGUSR2 || (signal == SIGUSR1 && hand_over(server)))
            return;
        if (signal == SIGUSR1)
            continue;
        notify_manager("STOPPING=1");
        if (const Status written = files.write("stopping"); !written)
            log(LogLevel::kWarning, "vexfsd", written.error().what);
        server.stop();
        return;
    }
}

template <typename Server>
Status serve_with(const VexfsdOptions& options, Volume& volume, Server& server, Daemon& daemon,
                  uint64_t module_fs, std::string& explanation) {
    StateFiles files(options, module_fs);
    const Status written = files.write("serving");
    if (!written) {
        explanation = written.error().what;
        return written;
    }
    std::thread signals;
    VEXFS_TRY_VOID(guard(fail(Code::kEAGAIN, "a thread for signals"), [&]() -> Status {
        signals = std::thread([&] { wait_for_signals(options, volume, server, files); });
        return ok();
    }));
    const Status served = server.serve([&] {
        daemon.serves(options.log_file);
        notify_manager("READY=1");
        log(LogLevel::kInfo, "vexfsd", "serves",
            {{"target", options.target}, {"mountpoint", options.mountpoint}});
    });
    ::pthread_kill(signals.native_handle(), SIGUSR2);
    signals.join();
    return served;
}

std::string source_of(const VexfsdOptions& options) {
    return options.source.empty() ? options.target : options.source;
}

Status serve_fuse(const VexfsdOptions& options, Volume& volume, Daemon& daemon,
                  std::string& explanation) {
    volume.set_front_end(nlohmann::ordered_json{{"kind", "fuse"},
                                                {"threads_max", options.threads},
                                                {"writeback", options.writeback},
                                                {"allow_other", options.allow_other}}
                             .dump());
    Dispatch dispatch(volume, VEXFS_FRONT_END_FUSE);
    FuseOptions fuse;
    fuse.mountpoint = options.mountpoint;
    fuse.source = source_of(options);
    fuse.read_only = options.read_only;
    fuse.allow_other = options.allow_other;
    fuse.writeback = options.writeback;
    fuse.threads_max = options.threads;
    fuse.flags = options.mount_flags;
    const auto server = VEXFS_TRY(FuseServer::mount(dispatch, fuse, explanation));
    return serve_with(options, volume, *server, daemon, 0, explanation);
}

// In microseconds. Who looks out takes a CPU from whoever is to be served, unless there are others.
uint32_t best_poll() {
    return std::thread::hardware_concurrency() > 2 ? 50 : 0;
}

Status serve_module(const VexfsdOptions& options, Volume& volume, Daemon& daemon,
                    std::string& explanation) {
    const uint32_t poll_microseconds = options.poll_microseconds.value_or(best_poll());
    volume.set_front_end(nlohmann::ordered_json{
        {"kind", "module"}, {"threads", options.threads}, {"poll_us", poll_microseconds}}
                             .dump());
    Dispatch dispatch(volume, VEXFS_FRONT_END_KMOD);
    ModuleOptions module;
    module.mountpoint = options.mountpoint;
    module.source = source_of(options);
    module.read_only = options.read_only;
    module.flags = options.mount_flags;
    module.volume = volume.header().volume_id;
    module.fs = options.recover_fs;
    module.threads = options.threads;
    module.poll = std::chrono::microseconds(poll_microseconds);
    if (options.uring)
        module.doorbell = *options.uring ? DoorbellKind::kUring : DoorbellKind::kIoctl;
    const auto server = VEXFS_TRY(ModuleServer::mount(dispatch, module, explanation));
    return serve_with(options, volume, *server, daemon, server->fs(), explanation);
}

Status run(const VexfsdOptions& options, Daemon& daemon, std::string& explanation) {
    const LiveOptions live = VEXFS_TRY(live_options(options, explanation));
    set_log_level(live.log_level.value_or(LogLevel::kInfo));
    // Every thread that starts from here on leaves these to the one that waits for them.
    const sigset_t set = awaited_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);

    DeviceSpec spec;
    spec.path = options.target;
    VolumeOptions how;
    how.read_only = options.read_only;
    how.memory_bytes = options.memory_bytes;
    how.commit_interval = commit_of(live);
    if (!options.compression.empty())
        how.compression = VEXFS_TRY(parse_compression(options.compression));
    how.cold.percent = options.cold_percent;
    how.cold.pool = options.pool;
    how.cache_policy = options.cache_policy;
    how.cache_trace = options.cache_trace;
    const auto volume = VEXFS_TRY(Volume::open(spec, how, explanation));
    Status served = options.front_end == FrontEnd::kFuse
                        ? serve_fuse(options, *volume, daemon, explanation)
                        : serve_module(options, *volume, daemon, explanation);
    const Status closed = volume->close();
    if (served && !closed) {
        explanation = options.target + ": what was not synced may be lost: " + closed.error().what;
        served = closed;
    }
    if (served)
        log(LogLevel::kInfo, "vexfsd", "ended", {{"target", options.target}});
    return served;
}

// malloc() would make arenas for eight times as many threads as there are processors, and take ever
// larger pieces from them once one was freed: what the cache and the rows give back would stay
// there, and mem= would be exceeded by half.
void keep_memory_together() {
    const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
    ::mallopt(M_ARENA_MAX, static_cast<int>(std::max(2L, processors))); // NOLINT: no thread yet
    ::mallopt(M_MMAP_THRESHOLD, 1 << 20);                               // NOLINT: the same
}

int main_of(int count, char** arguments) {
    keep_memory_together();
    std::string explanation;
    const auto options = parse_vexfsd(count, arguments, explanation);
    if (!options) {
        std::fprintf(stderr, "vexfsd: %s\n%s", explanation.c_str(), kVexfsdUsage);
        return 2;
    }
    if (options->help || options->version) {
        std::fputs(options->help ? kVexfsdUsage : "vexfsd " VEXFS_VERSION "\n", stdout);
        return 0;
    }
    auto daemon = Daemon::split(options->foreground);
    if (!daemon) {
        std::fprintf(stderr, "vexfsd: %s\n", daemon.error().what);
        return 1;
    }
    const Status done = run(*options, *daemon, explanation);
    if (done)
        return 0;
    const Error error = done.error();
    daemon->failed("vexfsd: " + (explanation.empty() ? error.what : explanation) + " [" +
                   name_of(error.code) + "]\n");
    return 1;
}

} // namespace

} // namespace vexfs

int main(int count, char** arguments) {
    return vexfs::main_of(count, arguments);
}
