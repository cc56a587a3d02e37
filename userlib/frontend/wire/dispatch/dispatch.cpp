// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/dispatch.h"

#include <array>
#include <chrono>

#include "base/guard.h"
#include "base/log.h"
#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

// What the kernel knows can only change through the kernel, as long as it is mounted.
constexpr uint64_t kValidNs = uint64_t{3600} * 1'000'000'000;
constexpr uint32_t kPreferredIoBytes = 65536;

vexfs_time time_of(const Timestamp& time) {
    return {time.sec, time.nsec, 0};
}

} // namespace

Dispatch::Handler Dispatch::handler_of(uint32_t op) {
    static constexpr std::array<Handler, VEXFS_REQ_SESSION_TRUNCATE + 1> kHandlers = [] {
        std::array<Handler, VEXFS_REQ_SESSION_TRUNCATE + 1> table{};
        table[VEXFS_REQ_MOUNT] = &Dispatch::mount;
        table[VEXFS_REQ_UNMOUNT] = &Dispatch::unmount;
        table[VEXFS_REQ_LOOKUP] = &Dispatch::lookup;
        table[VEXFS_REQ_FORGET] = &Dispatch::forget;
        table[VEXFS_REQ_GETATTR] = &Dispatch::getattr;
        table[VEXFS_REQ_SETATTR] = &Dispatch::setattr;
        table[VEXFS_REQ_READLINK] = &Dispatch::readlink;
        table[VEXFS_REQ_SYMLINK] = &Dispatch::make;
        table[VEXFS_REQ_MKNOD] = &Dispatch::make;
        table[VEXFS_REQ_MKDIR] = &Dispatch::make;
        table[VEXFS_REQ_CREATE] = &Dispatch::create;
        table[VEXFS_REQ_TMPFILE] = &Dispatch::tmpfile;
        table[VEXFS_REQ_UNLINK] = &Dispatch::unlink;
        table[VEXFS_REQ_RMDIR] = &Dispatch::rmdir;
        table[VEXFS_REQ_RENAME] = &Dispatch::rename;
        table[VEXFS_REQ_LINK] = &Dispatch::link;
        table[VEXFS_REQ_OPEN] = &Dispatch::open;
        table[VEXFS_REQ_RELEASE] = &Dispatch::release;
        table[VEXFS_REQ_READ] = &Dispatch::read;
        table[VEXFS_REQ_WRITE] = &Dispatch::write;
        table[VEXFS_REQ_FLUSH] = &Dispatch::nothing;
        table[VEXFS_REQ_FSYNC] = &Dispatch::sync;
        table[VEXFS_REQ_OPENDIR] = &Dispatch::opendir;
        table[VEXFS_REQ_READDIR] = &Dispatch::readdir;
        table[VEXFS_REQ_READDIRPLUS] = &Dispatch::readdirplus;
        table[VEXFS_REQ_RELEASEDIR] = &Dispatch::nothing;
        table[VEXFS_REQ_FSYNCDIR] = &Dispatch::sync;
        table[VEXFS_REQ_STATFS] = &Dispatch::statfs;
        table[VEXFS_REQ_SYNCFS] = &Dispatch::sync;
        table[VEXFS_REQ_SETXATTR] = &Dispatch::setxattr;
        table[VEXFS_REQ_GETXATTR] = &Dispatch::getxattr;
        table[VEXFS_REQ_LISTXATTR] = &Dispatch::listxattr;
        table[VEXFS_REQ_REMOVEXATTR] = &Dispatch::removexattr;
        table[VEXFS_REQ_FALLOCATE] = &Dispatch::fallocate;
        table[VEXFS_REQ_COPY_RANGE] = &Dispatch::copy_range;
        table[VEXFS_REQ_LSEEK] = &Dispatch::lseek;
        table[VEXFS_REQ_SESSION_WRITE] = &Dispatch::session_write;
        table[VEXFS_REQ_SESSION_READ] = &Dispatch::session_read;
        table[VEXFS_REQ_SESSION_TRUNCATE] = &Dispatch::session_truncate;
        return table;
    }();
    return op < kHandlers.size() ? kHandlers[op] : nullptr;
}

