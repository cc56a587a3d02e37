// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/module_server.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include <sys/mount.h>

#include "base/log.h"

namespace vexfs {

namespace {

constexpr uint32_t kSlots = 32;     // of a queue: 4.3 MiB of the kernel's memory
constexpr unsigned kThreadsMin = 2; // of a queue: one serves, one is at the doorbell

// White space as the kernel writes it into its tables.
std::string escaped(const std::string& path) {
    std::string text;
    for (const char c : path) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\\') {
            std::array<char, 5> octal{};
            std::snprintf(octal.data(), octal.size(), "\\%03o", static_cast<unsigned>(c));
            text += octal.data();
        } else {
            text += c;
        }
    }
    return text;
}

// The topmost mount at that place, by its number; empty if that is none of VexFS.
std::string mount_id_at(const std::string& place) {
    const std::string wanted = escaped(place);
    std::ifstream table("/proc/self/mountinfo");
    std::string found;
    for (std::string line; std::getline(table, line);) {
        std::istringstream words(line);
        std::string id, parent, device, root, point;
        if (words >> id >> parent >> device >> root >> point && point == wanted)
            found = line.find(" - vexfs ") != std::string::npos ? id : "";
    }
    return found;
}

DoorbellKind best_doorbell(uint64_t features) {
    constexpr uint64_t kNeeded = VEXFS_QUEUE_FEATURE_URING | VEXFS_QUEUE_FEATURE_CANCEL;
    return (features & kNeeded) == kNeeded ? DoorbellKind::kUring : DoorbellKind::kIoctl;
}

unsigned long flags_of(const ModuleOptions& options) {
    unsigned long flags = options.read_only ? MS_RDONLY : 0;
    for (const std::string& flag : options.flags)
        flags |= flag == "nodev"     ? MS_NODEV
                 : flag == "nosuid"  ? MS_NOSUID
                 : flag == "noexec"  ? MS_NOEXEC
                 : flag == "noatime" ? MS_NOATIME
                                     : 0;
    return flags;
}

} // namespace

Result<std::unique_ptr<ModuleServer>>
ModuleServer::mount(Dispatch& dispatch, const ModuleOptions& options, std::string& explanation) {
    ModuleDevice device = VEXFS_TRY(ModuleDevice::open(explanation));
    std::unique_ptr<ModuleServer> server(new ModuleServer(std::move(device), options));
    VEXFS_TRY_VOID(server->start(dispatch, explanation));
    return server;
}

Status ModuleServer::start(Dispatch& dispatch, std::string& explanation) {
    attached_.fs = options_.fs;
    attached_.flags = options_.fs != 0 ? VEXFS_ATTACH_LOST : 0;
    attached_.features = VEXFS_QUEUE_FEATURE_URING | VEXFS_QUEUE_FEATURE_CANCEL |
                         (options_.recovery ? VEXFS_QUEUE_FEATURE_RECOVERY : 0) |
                         (options_.poll.count() > 0 ? VEXFS_QUEUE_FEATURE_POLLING : 0);
    attached_.slots = kSlots;
    std::copy(options_.volume.begin(), options_.volume.end(), attached_.volume);
    VEXFS_TRY_VOID(device_.attach(attached_, explanation));
    doorbell_ = options_.doorbell.value_or(best_doorbell(attached_.features));
    for (uint32_t number = 0; number < attached_.queues; ++number)
        if (const Status added = add_queue(dispatch, number); !added) {
            explanation = std::string("a queue of the kernel module: ") + added.error().what;
            return added;
        }
    for (const auto& queue : queues_)
        if (const Status started = queue->start(); !started) {
            explanation = started.error().what;
            return started;
        }
    if (options_.fs == 0)
        VEXFS_TRY_VOID(mount_it(explanation));
    mount_id_ = mount_id_at(options_.mountpoint);
    return ok();
}

