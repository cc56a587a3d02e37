// SPDX-License-Identifier: Apache-2.0
//
// Calls on the data of files and on open files and directories as such.
#include <memory>
#include <vector>

#include "userlib/frontend/fuse/fuse_call.h"

namespace vexfs {

namespace {

void open(fuse_req_t req, fuse_ino_t node, fuse_file_info* file) {
    guarded(req, [&] {
        vexfs_rep_open reply{};
        const vexfs_req_open body{static_cast<uint32_t>(file->flags), 0};
        if (!Call(req, VEXFS_REQ_OPEN, node).fetch(body, {}, reply))
            return;
        take_open(reply, file);
        fuse_reply_open(req, file);
    });
}

void release(fuse_req_t req, fuse_ino_t node, fuse_file_info* file) {
    guarded(req, [&] {
        Call call(req, VEXFS_REQ_RELEASE, node);
        call.set_handle(file->fh);
        call.refuse(call.run_bodyless({}, {}).result);
    });
}

void read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, fuse_file_info* file) {
    guarded(req, [&] {
        const auto room = std::make_unique_for_overwrite<std::byte[]>(size);
        Call call(req, is_session(file->fh) ? VEXFS_REQ_SESSION_READ : VEXFS_REQ_READ, node);
        call.set_handle(file->fh);
        const vexfs_req_io body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size), 0};
        const WireReply reply = call.run(body, {}, {room.get(), size});
        if (call.taken(reply))
            fuse_reply_buf(req, reinterpret_cast<const char*>(room.get()), reply.bytes);
    });
}

void write(fuse_req_t req, fuse_ino_t node, const char* data, size_t size, off_t offset,
           fuse_file_info* file) {
    guarded(req, [&] {
        const uint32_t sync = (file->flags & O_DSYNC) != 0 ? VEXFS_IO_SYNC : 0;
        const vexfs_req_io body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size), sync};
        vexfs_rep_write reply{};
        Call call(req, is_session(file->fh) ? VEXFS_REQ_SESSION_WRITE : VEXFS_REQ_WRITE, node);
        call.set_handle(file->fh);
        if (call.fetch(body, std::as_bytes(std::span(data, size)), reply))
            fuse_reply_write(req, reply.bytes);
    });
}

void sync(fuse_req_t req, uint32_t op, fuse_ino_t node, int data_only) {
    guarded(req, [&] {
        Call call(req, op, node);
        const vexfs_req_fsync body{data_only != 0 ? VEXFS_FSYNC_DATA : 0, 0};
        call.refuse(call.run(body, {}, {}).result);
    });
}
void fsync(fuse_req_t req, fuse_ino_t node, int data_only, fuse_file_info*) {
    sync(req, VEXFS_REQ_FSYNC, node, data_only);
}
void fsyncdir(fuse_req_t req, fuse_ino_t node, int data_only, fuse_file_info*) {
    sync(req, VEXFS_REQ_FSYNCDIR, node, data_only);
}

void fallocate(fuse_req_t req, fuse_ino_t node, int mode, off_t offset, off_t length,
               fuse_file_info*) {
    guarded(req, [&] {
        Call call(req, VEXFS_REQ_FALLOCATE, node);
        const vexfs_req_fallocate body{static_cast<uint64_t>(offset), static_cast<uint64_t>(length),
                                       static_cast<uint32_t>(mode), 0};
        call.refuse(call.run(body, {}, {}).result);
    });
}

void copy_file_range(fuse_req_t req, fuse_ino_t node, off_t offset, fuse_file_info*, fuse_ino_t to,
                     off_t to_offset, fuse_file_info*, size_t bytes, int flags) {
    guarded(req, [&] {
        Call call(req, VEXFS_REQ_COPY_RANGE, node);
        const vexfs_req_copy body{static_cast<uint64_t>(offset),
                                  call.ino_of(to),
                                  kGeneration,
                                  static_cast<uint32_t>(flags),
                                  static_cast<uint64_t>(to_offset),
                                  bytes};
        vexfs_rep_write reply{};
        if (call.fetch(body, {}, reply))
            fuse_reply_write(req, reply.bytes);
    });
}

void lseek(fuse_req_t req, fuse_ino_t node, off_t offset, int whence, fuse_file_info*) {
    guarded(req, [&] {
        const vexfs_req_lseek body{static_cast<uint64_t>(offset), static_cast<uint32_t>(whence), 0};
        vexfs_rep_lseek reply{};
        if (Call(req, VEXFS_REQ_LSEEK, node).fetch(body, {}, reply))
            fuse_reply_lseek(req, static_cast<off_t>(reply.offset));
    });
}

// A failure carries its explanation beside the errno.
void ioctl(fuse_req_t req, fuse_ino_t node, unsigned command, void*, fuse_file_info* file, unsigned,
           const void* in, size_t in_bytes, size_t out_bytes) {
    guarded(req, [&] {
        std::vector<std::byte> room(out_bytes);
        Call call(req, VEXFS_REQ_IOCTL, node);
        call.set_handle(file->fh);
        const vexfs_req_ioctl body{command, static_cast<uint32_t>(in_bytes), mode_of(file->fh), 0};
        const Bytes payload(static_cast<const std::byte*>(in), in_bytes);
        const WireReply reply = call.run(body, payload, room);
        if (reply.result != 0 && reply.bytes == 0)
            call.refuse(reply.result);
        else
            fuse_reply_ioctl(req, reply.result, room.data(), reply.bytes);
    });
}

} // namespace

void add_data_calls(fuse_lowlevel_ops& calls) {
    calls.open = open;
    calls.release = release;
    calls.read = read;
    calls.write = write;
    calls.fsync = fsync;
    calls.fsyncdir = fsyncdir;
    calls.fallocate = fallocate;
    calls.copy_file_range = copy_file_range;
    calls.lseek = lseek;
    calls.ioctl = ioctl;
}

} // namespace vexfs
