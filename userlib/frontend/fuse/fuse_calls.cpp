// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/fuse/fuse_calls.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fcntl.h>
#include <sys/sysmacros.h>

#include "base/guard.h"
#include "base/log.h"
#include "userlib/frontend/fuse/fuse_server.h"

namespace vexfs {

namespace {

constexpr uint32_t kGeneration = 1; // of every node: numbers are never used again
constexpr size_t kTargetRoom = 4096;
// A file handle: the wire's, and how the file was opened.
constexpr unsigned kAccessBits = 2;

uint64_t handle_of(uint64_t wire, int open_flags) {
    const int access = open_flags & O_ACCMODE;
    const uint64_t mode =
        (access != O_WRONLY ? VEXFS_FILE_READ : 0) | (access != O_RDONLY ? VEXFS_FILE_WRITE : 0);
    return wire << kAccessBits | mode;
}

double seconds_of(uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

timespec timespec_of(const vexfs_time& time) {
    return {time.sec, static_cast<long>(time.nsec)};
}

struct stat stat_of(const vexfs_attr& attr) {
    struct stat stat {};
    stat.st_ino = attr.ino;
    stat.st_mode = attr.mode;
    stat.st_nlink = attr.nlink;
    stat.st_uid = attr.uid;
    stat.st_gid = attr.gid;
    stat.st_rdev = makedev(attr.rdev_major, attr.rdev_minor);
    stat.st_size = static_cast<off_t>(attr.size);
    stat.st_blksize = attr.blksize;
    stat.st_blocks = static_cast<blkcnt_t>(attr.blocks);
    stat.st_atim = timespec_of(attr.atime);
    stat.st_mtim = timespec_of(attr.mtime);
    stat.st_ctim = timespec_of(attr.ctime);
    return stat;
}

vexfs_time time_of(const timespec& time) {
    return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec), 0};
}

// What the attributes that the kernel sets are called on the wire.
constexpr std::array<std::pair<int, uint32_t>, 8> kSets{{
    {FUSE_SET_ATTR_MODE, VEXFS_SET_MODE},
    {FUSE_SET_ATTR_UID, VEXFS_SET_UID},
    {FUSE_SET_ATTR_GID, VEXFS_SET_GID},
    {FUSE_SET_ATTR_SIZE, VEXFS_SET_SIZE},
    {FUSE_SET_ATTR_ATIME, VEXFS_SET_ATIME},
    {FUSE_SET_ATTR_MTIME, VEXFS_SET_MTIME},
    {FUSE_SET_ATTR_ATIME_NOW, VEXFS_SET_ATIME_NOW},
    {FUSE_SET_ATTR_MTIME_NOW, VEXFS_SET_MTIME_NOW},
}};

} // namespace

// The functions of the table, as members of one struct so that FuseServer has one friend.
//
// Threads: each call is complete in itself.
struct FuseCalls {
    static FuseServer& server(fuse_req_t req) {
        return *static_cast<FuseServer*>(fuse_req_userdata(req));
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
            request_.header.pid = static_cast<uint32_t>(context->pid);
        }

        [[nodiscard]] uint64_t ino_of(fuse_ino_t node) const {
            return node == FUSE_ROOT_ID ? server(req_).root_ : node;
        }
        void set_handle(uint64_t handle) { request_.header.fh = handle >> kAccessBits; }

