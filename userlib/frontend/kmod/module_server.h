// SPDX-License-Identifier: Apache-2.0
//
// A mount point that the kernel module serves: its requests, passed on to the wire.
//
// It keeps no state of the file system. If the engine ends without a word and recovery was asked
// for, the mount stays and its callers wait for the next engine, which takes it over.
//
// Threads: one thread mounts and serves; queues have their own; stop() from any.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "userlib/frontend/kmod/module_device.h"
#include "userlib/frontend/kmod/queue_server.h"

namespace vexfs {

enum class DoorbellKind { kUring, kIoctl };

struct ModuleOptions {
    std::string mountpoint;
    std::string source; // what mount(8) shows as the device
    bool read_only = false;
    // What the kernel forbids to everybody on this mount: "nodev", "nosuid", "noexec", "noatime".
    std::vector<std::string> flags;
    std::array<uint8_t, 16> volume{}; // its id
    // Whether the mount outlives an engine that ends without a word.
    bool recovery = true;
    // The fs of the module to take over, which is mounted already; 0: a mount of its own.
    uint64_t fs = 0;
    // Not stated: io_uring if the kernel can take a command back, or else the ioctl.
    std::optional<DoorbellKind> doorbell;
    unsigned threads = 16;            // of all queues together, at least 2 for each
    std::chrono::nanoseconds poll{0}; // see QueueOptions
};

class ModuleServer {
  public:
    // Attaches and serves, and then mounts. The explanation is a sentence for the user. Dispatch
    // outlives it.
    static Result<std::unique_ptr<ModuleServer>>
    mount(Dispatch& dispatch, const ModuleOptions& options, std::string& explanation);
    ~ModuleServer(); // as stop()
    ModuleServer(const ModuleServer&) = delete;
    ModuleServer& operator=(const ModuleServer&) = delete;

    // Until somebody unmounts or stops it, or with the reason why the module gave it up. `ready` is
    // called at the start.
    Status serve(const std::function<void()>& ready);
    // Unmounts and ends serve(). What is still open there becomes ENOTCONN.
    void stop();
    // Ends serve() and leaves the mount: its callers wait for the next engine.
    void hand_over();

    [[nodiscard]] uint64_t fs() const { return attached_.fs; }
    [[nodiscard]] DoorbellKind doorbell() const { return doorbell_; }

  private:
    ModuleServer(ModuleDevice device, const ModuleOptions& options)
        : device_(std::move(device)), options_(options), keep_(options.recovery) {}
    Status start(Dispatch& dispatch, std::string& explanation);
    Status add_queue(Dispatch& dispatch, uint32_t number);
    Result<std::unique_ptr<Doorbell>> make_doorbell(uint16_t number);
    Status mount_it(std::string& explanation);
    void forget_attributes(uint64_t ino);
    void unmount();
    void end(bool keep);
    void ended(const Status& why);

    ModuleDevice device_;
    const ModuleOptions options_;
    vexfs_attach attached_{};
    DoorbellKind doorbell_ = DoorbellKind::kIoctl;
    std::string mount_id_; // of our mount, as /proc/self/mountinfo names it
    std::vector<std::unique_ptr<QueueServer>> queues_;
    Mutex mutex_;
    CondVar changed_;
    bool over_ VEXFS_GUARDED_BY(mutex_) = false;
    bool stopping_ VEXFS_GUARDED_BY(mutex_) = false;
    bool keep_ VEXFS_GUARDED_BY(mutex_); // the mount, whatever ends the channel
    Status why_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
