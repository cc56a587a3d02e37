// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/fuse/fuse_server.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "userlib/frontend/fuse/fuse_calls.h"

namespace vexfs {

namespace {

// Wakes the serving thread out of its wait; what it does is nothing.
constexpr int kWakeSignal = SIGURG;

constexpr unsigned kRequestBytesMax = 1U << 20; // of one read or write

void take_log(fuse_log_level level, const char* format, va_list arguments) {
    std::array<char, 256> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    text[std::strcspn(text.data(), "\n")] = '\0';
    const LogLevel ours = level <= FUSE_LOG_ERR       ? LogLevel::kError
                          : level == FUSE_LOG_WARNING ? LogLevel::kWarning
                                                      : LogLevel::kDebug;
    log(ours, "libfuse", text.data());
}

void wake(int) {}

Status install_wake() {
    struct sigaction action {};
    action.sa_handler = wake; // without SA_RESTART
    return ::sigaction(kWakeSignal, &action, nullptr) == 0
               ? ok()
               : Status(fail(code_from_errno(errno), "fuse: sigaction"));
}

// libfuse splits options at commas.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == ',' || c == '\\')
            result += '\\';
        result += c;
    }
    return result;
}

std::vector<std::string> arguments_of(const FuseOptions& options) {
    std::vector<std::string> arguments{
        "vexfsd", "-o", "default_permissions,subtype=vexfs,fsname=" + escaped(options.source)};
    if (options.allow_other)
        arguments.back() += ",allow_other";
    if (options.read_only)
        arguments.back() += ",ro";
    if (::geteuid() == 0) // as of any file system that root mounts
        arguments.back() += ",dev,suid";
    for (const std::string& flag : options.flags) // the last word wins
        arguments.back() += "," + flag;
    return arguments;
}

// A mount whose engine has ended answers nothing but ENOTCONN.
bool is_dead_mount(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) != 0 && errno == ENOTCONN;
}

Status check_mountpoint(const std::string& path, std::string& explanation) {
    while (is_dead_mount(path)) {
        log(LogLevel::kWarning, "fuse", "the mount of an engine that has ended is replaced",
            {{"mountpoint", path}});
        if (::umount2(path.c_str(), MNT_DETACH) != 0) {
            explanation = path + " is a dead mount that cannot be taken away: " +
                          std::strerror(errno); // NOLINT(concurrency-mt-unsafe)
            return fail(code_from_errno(errno), "fuse: unmount");
        }
    }
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        explanation = path + ": " + std::strerror(errno); // NOLINT(concurrency-mt-unsafe)
        return fail(code_from_errno(errno), "fuse: mount point");
    }
    if (!S_ISDIR(found.st_mode)) {
        explanation = path + " is not a directory";
        return fail(Code::kENOTDIR, "fuse: mount point");
    }
    return ok();
}

void init(void* user, fuse_conn_info* connection) {
    auto& own = *static_cast<FuseServer*>(user);
    // Opening for truncation is an open and a change of size.
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_ATOMIC_O_TRUNC);
    // The kernel alone changes what it caches.
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
    // It would keep what a link below `.similar` says to one caller for the next.
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_CACHE_SYMLINKS);
    for (const unsigned wanted :
         {FUSE_CAP_IOCTL_DIR, FUSE_CAP_PARALLEL_DIROPS, FUSE_CAP_READDIRPLUS,
          FUSE_CAP_READDIRPLUS_AUTO, FUSE_CAP_ASYNC_DIO})
        connection->want |= connection->capable & wanted;
    if (own.options().writeback)
        connection->want |= connection->capable & FUSE_CAP_WRITEBACK_CACHE;
    connection->max_write = kRequestBytesMax;
    connection->max_readahead = kRequestBytesMax;
    connection->time_gran = 1;
    own.answered();
}

fuse_lowlevel_ops all_calls() {
    fuse_lowlevel_ops calls{};
    calls.init = init;
    add_node_calls(calls);
    add_directory_calls(calls);
    add_data_calls(calls);
    add_xattr_calls(calls);
    return calls;
}

} // namespace

Result<std::unique_ptr<FuseServer>>
FuseServer::mount(Dispatch& dispatch, const FuseOptions& options, std::string& explanation) {
    std::unique_ptr<FuseServer> server(new FuseServer(dispatch, options));
    VEXFS_TRY_VOID(server->start(explanation));
    return server;
}