        template <typename Body>
        WireReply run(const Body& body, Bytes payload, MutableBytes out) {
            request_.body = std::as_bytes(std::span(&body, 1));
            return run_bodyless(payload, out);
        }
        WireReply run_bodyless(Bytes payload, MutableBytes out) {
            request_.payload = payload;
            request_.out = out;
            return server(req_).dispatch_.run(request_);
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

    // The kernel waits for ever for an answer with a larger errno.
    static void reply_errno(fuse_req_t req, int error) {
        fuse_reply_err(req, error >= 0 && error <= VEXFS_QUEUE_MAX_ERRNO ? error : EIO);
    }

    // Lack of memory in an adapter is an answer too.
    template <typename Body>
    static void guarded(fuse_req_t req, Body&& body) {
        const Status done = guard(fail(Code::kEIO, "fuse: an exception"), [&]() -> Status {
            body();
            return ok();
        });
        if (!done)
            reply_errno(req, done.error().errno_value());
    }

    static Bytes bytes_of_name(const char* name) {
        return std::as_bytes(std::span(name, std::strlen(name)));
    }
    static uint32_t length(const char* name) { return static_cast<uint32_t>(std::strlen(name)); }

    static fuse_entry_param entry_param(const FuseServer& server, const vexfs_rep_entry& entry) {
        fuse_entry_param param{};
        param.ino = entry.attr.ino == server.root_ ? FUSE_ROOT_ID : entry.attr.ino;
        param.generation = entry.attr.generation;
        param.attr = stat_of(entry.attr);
        param.attr_timeout = seconds_of(entry.attr.valid_ns);
        param.entry_timeout = seconds_of(entry.entry_ns);
        return param;
    }

    // An entry that the kernel did not take is not known to it.
    static void forget_one(FuseServer& server, uint64_t ino, uint64_t lookups) {
        if (ino == 0)
            return;
        const vexfs_req_forget body{1, 0};
        const vexfs_node node{ino, kGeneration, 0, lookups};
        WireRequest request;
        request.header.op = VEXFS_REQ_FORGET;
        request.body = std::as_bytes(std::span(&body, 1));
        request.payload = std::as_bytes(std::span(&node, 1));
        server.dispatch_.run(request);
    }

    static void reply_entry(fuse_req_t req, const vexfs_rep_entry& entry) {
        FuseServer& own = server(req);
        const fuse_entry_param param = entry_param(own, entry);
        if (fuse_reply_entry(req, &param) != 0)
            forget_one(own, entry.attr.ino, 1);
    }

    static void take_open(const vexfs_rep_open& open, fuse_file_info* file) {
        file->fh = handle_of(open.fh, file->flags);
        file->direct_io = (open.flags & VEXFS_OPEN_DIRECT) != 0 ? 1 : 0;
        file->keep_cache = (open.flags & VEXFS_OPEN_KEEP_CACHE) != 0 ? 1 : 0;
    }

    static void init(void* user, fuse_conn_info* connection) {
        auto& own = *static_cast<FuseServer*>(user);
        // Opening for truncation is an open and a change of size.
        connection->want &= ~static_cast<unsigned>(FUSE_CAP_ATOMIC_O_TRUNC);
        // The kernel alone changes what it caches.
        connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
        for (const unsigned wanted :
             {FUSE_CAP_IOCTL_DIR, FUSE_CAP_PARALLEL_DIROPS, FUSE_CAP_CACHE_SYMLINKS,
              FUSE_CAP_READDIRPLUS, FUSE_CAP_READDIRPLUS_AUTO, FUSE_CAP_ASYNC_DIO})
            connection->want |= connection->capable & wanted;
        if (own.options_.writeback)
            connection->want |= connection->capable & FUSE_CAP_WRITEBACK_CACHE;
        connection->max_write = VEXFS_QUEUE_MAX_DATA;
        connection->max_readahead = VEXFS_QUEUE_MAX_DATA;
        connection->time_gran = 1;
        if (own.ready_)
            own.ready_();
    }

    static void lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
        guarded(req, [&] {
            vexfs_rep_entry entry{};
            Call call(req, VEXFS_REQ_LOOKUP, parent);
            if (call.fetch(vexfs_req_name{length(name), 0}, bytes_of_name(name), entry))
                reply_entry(req, entry);
        });
    }

    static void forget(fuse_req_t req, fuse_ino_t node, uint64_t lookups) {
        forget_one(server(req), Call(req, VEXFS_REQ_FORGET, node).ino_of(node), lookups);
        fuse_reply_none(req);
    }

    static void forget_multi(fuse_req_t req, size_t count, fuse_forget_data* forgets) {
        for (size_t i = 0; i < count; ++i)
            forget_one(server(req),
                       Call(req, VEXFS_REQ_FORGET, forgets[i].ino).ino_of(forgets[i].ino),
                       forgets[i].nlookup);
        fuse_reply_none(req);
    }

    static void reply_attr(fuse_req_t req, const vexfs_rep_attr& reply) {
        const struct stat stat = stat_of(reply.attr);
        fuse_reply_attr(req, &stat, seconds_of(reply.attr.valid_ns));
    }

    static void getattr(fuse_req_t req, fuse_ino_t node, fuse_file_info*) {
        guarded(req, [&] {
            vexfs_rep_attr reply{};
            Call call(req, VEXFS_REQ_GETATTR, node);
            if (call.taken(call.run_bodyless({}, std::as_writable_bytes(std::span(&reply, 1)))))
                reply_attr(req, reply);
        });
    }

