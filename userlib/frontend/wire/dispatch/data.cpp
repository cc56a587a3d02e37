// SPDX-License-Identifier: Apache-2.0
//
// Requests on the data of files.
#include <algorithm>

#include <fcntl.h>
#include <linux/falloc.h>

#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

constexpr uint32_t kIoKnown = VEXFS_IO_APPEND | VEXFS_IO_SYNC | VEXFS_IO_KILL_PRIV;

Result<Allocate> allocate_of(uint32_t mode) {
    switch (mode) {
    case 0:
        return Allocate::kReserve;
    case FALLOC_FL_KEEP_SIZE:
        return Allocate::kReserveKeep;
    case FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE:
        return Allocate::kPunch;
    case FALLOC_FL_ZERO_RANGE:
        return Allocate::kZero;
    case FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE:
        return Allocate::kZeroKeep;
    default:
        return fail(Code::kEOPNOTSUPP, "request: mode of fallocate");
    }
}

} // namespace

Result<size_t> Dispatch::open(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_open>(request));
    if (VirtualFiles::is_call(VEXFS_TRY(node(request))))
        return open_call(request, body.flags);
    vexfs_rep_open reply{};
    reply.fh = VEXFS_TRY(volume_.open_file(VEXFS_TRY(node(request))));
    // Pages change through the kernel only; a virtual file has no size to cache by.
    reply.flags = reply.fh != 0 ? VEXFS_OPEN_DIRECT : VEXFS_OPEN_KEEP_CACHE;
    return reply_with(request, reply);
}

Result<size_t> Dispatch::release(const WireRequest& request) {
    if (VirtualFiles::is_call(VEXFS_TRY(node(request))))
        sessions_.close(request.header.fh);
    else
        volume_.close_file(request.header.ino, request.header.fh);
    return size_t{0};
}

Result<size_t> Dispatch::read(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_io>(request));
    if (body.bytes > request.out.size())
        return fail(Code::kEMSGSIZE, "request: no room for the data");
    return volume_.read(VEXFS_TRY(node(request)), request.header.fh, body.offset,
                        request.out.first(body.bytes));
}

Result<size_t> Dispatch::write(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_io>(request));
    if (body.bytes != request.payload.size() || (body.flags & ~kIoKnown) != 0)
        return fail(Code::kEINVAL, "request: the payload is not the data, or a flag is unknown");
    const WriteRequest write{body.offset, (body.flags & VEXFS_IO_APPEND) != 0,
                             (body.flags & VEXFS_IO_KILL_PRIV) != 0};
    const Written written =
        VEXFS_TRY(volume_.write(VEXFS_TRY(node(request)), write, request.payload));
    if ((body.flags & VEXFS_IO_SYNC) != 0)
        VEXFS_TRY_VOID(volume_.sync());
    return reply_written(request, written);
}

Result<size_t> Dispatch::fallocate(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_fallocate>(request));
    VEXFS_TRY(volume_.allocate(VEXFS_TRY(node(request)), body.offset, body.length,
                               VEXFS_TRY(allocate_of(body.mode))));
    return size_t{0};
}

Result<size_t> Dispatch::copy_range(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_copy>(request));
    if (body.flags != 0)
        return fail(Code::kEINVAL, "request: flags of copy_range");
    VEXFS_TRY_VOID(check_node(body.ino, body.generation));
    return reply_written(request, VEXFS_TRY(volume_.copy(VEXFS_TRY(node(request)), body.offset,
                                                         body.ino, body.to_offset, body.length)));
}

Result<size_t> Dispatch::lseek(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_lseek>(request));
    const uint64_t ino = VEXFS_TRY(node(request));
    if (body.whence == SEEK_DATA)
        return reply_with(request, vexfs_rep_lseek{VEXFS_TRY(volume_.seek_data(ino, body.offset))});
    if (body.whence == SEEK_HOLE)
        return reply_with(request, vexfs_rep_lseek{VEXFS_TRY(volume_.seek_hole(ino, body.offset))});
    return fail(Code::kEINVAL, "request: whence of lseek");
}

} // namespace vexfs
