// SPDX-License-Identifier: Apache-2.0
//
// What every function of fuse_calls.h needs: a request of the wire in the making, and the wire's
// structs as FUSE's.
//
// Threads: each call is complete in itself.
#pragma once

#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/guard.h"
#include "userlib/frontend/fuse/fuse_caller.h"
#include "userlib/frontend/fuse/fuse_server.h"
#include "userlib/frontend/wire/dispatch/stat_of.h"

namespace vexfs {

inline constexpr uint32_t kGeneration = 1; // of every node: numbers are never used again
// A file handle: the wire's, whether it is a session, and how the file was opened.
inline constexpr unsigned kAccessBits = 2;
inline constexpr unsigned kHandleBits = kAccessBits + 1;

inline uint64_t handle_of(const vexfs_rep_open& open, int open_flags) {
    const int access = open_flags & O_ACCMODE;
    const uint64_t mode =
        (access != O_WRONLY ? VEXFS_FILE_READ : 0) | (access != O_RDONLY ? VEXFS_FILE_WRITE : 0);
    const uint64_t session = (open.flags & VEXFS_OPEN_SESSION) != 0 ? 1 : 0;
    return open.fh << kHandleBits | session << kAccessBits | mode;
}
inline uint32_t mode_of(uint64_t handle) {
    return static_cast<uint32_t>(handle & ((1U << kAccessBits) - 1));
}
inline bool is_session(uint64_t handle) {
    return (handle >> kAccessBits & 1) != 0;
}

inline double seconds_of(uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

inline FuseServer& server(fuse_req_t req) {
    return *static_cast<FuseServer*>(fuse_req_userdata(req));
}

// The kernel waits for ever for an answer with a larger errno.
inline void reply_errno(fuse_req_t req, int error) {
    fuse_reply_err(req, error >= 0 && error <= VEXFS_QUEUE_MAX_ERRNO ? error : EIO);
}

// Lack of memory in an adapter is an answer too.
template <typename Body>
void guarded(fuse_req_t req, Body&& body) {
    const Status done = guard(fail(Code::kEIO, "fuse: an exception"), [&]() -> Status {
        body();
        return ok();
    });
    if (!done)
        reply_errno(req, done.error().errno_value());
}

// A request of the wire in the making.
class Call {
  public:
    Call(fuse_req_t req, uint32_t op, fuse_ino_t node) : req_(req) {
        const fuse_ctx* const context = fuse_req_ctx(req);
        request_.header.op = op;
        request_.header.ino = ino_of(node);
        request_.header.generation = kGeneration;
        request_.header.uid = context->uid;
        request_.header.gid = context->gid;
    }

    [[nodiscard]] uint64_t ino_of(fuse_ino_t node) const {
        return node == FUSE_ROOT_ID ? server(req_).root() : node;
    }
    void set_handle(uint64_t handle) { request_.header.fh = handle >> kHandleBits; }

    template <typename Body>
    WireReply run(const Body& body, Bytes payload, MutableBytes out) {
        request_.body = std::as_bytes(std::span(&body, 1));
        return run_bodyless(payload, out);
    }
    WireReply run_bodyless(Bytes payload, MutableBytes out) {
        FuseCaller caller(req_, server(req_)); // gone before the kernel is answered
        request_.payload = payload;
        request_.out = out;
        request_.caller = &caller;
        const WireReply reply = server(req_).run(request_);
        request_.caller = nullptr;
        return reply;
    }
    // The reply's struct, if all went well; else the kernel is answered.
    template <typename Out, typename Body>
    bool fetch(const Body& body, Bytes payload, Out& out) {
        return taken(run(body, payload, std::as_writable_bytes(std::span(&out, 1))));
    }
    bool taken(const WireReply& reply) {
        if (reply.result != 0)
            refuse(reply.result);
        return reply.result == 0;
    }
    void refuse(int32_t result) { reply_errno(req_, -result); }

  private:
    fuse_req_t req_;
    WireRequest request_;
};

inline Bytes bytes_of_name(const char* name) {
    return std::as_bytes(std::span(name, std::strlen(name)));
}
inline uint32_t length(const char* name) {
    return static_cast<uint32_t>(std::strlen(name));
}

inline fuse_entry_param entry_param(const FuseServer& server, const vexfs_rep_entry& entry) {
    fuse_entry_param param{};
    param.ino = entry.attr.ino == server.root() ? FUSE_ROOT_ID : entry.attr.ino;
    param.generation = entry.attr.generation;
    param.attr = stat_of(entry.attr);
    param.attr_timeout = seconds_of(entry.attr.valid_ns);
    param.entry_timeout = seconds_of(entry.entry_ns);
    return param;
}

// An entry that the kernel did not take is not known to it.
inline void forget_one(FuseServer& server, uint64_t ino, uint64_t lookups) {
    if (ino == 0)
        return;
    const vexfs_req_forget body{1, 0};
    const vexfs_node node{ino, kGeneration, 0, lookups};
    WireRequest request;
    request.header.op = VEXFS_REQ_FORGET;
    request.body = std::as_bytes(std::span(&body, 1));
    request.payload = std::as_bytes(std::span(&node, 1));
    server.run(request);
}

inline void reply_entry(fuse_req_t req, const vexfs_rep_entry& entry) {
    FuseServer& own = server(req);
    const fuse_entry_param param = entry_param(own, entry);
    if (fuse_reply_entry(req, &param) != 0)
        forget_one(own, entry.attr.ino, 1);
}

inline void take_open(const vexfs_rep_open& open, fuse_file_info* file) {
    file->fh = handle_of(open, file->flags);
    file->direct_io = (open.flags & VEXFS_OPEN_DIRECT) != 0 ? 1 : 0;
    file->keep_cache = (open.flags & VEXFS_OPEN_KEEP_CACHE) != 0 ? 1 : 0;
}

} // namespace vexfs