    static void setattr(fuse_req_t req, fuse_ino_t node, struct stat* attr, int to_set,
                        fuse_file_info*) {
        guarded(req, [&] {
            vexfs_req_setattr body{};
            for (const auto& [fuse, wire] : kSets)
                body.valid |= (to_set & fuse) != 0 ? wire : 0;
            body.mode = attr->st_mode;
            body.uid = attr->st_uid;
            body.gid = attr->st_gid;
            body.size = static_cast<uint64_t>(attr->st_size);
            body.atime = time_of(attr->st_atim);
            body.mtime = time_of(attr->st_mtim);
            // The time of now is the engine's, if it is asked for it.
            if ((body.valid & VEXFS_SET_ATIME_NOW) != 0)
                body.valid &= ~static_cast<uint32_t>(VEXFS_SET_ATIME);
            if ((body.valid & VEXFS_SET_MTIME_NOW) != 0)
                body.valid &= ~static_cast<uint32_t>(VEXFS_SET_MTIME);
            vexfs_rep_attr reply{};
            if (Call(req, VEXFS_REQ_SETATTR, node).fetch(body, {}, reply))
                reply_attr(req, reply);
        });
    }

    static void readlink(fuse_req_t req, fuse_ino_t node) {
        guarded(req, [&] {
            std::array<char, kTargetRoom + 1> target{};
            Call call(req, VEXFS_REQ_READLINK, node);
            const MutableBytes out = std::as_writable_bytes(std::span(target)).first(kTargetRoom);
            if (call.taken(call.run_bodyless({}, out)))
                fuse_reply_readlink(req, target.data());
        });
    }

    static vexfs_req_make make_body(fuse_req_t req, const char* name, mode_t mode) {
        const fuse_ctx* const context = fuse_req_ctx(req);
        vexfs_req_make body{};
        body.mode = mode;
        body.uid = context->uid;
        body.gid = context->gid;
        body.name_bytes = length(name);
        return body;
    }

    // A set-group-ID directory hands its group on, and itself to directories.
    static void inherit(fuse_req_t req, fuse_ino_t parent, vexfs_req_make& body) {
        vexfs_rep_attr reply{};
        Call call(req, VEXFS_REQ_GETATTR, parent);
        if (call.run_bodyless({}, std::as_writable_bytes(std::span(&reply, 1))).result != 0 ||
            (reply.attr.mode & S_ISGID) == 0)
            return;
        body.gid = reply.attr.gid;
        if (S_ISDIR(body.mode))
            body.mode |= S_ISGID;
    }

    static void make(fuse_req_t req, uint32_t op, fuse_ino_t parent, vexfs_req_make body,
                     const std::string& payload) {
        vexfs_rep_entry entry{};
        inherit(req, parent, body);
        if (Call(req, op, parent).fetch(body, std::as_bytes(std::span(payload)), entry))
            reply_entry(req, entry);
    }