Status ModuleServer::add_queue(Dispatch& dispatch, uint32_t number) {
    const MutableBytes memory = VEXFS_TRY(device_.map(attached_, number));
    const SharedQueue shared = VEXFS_TRY(SharedQueue::over(memory, attached_.slots));
    const QueueOptions how{std::max(kThreadsMin, options_.threads / attached_.queues),
                           options_.poll};
    queues_.push_back(std::make_unique<QueueServer>(
        shared, VEXFS_TRY(make_doorbell(static_cast<uint16_t>(number))), dispatch,
        [this](uint64_t ino) { forget_attributes(ino); }, how,
        [this](const Status& why) { ended(why); }));
    return ok();
}

Result<std::unique_ptr<Doorbell>> ModuleServer::make_doorbell(uint16_t number) {
    if (doorbell_ == DoorbellKind::kUring) {
        auto made = make_uring_doorbell(device_.descriptor(), number);
        if (made || made.error().code != Code::kEOPNOTSUPP)
            return made;
        log(LogLevel::kInfo, "module", "io_uring is not to be had: queues wait by ioctl");
        doorbell_ = DoorbellKind::kIoctl;
    }
    return make_ioctl_doorbell(device_.descriptor(), number);
}

Status ModuleServer::mount_it(std::string& explanation) {
    const std::string data = "fd=" + std::to_string(device_.descriptor());
    if (::mount(options_.source.c_str(), options_.mountpoint.c_str(), "vexfs", flags_of(options_),
                data.c_str()) != 0) {
        const int error = errno;
        explanation = options_.mountpoint +
                      ": mounting it: " + std::strerror(error); // NOLINT(concurrency-mt-unsafe)
        return fail(code_from_errno(error), "module: mount");
    }
    return ok();
}

void ModuleServer::forget_attributes(uint64_t ino) {
    const Status told = device_.forget_attributes(ino);
    if (!told && told.error().code != Code::kENODEV) // then the channel has ended, and asks again
        log(LogLevel::kWarning, "module",
            "attributes that have changed may be believed for an hour",
            {{"ino", ino}, {"cause", told.error()}});
}

ModuleServer::~ModuleServer() {
    stop();
    for (const auto& queue : queues_)
        queue->join();
}

Status ModuleServer::serve(const std::function<void()>& ready) {
    ready();
    MutexLock lock(mutex_);
    while (!over_)
        changed_.wait(mutex_);
    return stopping_ ? ok() : why_;
}

// Somebody else's mount may stand at the place by now. Files that are open keep a mount; then it
// is taken out of the tree, and ends with this channel.
void ModuleServer::unmount() {
    if (mount_id_.empty() || mount_id_at(options_.mountpoint) != mount_id_)
        return;
    if (::umount2(options_.mountpoint.c_str(), UMOUNT_NOFOLLOW) == 0 || errno != EBUSY)
        return;
    log(LogLevel::kWarning, "module", "unmounted while files are open there",
        {{"mountpoint", options_.mountpoint}});
    ::umount2(options_.mountpoint.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

void ModuleServer::stop() {
    end(false);
}

void ModuleServer::hand_over() {
    end(true);
}

void ModuleServer::end(bool keep) {
    {
        MutexLock lock(mutex_);
        if (over_)
            return;
        stopping_ = true;
        keep_ = keep;
    }
    if (!keep)
        unmount();
    for (const auto& queue : queues_)
        queue->drain();
    ended(ok());
}

// Threads that wait at a doorbell learn of it by the end of the channel. After an unmount there is
// nothing to keep.
void ModuleServer::ended(const Status& why) {
    bool keep = false;
    {
        MutexLock lock(mutex_);
        if (std::exchange(over_, true))
            return;
        why_ = why;
        keep = keep_ && (stopping_ || !why);
        changed_.notify_all();
    }
    if (const Status detached = device_.detach(keep); !detached)
        log(LogLevel::kDebug, "module", "the channel had ended", {{"error", detached.error()}});
}

} // namespace vexfs
