// SPDX-License-Identifier: Apache-2.0
//
// A mount point that FUSE serves: the kernel's requests, passed on to the wire.
//
// It keeps no state of its own: a node's id is its number, a file handle is the wire's with the
// access mode of the open. Rights are the kernel's business (default_permissions), and so are
// file locks.
//
// Threads: one thread mounts and serves; libfuse adds its own for requests; stop() from any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <pthread.h>

#include "userlib/frontend/wire/dispatch/dispatch.h"

struct fuse_session;

namespace vexfs {

struct FuseOptions {
    std::string mountpoint;
    std::string source; // what mount(8) shows as the device
    bool read_only = false;
    bool allow_other = false; // other users too; root, or user_allow_other in fuse.conf
    // The kernel keeps written pages and sends them later: fewer and larger writes, but times and
    // sizes are then its own.
    bool writeback = false;
    unsigned threads_max = 16;
    // What the kernel forbids to everybody on this mount: "nodev", "nosuid", "noexec", "noatime".
    std::vector<std::string> flags;
};

class FuseServer {
  public:
    // Mounts. A dead mount that an engine left there is taken away first. The explanation is a
    // sentence that names the mount point. Dispatch outlives it.
    static Result<std::unique_ptr<FuseServer>> mount(Dispatch& dispatch, const FuseOptions& options,
                                                     std::string& explanation);
    ~FuseServer(); // unmounts
    FuseServer(const FuseServer&) = delete;
    FuseServer& operator=(const FuseServer&) = delete;

    // Until somebody unmounts or stops it. `ready` is called once, when the kernel is answered.
    Status serve(std::function<void()> ready);
    // Unmounts and ends serve(). What is still open there becomes ENOTCONN.
    void stop();

    // For the calls of fuse_calls.h.
    WireReply run(const WireRequest& request) { return dispatch_.run(request); }
    // The kernel asks for a node's attributes again. Takes none of the kernel's locks on nodes, so
    // that a request on the same node may call it.
    void forget_attributes(uint64_t ino);
    [[nodiscard]] uint64_t root() const { return root_; } // the wire's number of FUSE's node 1
    [[nodiscard]] const FuseOptions& options() const { return options_; }
    void answered() {
        if (ready_)
            ready_();
    }

  private:
    FuseServer(Dispatch& dispatch, const FuseOptions& options)
        : dispatch_(dispatch), options_(options) {}
    Status start(std::string& explanation);
    void set_serving(bool serving);
    [[nodiscard]] bool is_cut_off() const;
    void unmount();

    Dispatch& dispatch_;
    const FuseOptions options_;
    uint64_t root_ = 0;
    std::function<void()> ready_;
    fuse_session* session_ = nullptr;
    pthread_t server_{};
    std::atomic<bool> mounted_{false};
    Mutex mutex_;
    CondVar ended_;
    bool serving_ VEXFS_GUARDED_BY(mutex_) = false;
};

} // namespace vexfs