    static void mknod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode,
                      dev_t rdev) {
        guarded(req, [&] {
            vexfs_req_make body = make_body(req, name, mode);
            body.rdev_major = major(rdev);
            body.rdev_minor = minor(rdev);
            make(req, VEXFS_REQ_MKNOD, parent, body, name);
        });
    }

    static void mkdir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
        guarded(req, [&] {
            make(req, VEXFS_REQ_MKDIR, parent, make_body(req, name, S_IFDIR | mode), name);
        });
    }

    static void symlink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
        guarded(req, [&] {
            vexfs_req_make body = make_body(req, name, S_IFLNK | 0777);
            body.target_bytes = length(target);
            make(req, VEXFS_REQ_SYMLINK, parent, body, std::string(name) + target);
        });
    }

    static void create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode,
                       fuse_file_info* file) {
        guarded(req, [&] {
            vexfs_req_make body = make_body(req, name, mode);
            inherit(req, parent, body);
            body.open_flags = static_cast<uint32_t>(file->flags);
            vexfs_rep_create reply{};
            if (!Call(req, VEXFS_REQ_CREATE, parent).fetch(body, bytes_of_name(name), reply))
                return;
            FuseServer& own = server(req);
            take_open(reply.open, file);
            const fuse_entry_param param = entry_param(own, reply.entry);
            if (fuse_reply_create(req, &param, file) != 0)
                forget_one(own, reply.entry.attr.ino, 1);
        });
    }

    static void remove(fuse_req_t req, uint32_t op, fuse_ino_t parent, const char* name) {
        guarded(req, [&] {
            Call call(req, op, parent);
            call.refuse(call.run(vexfs_req_name{length(name), 0}, bytes_of_name(name), {}).result);
        });
    }
    static void unlink(fuse_req_t req, fuse_ino_t parent, const char* name) {
        remove(req, VEXFS_REQ_UNLINK, parent, name);
    }
    static void rmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
        remove(req, VEXFS_REQ_RMDIR, parent, name);
    }

    static void rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t to_parent,
                       const char* to_name, unsigned flags) {
        guarded(req, [&] {
            Call call(req, VEXFS_REQ_RENAME, parent);
            const vexfs_req_rename body{call.ino_of(to_parent), kGeneration, flags, length(name),
                                        length(to_name)};
            const std::string names = std::string(name) + to_name;
            call.refuse(call.run(body, std::as_bytes(std::span(names)), {}).result);
        });
    }

    static void link(fuse_req_t req, fuse_ino_t node, fuse_ino_t parent, const char* name) {
        guarded(req, [&] {
            Call call(req, VEXFS_REQ_LINK, parent);
            const vexfs_req_link body{call.ino_of(node), kGeneration, length(name)};
            vexfs_rep_entry entry{};
            if (call.fetch(body, bytes_of_name(name), entry))
                reply_entry(req, entry);
        });
    }

    static void open(fuse_req_t req, fuse_ino_t node, fuse_file_info* file) {
        guarded(req, [&] {
            vexfs_rep_open reply{};
            const vexfs_req_open body{static_cast<uint32_t>(file->flags), 0};
            if (!Call(req, VEXFS_REQ_OPEN, node).fetch(body, {}, reply))
                return;
            take_open(reply, file);
            fuse_reply_open(req, file);
        });
    }

    static void release(fuse_req_t req, fuse_ino_t node, fuse_file_info* file) {
        guarded(req, [&] {
            Call call(req, VEXFS_REQ_RELEASE, node);
            call.set_handle(file->fh);
            call.refuse(call.run_bodyless({}, {}).result);
        });
    }

    static void read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                     fuse_file_info* file) {
        guarded(req, [&] {
            const auto room = std::make_unique_for_overwrite<std::byte[]>(size);
            Call call(req, VEXFS_REQ_READ, node);
            call.set_handle(file->fh);
            const vexfs_req_io body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size), 0};
            const WireReply reply = call.run(body, {}, {room.get(), size});
            if (call.taken(reply))
                fuse_reply_buf(req, reinterpret_cast<const char*>(room.get()), reply.bytes);
        });
    }

    static void write(fuse_req_t req, fuse_ino_t node, const char* data, size_t size, off_t offset,
                      fuse_file_info* file) {
        guarded(req, [&] {
            const uint32_t sync = (file->flags & O_DSYNC) != 0 ? VEXFS_IO_SYNC : 0;
            const vexfs_req_io body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size),
                                    sync};
            vexfs_rep_write reply{};
            if (Call(req, VEXFS_REQ_WRITE, node)
                    .fetch(body, std::as_bytes(std::span(data, size)), reply))
                fuse_reply_write(req, reply.bytes);
        });
    }

    static void sync(fuse_req_t req, uint32_t op, fuse_ino_t node, int data_only) {
        guarded(req, [&] {
            Call call(req, op, node);
            const vexfs_req_fsync body{data_only != 0 ? VEXFS_FSYNC_DATA : 0, 0};
            call.refuse(call.run(body, {}, {}).result);
        });
    }
    static void fsync(fuse_req_t req, fuse_ino_t node, int data_only, fuse_file_info*) {
        sync(req, VEXFS_REQ_FSYNC, node, data_only);
    }
    static void fsyncdir(fuse_req_t req, fuse_ino_t node, int data_only, fuse_file_info*) {
        sync(req, VEXFS_REQ_FSYNCDIR, node, data_only);
    }

    static void opendir(fuse_req_t req, fuse_ino_t node, fuse_file_info* file) {
        guarded(req, [&] {
            vexfs_rep_open reply{};
            const vexfs_req_open body{static_cast<uint32_t>(file->flags), 0};
            if (!Call(req, VEXFS_REQ_OPENDIR, node).fetch(body, {}, reply))
                return;
            file->fh = handle_of(reply.fh, file->flags);
            fuse_reply_open(req, file);
        });
    }

    // Turns the wire's records into FUSE's, which are no larger.
    template <typename Record, typename Add>
    static size_t convert(Bytes records, std::vector<char>& buffer, Add&& add) {
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

    static std::string name_in(Bytes bytes, uint32_t name_bytes) {
        return {reinterpret_cast<const char*>(bytes.data()), name_bytes};
    }

    static void readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                        fuse_file_info*) {
        guarded(req, [&] {
            std::vector<std::byte> room(size);
            Call call(req, VEXFS_REQ_READDIR, node);
            const vexfs_req_readdir body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size),
                                         0};
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

    static void readdirplus(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset,
                            fuse_file_info*) {
        guarded(req, [&] {
            FuseServer& own = server(req);
            std::vector<std::byte> room(size);
            std::vector<char> buffer(size);
            std::vector<uint64_t> looked_up;
            looked_up.reserve(size / sizeof(vexfs_direntplus));
            Call call(req, VEXFS_REQ_READDIRPLUS, node);
            const vexfs_req_readdir body{static_cast<uint64_t>(offset), static_cast<uint32_t>(size),
                                         0};
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
                                               name_in(rest, record.dirent.name_bytes).c_str(),
                                               &param, static_cast<off_t>(record.dirent.next)));
                });
            if (fuse_reply_buf(req, buffer.data(), filled) != 0)
                for (const uint64_t ino : looked_up)
                    forget_one(own, ino, 1);
        });
    }

    static void statfs(fuse_req_t req, fuse_ino_t node) {
        guarded(req, [&] {
            vexfs_rep_statfs reply{};
            Call call(req, VEXFS_REQ_STATFS, node);
            if (!call.taken(call.run_bodyless({}, std::as_writable_bytes(std::span(&reply, 1)))))
                return;
            struct statvfs stat {};
            stat.f_bsize = reply.block_bytes;
            stat.f_frsize = reply.block_bytes;
            stat.f_blocks = reply.blocks;
            stat.f_bfree = reply.blocks_free;
            stat.f_bavail = reply.blocks_available;
            stat.f_files = reply.files;
            stat.f_ffree = reply.files_free;
            stat.f_favail = reply.files_free;
            stat.f_fsid = reply.fsid;
            stat.f_namemax = reply.name_bytes;
            fuse_reply_statfs(req, &stat);
        });
    }

    static void setxattr(fuse_req_t req, fuse_ino_t node, const char* name, const char* value,
                         size_t size, int flags) {
        guarded(req, [&] {
            Call call(req, VEXFS_REQ_SETXATTR, node);
            const vexfs_req_xattr body{length(name), static_cast<uint32_t>(size),
                                       static_cast<uint32_t>(flags), 0};
            std::string payload(name);
            payload.append(value, size);
            call.refuse(call.run(body, std::as_bytes(std::span(payload)), {}).result);
        });
    }

    // A value or a list, or how large it is.
    static void reply_xattr(fuse_req_t req, uint32_t op, fuse_ino_t node, const char* name,
                            size_t size) {
        guarded(req, [&] {
            std::vector<std::byte> room(sizeof(vexfs_rep_xattr) + size);
            Call call(req, op, node);
            const vexfs_req_xattr body{length(name), static_cast<uint32_t>(size), 0, 0};
            const WireReply reply = call.run(body, bytes_of_name(name), room);
            if (!call.taken(reply))
                return;
            vexfs_rep_xattr head;
            std::memcpy(&head, room.data(), sizeof head);
            if (size == 0)
                fuse_reply_xattr(req, head.bytes);
            else
                fuse_reply_buf(req, reinterpret_cast<const char*>(room.data()) + sizeof head,
                               head.bytes);
        });
    }
    static void getxattr(fuse_req_t req, fuse_ino_t node, const char* name, size_t size) {
        reply_xattr(req, VEXFS_REQ_GETXATTR, node, name, size);
    }
    static void listxattr(fuse_req_t req, fuse_ino_t node, size_t size) {
        reply_xattr(req, VEXFS_REQ_LISTXATTR, node, "", size);
    }

    static void removexattr(fuse_req_t req, fuse_ino_t node, const char* name) {
        guarded(req, [&] {
            Call call(req, VEXFS_REQ_REMOVEXATTR, node);
            const vexfs_req_xattr body{length(name), 0, 0, 0};
            call.refuse(call.run(body, bytes_of_name(name), {}).result);
        });
    }

    static void fallocate(fuse_req_t req, fuse_ino_t node, int mode, off_t offset, off_t length,
                          fuse_file_info*) {
        guarded(req, [&] {
            Call call(req, VEXFS_REQ_FALLOCATE, node);
            const vexfs_req_fallocate body{static_cast<uint64_t>(offset),
                                           static_cast<uint64_t>(length),
                                           static_cast<uint32_t>(mode), 0};
            call.refuse(call.run(body, {}, {}).result);
        });
    }

    static void copy_file_range(fuse_req_t req, fuse_ino_t node, off_t offset, fuse_file_info*,
                                fuse_ino_t to, off_t to_offset, fuse_file_info*, size_t bytes,
                                int flags) {
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

    static void lseek(fuse_req_t req, fuse_ino_t node, off_t offset, int whence, fuse_file_info*) {
        guarded(req, [&] {
            const vexfs_req_lseek body{static_cast<uint64_t>(offset), static_cast<uint32_t>(whence),
                                       0};
            vexfs_rep_lseek reply{};
            if (Call(req, VEXFS_REQ_LSEEK, node).fetch(body, {}, reply))
                fuse_reply_lseek(req, static_cast<off_t>(reply.offset));
        });
    }

    // A failure carries its explanation beside the errno.
    static void ioctl(fuse_req_t req, fuse_ino_t node, unsigned command, void*,
                      fuse_file_info* file, unsigned, const void* in, size_t in_bytes,
                      size_t out_bytes) {
        guarded(req, [&] {
            std::vector<std::byte> room(out_bytes);
            Call call(req, VEXFS_REQ_IOCTL, node);
            const vexfs_req_ioctl body{command, static_cast<uint32_t>(in_bytes),
                                       static_cast<uint32_t>(file->fh & ((1U << kAccessBits) - 1)),
                                       0};
            const Bytes payload(static_cast<const std::byte*>(in), in_bytes);
            const WireReply reply = call.run(body, payload, room);
            if (reply.result != 0 && reply.bytes == 0)
                call.refuse(reply.result);
            else
                fuse_reply_ioctl(req, reply.result, room.data(), reply.bytes);
        });
    }
};