WireReply Dispatch::run(const WireRequest& request) {
    const auto began = std::chrono::steady_clock::now();
    WireReply reply;
    if (request.header.op == VEXFS_REQ_IOCTL) {
        reply = ioctl(request);
    } else {
        const Handler handler = handler_of(request.header.op);
        const Result<size_t> done =
            guard(fail(Code::kEIO, "request: an exception"), [&]() -> Result<size_t> {
                if (handler == nullptr)
                    return fail(Code::kEOPNOTSUPP, "request: the op is not known here");
                return (this->*handler)(request);
            });
        reply = done ? WireReply{0, *done} : WireReply{-done.error().errno_value(), 0};
        if (!done && log_enabled(LogLevel::kDebug)) {
            const char* name = request_name(request.header.op);
            log(LogLevel::kDebug, "request", name != nullptr ? name : "unknown",
                {{"ino", request.header.ino}, {"error", done.error()}});
        }
    }
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
    volume_.requests().record(request.header.op, static_cast<uint64_t>(took.count()),
                              reply.result != 0);
    return reply;
}

Status Dispatch::check_node(uint64_t ino, uint32_t generation) {
    // Numbers are never used again, so a node has one generation.
    if (generation != Inode().generation)
        return fail(Code::kESTALE, "request: the node is of another generation");
    return ino == 0 ? Status(fail(Code::kEINVAL, "request: no node")) : ok();
}

Result<uint64_t> Dispatch::node(const WireRequest& request) {
    VEXFS_TRY_VOID(check_node(request.header.ino, request.header.generation));
    return request.header.ino;
}

vexfs_attr Dispatch::attr_of(uint64_t ino, const Inode& inode) const {
    constexpr uint64_t kUnit = 512; // of st_blocks
    vexfs_attr attr{};
    attr.ino = ino;
    attr.generation = inode.generation;
    attr.mode = inode.mode;
    attr.nlink = inode.nlink;
    attr.uid = inode.uid;
    attr.gid = inode.gid;
    attr.blksize = kPreferredIoBytes;
    attr.rdev_major = inode.rdev_major;
    attr.rdev_minor = inode.rdev_minor;
    attr.size = inode.size;
    attr.blocks = volume_.allocated_bytes(inode) / kUnit;
    attr.data_version = inode.data_version;
    attr.atime = time_of(inode.atime);
    attr.mtime = time_of(inode.mtime);
    attr.ctime = time_of(inode.ctime);
    attr.btime = time_of(inode.btime);
    attr.valid_ns = VirtualFiles::owns(ino) ? 0 : kValidNs;
    return attr;
}

vexfs_rep_entry Dispatch::entry_of(const Entry& entry) const {
    vexfs_rep_entry reply{};
    reply.attr = attr_of(entry.ino, entry.inode);
    reply.entry_ns = SimilarFiles::owns(entry.ino) ? 0 : kValidNs;
    return reply;
}

Result<size_t> Dispatch::reply_entry(const WireRequest& request, const Entry& entry) {
    return reply_with(request, entry_of(entry));
}

Result<size_t> Dispatch::reply_created(const WireRequest& request, const Entry& entry) {
    vexfs_rep_create created{};
    created.entry = entry_of(entry);
    created.open.flags = VEXFS_OPEN_KEEP_CACHE;
    return reply_with(request, created);
}

Result<size_t> Dispatch::reply_attr(const WireRequest& request, const Inode& inode) {
    vexfs_rep_attr reply{};
    reply.attr = attr_of(request.header.ino, inode);
    return reply_with(request, reply);
}

Result<size_t> Dispatch::reply_written(const WireRequest& request, const Written& written) {
    return reply_with(request, vexfs_rep_write{written.bytes, written.offset, written.inode.size,
                                               written.inode.data_version});
}

} // namespace vexfs