Status FuseServer::start(std::string& explanation) {
    fuse_set_log_func(take_log);
    vexfs_rep_mount root{};
    const vexfs_req_mount body{};
    WireRequest request;
    request.header.op = VEXFS_REQ_MOUNT;
    request.body = std::as_bytes(std::span(&body, 1));
    request.out = std::as_writable_bytes(std::span(&root, 1));
    if (run(request).result != 0) {
        explanation = "the volume has no root directory that can be read";
        return fail(Code::kEUCLEAN, "fuse: root");
    }
    root_ = root.root.ino;

    VEXFS_TRY_VOID(check_mountpoint(options_.mountpoint, explanation));
    VEXFS_TRY_VOID(install_wake());
    std::vector<std::string> arguments = arguments_of(options_);
    std::vector<char*> raw;
    for (std::string& argument : arguments)
        raw.push_back(argument.data());
    fuse_args args = FUSE_ARGS_INIT(static_cast<int>(raw.size()), raw.data());
    const fuse_lowlevel_ops calls = all_calls();
    session_ = fuse_session_new(&args, &calls, sizeof calls, this);
    fuse_opt_free_args(&args);
    if (session_ == nullptr) {
        explanation = "libfuse refused its options";
        return fail(Code::kEINVAL, "fuse: session");
    }
    if (fuse_session_mount(session_, options_.mountpoint.c_str()) != 0) {
        explanation = options_.mountpoint + " cannot be mounted: the log has the cause";
        return fail(Code::kEPERM, "fuse: mount");
    }
    mounted_.store(true);
    return ok();
}

FuseServer::~FuseServer() {
    if (session_ == nullptr)
        return;
    unmount();
    fuse_session_destroy(session_);
}

// A negative offset: the attributes alone, no pages. ENOENT: the kernel has forgotten the node.
void FuseServer::forget_attributes(uint64_t ino) {
    const int result = fuse_lowlevel_notify_inval_inode(session_, ino, -1, 0);
    if (result != 0 && result != -ENOENT)
        log(LogLevel::kWarning, "fuse", "attributes that have changed may be believed for an hour",
            {{"ino", ino}, {"cause", fail(code_from_errno(-result), "fuse: notify")}});
}

Status FuseServer::serve(std::function<void()> ready) {
    ready_ = std::move(ready);
    server_ = ::pthread_self();
    set_serving(true);
    fuse_loop_config* const config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_clone_fd(config, 1);
    fuse_loop_cfg_set_max_threads(config, options_.threads_max);
    fuse_loop_cfg_set_idle_threads(config, options_.threads_max);
    const int ended = fuse_session_loop_mt(session_, config);
    fuse_loop_cfg_destroy(config);
    set_serving(false);
    if (ended < 0 && ended != -ENODEV)
        return fail(code_from_errno(-ended), "fuse: loop");
    return ok();
}

void FuseServer::set_serving(bool serving) {
    MutexLock lock(mutex_);
    serving_ = serving;
    ended_.notify_all();
}

// Whether the kernel has ended the connection. Another may be mounted at the place by now.
bool FuseServer::is_cut_off() const {
    pollfd connection{fuse_session_fd(session_), 0, 0};
    return ::poll(&connection, 1, 0) == 1 && (connection.revents & POLLERR) != 0;
}

// Files that are open keep a mount; then it is taken out of the tree, and ends with this process.
void FuseServer::unmount() {
    if (!mounted_.exchange(false))
        return;
    if (!is_cut_off() && ::umount2(options_.mountpoint.c_str(), UMOUNT_NOFOLLOW) != 0 &&
        errno == EBUSY)
        log(LogLevel::kWarning, "fuse", "unmounted while files are open there",
            {{"mountpoint", options_.mountpoint}});
    fuse_session_unmount(session_); // of one that is cut off only libfuse's memory
}

void FuseServer::stop() {
    unmount();
    fuse_session_exit(session_);
    // The loop looks at its flag when its wait ends. A signal may come just before the wait, so it
    // is sent until the loop has ended.
    MutexLock lock(mutex_);
    while (serving_) {
        ::pthread_kill(server_, kWakeSignal);
        ended_.wait_for(mutex_, std::chrono::milliseconds(2));
    }
}

} // namespace vexfs
