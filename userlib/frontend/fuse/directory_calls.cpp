// SPDX-License-Identifier: Apache-2.0
//
// Calls that list directories.
#include <vector>

#include "userlib/frontend/fuse/fuse_call.h"

namespace vexfs {

namespace {

void opendir(fuse_req_t req, fuse_ino_t node, fuse_file_info* file) {
    guarded(req, [&] {
        vexfs_rep_open reply{};
        const vexfs_req_open body{static_cast<uint32_t>(file->flags), 0};
        if (!Call(req, VEXFS_REQ_OPENDIR, node).fetch(body, {}, reply))
            return;
        file->fh = handle_of(reply, file->flags);
        fuse_reply_open(req, file);
    });
}

// Turns the wire's records into FUSE's, which are no larger.
template <typename Record, typename Add>
size_t convert(Bytes records, std::vector<char>& buffer, Add&& add) {
    size_t filled = 0;
    for (size_t at = 0; at < records.size();) {
        Record record;
        std::memcpy(&record, records.data() + at, sizeof record);
        const auto [name_bytes, taken] = add(record, records.subspan(at + sizeof record),
                                             buffer.data() + filled, buffer.size() - filled);
        VEXFS_ASSERT(taken <= buffer.size() - filled);
        filled += taken;
        at += sizeof record + round_up<size_t>(name_bytes, 8);
    }
    return filled;
}

std::string name_in(Bytes bytes, uint32_t name_bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), name_bytes};
}

void readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, fuse_file_info*) {
    guarded(req, [&] {
        std::vector<std::byte> room(size);
        Call call(req, VEXFS_REQ_READDIR, node);
        const vexfs_req_readdir body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size), 0};
        const WireReply reply = call.run(body, {}, room);
        if (!call.taken(reply))
            return;
        std::vector<char> buffer(size);
        const size_t filled = convert<vexfs_dirent>(
            Bytes(room).first(reply.bytes), buffer,
            [&](const vexfs_dirent& record, Bytes rest, char* to, size_t left) {
                struct stat stat {};
                stat.st_ino = record.ino;
                stat.st_mode = record.type << 12;
                return std::pair<uint32_t, size_t>(
                    record.name_bytes,
                    fuse_add_direntry(req, to, left, name_in(rest, record.name_bytes).c_str(),
                                      &stat, static_cast<off_t>(record.next)));
            });
        fuse_reply_buf(req, buffer.data(), filled);
    });
}

void readdirplus(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, fuse_file_info*) {
    guarded(req, [&] {
        FuseServer& own = server(req);
        std::vector<std::byte> room(size);
        std::vector<char> buffer(size);
        std::vector<uint64_t> looked_up;
        looked_up.reserve(size / sizeof(vexfs_direntplus));
        Call call(req, VEXFS_REQ_READDIRPLUS, node);
        const vexfs_req_readdir body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size), 0};
        const WireReply reply = call.run(body, {}, room);
        if (!call.taken(reply))
            return;
        const size_t filled = convert<vexfs_direntplus>(
            Bytes(room).first(reply.bytes), buffer,
            [&](const vexfs_direntplus& record, Bytes rest, char* to, size_t left) {
                fuse_entry_param param = entry_param(own, record.entry);
                param.attr.st_ino = record.dirent.ino;
                if (record.entry.attr.ino == 0)
                    param.attr.st_mode = record.dirent.type << 12;
                else
                    looked_up.push_back(record.entry.attr.ino);
                return std::pair<uint32_t, size_t>(
                    record.dirent.name_bytes,
                    fuse_add_direntry_plus(req, to, left,
                                           name_in(rest, record.dirent.name_bytes).c_str(), &param,
                                           static_cast<off_t>(record.dirent.next)));
            });
        if (fuse_reply_buf(req, buffer.data(), filled) != 0)
            for (const uint64_t ino : looked_up)
                forget_one(own, ino, 1);
    });
}

} // namespace

void add_directory_calls(fuse_lowlevel_ops& calls) {
    calls.opendir = opendir;
    calls.readdir = readdir;
    calls.readdirplus = readdirplus;
}

} // namespace vexfs
