// SPDX-License-Identifier: Apache-2.0
//
// A request of vexfs_queue.h, carried out on a volume: the one way in for all front ends.
//
// The bytes of a request are not trusted: each struct's size, each count and each name is checked
// before it is used. Every failure is an errno, and every request is counted and timed.
//
// Threads: any thread runs any request.
#pragma once

#include "ioctl/vexfs_queue.h"
#include "userlib/engine/volume.h"
#include "userlib/frontend/wire/dispatch/sessions.h"

namespace vexfs {

struct WireRequest {
    vexfs_request header{}; // op, ino, generation, fh, uid, gid count; sizes are those below
    Bytes body;             // the op's struct
    Bytes payload;          // what follows it: names, data
    MutableBytes out;       // where the reply's struct and its payload go, one after the other
    WireCaller* caller = nullptr; // who waits for it; none: what needs his rights is EACCES
};

struct WireReply {
    int32_t result = 0; // 0 or -errno
    size_t bytes = 0;   // of `out`; not 0 with an errno only for IOCTL
};

class Dispatch {
  public:
    // `front_end` is a VEXFS_FRONT_END_*. The volume outlives it.
    Dispatch(Volume& volume, uint32_t front_end)
        : volume_(volume), messages_(volume, front_end), sessions_(messages_, volume) {}

    WireReply run(const WireRequest& request);

  private:
    using Handler = Result<size_t> (Dispatch::*)(const WireRequest&);
    static Handler handler_of(uint32_t op);

    [[nodiscard]] vexfs_attr attr_of(uint64_t ino, const Inode& inode) const;
    [[nodiscard]] vexfs_rep_entry entry_of(const Entry& entry) const;
    Result<size_t> reply_entry(const WireRequest& request, const Entry& entry);
    Result<size_t> reply_created(const WireRequest& request, const Entry& entry);
    Result<size_t> reply_attr(const WireRequest& request, const Inode& inode);
    Result<size_t> reply_written(const WireRequest& request, const Written& written);
    // The request's node; ESTALE if it is of another generation.
    Result<uint64_t> node(const WireRequest& request);
    Status check_node(uint64_t ino, uint32_t generation);

    // nodes.cpp
    Result<size_t> mount(const WireRequest& request);
    Result<size_t> unmount(const WireRequest& request);
    Result<size_t> lookup(const WireRequest& request);
    Result<size_t> forget(const WireRequest& request);
    Result<size_t> getattr(const WireRequest& request);
    Result<size_t> setattr(const WireRequest& request);
    Result<size_t> readlink(const WireRequest& request);
    Result<size_t> make(const WireRequest& request);
    Result<size_t> create(const WireRequest& request);
    Result<size_t> tmpfile(const WireRequest& request);
    Result<size_t> unlink(const WireRequest& request);
    Result<size_t> rmdir(const WireRequest& request);
    Result<size_t> rename(const WireRequest& request);
    Result<size_t> link(const WireRequest& request);
    Result<size_t> statfs(const WireRequest& request);
    Result<size_t> sync(const WireRequest& request);

    // directories.cpp
    Result<size_t> opendir(const WireRequest& request);
    Result<size_t> readdir(const WireRequest& request);
    Result<size_t> readdirplus(const WireRequest& request);
    Result<size_t> nothing(const WireRequest& request);

    // data.cpp
    Result<size_t> open(const WireRequest& request);
    Result<size_t> release(const WireRequest& request);
    Result<size_t> read(const WireRequest& request);
    Result<size_t> write(const WireRequest& request);
    Result<size_t> fallocate(const WireRequest& request);
    Result<size_t> copy_range(const WireRequest& request);
    Result<size_t> lseek(const WireRequest& request);

    // call.cpp
    Result<size_t> open_call(const WireRequest& request, uint32_t flags);
    Result<std::shared_ptr<Session>> session_of(const WireRequest& request);
    Result<size_t> session_write(const WireRequest& request);
    Result<size_t> session_read(const WireRequest& request);
    Result<size_t> session_truncate(const WireRequest& request);

    // xattrs.cpp
    Result<size_t> setxattr(const WireRequest& request);
    Result<size_t> getxattr(const WireRequest& request);
    Result<size_t> listxattr(const WireRequest& request);
    Result<size_t> removexattr(const WireRequest& request);

    // ioctl.cpp: an application's message, which has a reply with an errno too
    WireReply ioctl(const WireRequest& request);

    Volume& volume_;
    Messages messages_;
    Sessions sessions_;
};

} // namespace vexfs