fuse_lowlevel_ops fuse_calls() {
    fuse_lowlevel_ops calls{};
    calls.init = FuseCalls::init;
    calls.lookup = FuseCalls::lookup;
    calls.forget = FuseCalls::forget;
    calls.forget_multi = FuseCalls::forget_multi;
    calls.getattr = FuseCalls::getattr;
    calls.setattr = FuseCalls::setattr;
    calls.readlink = FuseCalls::readlink;
    calls.mknod = FuseCalls::mknod;
    calls.mkdir = FuseCalls::mkdir;
    calls.symlink = FuseCalls::symlink;
    calls.create = FuseCalls::create;
    calls.unlink = FuseCalls::unlink;
    calls.rmdir = FuseCalls::rmdir;
    calls.rename = FuseCalls::rename;
    calls.link = FuseCalls::link;
    calls.open = FuseCalls::open;
    calls.release = FuseCalls::release;
    calls.read = FuseCalls::read;
    calls.write = FuseCalls::write;
    calls.fsync = FuseCalls::fsync;
    calls.opendir = FuseCalls::opendir;
    calls.readdir = FuseCalls::readdir;
    calls.readdirplus = FuseCalls::readdirplus;
    calls.fsyncdir = FuseCalls::fsyncdir;
    calls.statfs = FuseCalls::statfs;
    calls.setxattr = FuseCalls::setxattr;
    calls.getxattr = FuseCalls::getxattr;
    calls.listxattr = FuseCalls::listxattr;
    calls.removexattr = FuseCalls::removexattr;
    calls.fallocate = FuseCalls::fallocate;
    calls.copy_file_range = FuseCalls::copy_file_range;
    calls.lseek = FuseCalls::lseek;
    calls.ioctl = FuseCalls::ioctl;
    return calls;
}

} // namespace vexfs
