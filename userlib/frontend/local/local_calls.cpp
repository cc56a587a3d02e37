// SPDX-License-Identifier: Apache-2.0
//
// The border to C: the table of vexfs_local.h. Results become numbers, and no exception passes.
#include <algorithm>
#include <cstdio>

#include <sys/ioctl.h>

#include "base/guard.h"
#include "base/log.h"
#include "userlib/frontend/local/local_image.h"

struct vexfs_local {
    explicit vexfs_local(vexfs::LocalView of) : view(std::move(of)) {}
    vexfs::LocalView view;
};

namespace vexfs {

namespace {

constexpr Error kException{Code::kEIO, "local: an exception"};

// 0, a number, or -errno.
template <typename Number, typename Verb>
Number answer(Verb&& verb) {
    const auto done = guard(kException, std::forward<Verb>(verb));
    if (!done)
        return -static_cast<Number>(done.error().errno_value());
    if constexpr (std::is_void_v<typename std::decay_t<decltype(done)>::value_type>)
        return 0;
    else
        return static_cast<Number>(*done);
}

Caller caller_of(const vexfs_local_caller* caller) {
    if (caller == nullptr)
        return {0, 0, {}, true};
    return {caller->uid,
            caller->gid,
            {caller->groups, caller->groups + caller->count},
            caller->all_rights != 0};
}

MutableBytes room_of(void* into, size_t bytes) {
    return {static_cast<std::byte*>(into), bytes};
}

Bytes bytes_of(const void* from, size_t bytes) {
    return {static_cast<const std::byte*>(from), bytes};
}

Result<vexfs_local*> add_view(const std::shared_ptr<LocalImage>& image,
                              const vexfs_local_caller* caller) {
    auto view = std::make_unique<vexfs_local>(LocalView(image, caller_of(caller)));
    image->join();
    return view.release();
}

Result<vexfs_local*> open_view(const char* image, uint32_t flags, uint64_t memory_bytes,
                               const vexfs_local_caller* caller, std::string& explanation) {
    set_log_level(LogLevel::kError); // the terminal is the program's
    if ((flags & ~VEXFS_LOCAL_READ_ONLY) != 0)
        return fail(Code::kEINVAL, "local: an unknown flag");
    VolumeOptions options;
    options.read_only = (flags & VEXFS_LOCAL_READ_ONLY) != 0;
    if (memory_bytes != 0)
        options.memory_bytes = memory_bytes;
    auto engine = VEXFS_TRY(LocalEngine::open(image, options, explanation));
    return add_view(std::make_shared<LocalImage>(std::move(engine)), caller);
}

int open_image(const char* image, uint32_t flags, uint64_t memory_bytes,
               const vexfs_local_caller* caller, vexfs_local** opened, char* reason,
               size_t reason_bytes) {
    return answer<int>([&]() -> Status {
        std::string explanation;
        const auto view = open_view(image, flags, memory_bytes, caller, explanation);
        if (view) {
            *opened = *view;
            return ok();
        }
        if (explanation.empty())
            explanation = std::string(image) + ": " + view.error().what;
        std::snprintf(reason, reason_bytes, "%s", explanation.c_str());
        return view.error();
    });
}

int as(vexfs_local* local, const vexfs_local_caller* caller, vexfs_local** other) {
    return answer<int>([&]() -> Status {
        *other = VEXFS_TRY(add_view(local->view.image(), caller));
        return ok();
    });
}

int close_image(vexfs_local* local) {
    const std::unique_ptr<vexfs_local> gone(local);
    return answer<int>([&] { return gone->view.image()->leave(); });
}

int open(vexfs_local* local, int at, const char* path, int flags, mode_t mode) {
    return answer<int>([&] { return local->view.open(at, path, flags, mode); });
}

int close(vexfs_local* local, int handle) {
    return answer<int>([&] { return local->view.image()->remove(handle); });
}

int ioctl(vexfs_local* local, int handle, unsigned long number, void* argument) {
    return answer<int>([&]() -> Status {
        const auto command = static_cast<uint32_t>(number);
        int32_t status = 0;
        VEXFS_TRY(
            local->view.ioctl(handle, command, room_of(argument, _IOC_SIZE(command)), status));
        return status == 0 ? ok() : Status(fail(code_from_errno(-status), "local: message"));
    });
}

ssize_t pread(vexfs_local* local, int handle, void* into, size_t bytes, off_t offset) {
    return answer<ssize_t>([&] { return local->view.read(handle, room_of(into, bytes), offset); });
}

ssize_t pwrite(vexfs_local* local, int handle, const void* from, size_t bytes, off_t offset) {
    return answer<ssize_t>(
        [&] { return local->view.write(handle, bytes_of(from, bytes), offset); });
}

int ftruncate(vexfs_local* local, int handle, off_t size) {
    return answer<int>([&] { return local->view.truncate(handle, size); });
}

int fsync(vexfs_local* local, int handle) {
    return answer<int>([&] { return local->view.sync(handle); });
}

int fstat(vexfs_local* local, int handle, struct stat* found) {
    return answer<int>([&]() -> Status {
        *found = VEXFS_TRY(local->view.stat(handle));
        return ok();
    });
}

int list(vexfs_local* local, int handle, uint64_t cursor, vexfs_local_name* names, int room) {
    return answer<int>([&]() -> Result<size_t> {
        if (room <= 0)
            return fail(Code::kEINVAL, "local: no room for a name");
        return local->view.list(handle, cursor, {names, static_cast<size_t>(room)});
    });
}

int lstat(vexfs_local* local, const char* path, struct stat* found) {
    return answer<int>([&]() -> Status {
        *found = VEXFS_TRY(local->view.stat(std::string_view(path)));
        return ok();
    });
}

int mkdir(vexfs_local* local, int at, const char* path, mode_t mode) {
    return answer<int>([&] {
        return local->view.make(VEXFS_REQ_MKDIR, at, path, S_IFDIR | (mode & 01777), 0, {});
    });
}

int mknod(vexfs_local* local, const char* path, mode_t mode, dev_t device) {
    return answer<int>([&] {
        return local->view.make(VEXFS_REQ_MKNOD, VEXFS_LOCAL_AT_ROOT, path, mode, device, {});
    });
}

int symlink(vexfs_local* local, const char* target, const char* path) {
    return answer<int>([&] {
        return local->view.make(VEXFS_REQ_SYMLINK, VEXFS_LOCAL_AT_ROOT, path, S_IFLNK | 0777, 0,
                                target);
    });
}

ssize_t readlink(vexfs_local* local, const char* path, char* target, size_t room) {
    return answer<ssize_t>([&]() -> Result<size_t> {
        const std::string text = VEXFS_TRY(local->view.read_link(path));
        return text.copy(target, room);
    });
}

int link(vexfs_local* local, const char* path, const char* other) {
    return answer<int>([&] { return local->view.link(path, other); });
}

int unlink(vexfs_local* local, const char* path) {
    return answer<int>([&] { return local->view.remove(VEXFS_REQ_UNLINK, path); });
}

int rmdir(vexfs_local* local, const char* path) {
    return answer<int>([&] { return local->view.remove(VEXFS_REQ_RMDIR, path); });
}

int rename(vexfs_local* local, const char* path, const char* other) {
    return answer<int>([&] { return local->view.rename(path, other); });
}

int chmod(vexfs_local* local, const char* path, mode_t mode) {
    return answer<int>([&] { return local->view.set_mode(path, mode); });
}

int chown(vexfs_local* local, const char* path, uid_t uid, gid_t gid) {
    return answer<int>([&] { return local->view.set_owner(path, uid, gid); });
}

int setxattr(vexfs_local* local, const char* path, const char* name, const void* value,
             size_t bytes, int flags) {
    return answer<int>(
        [&] { return local->view.set_xattr(path, name, bytes_of(value, bytes), flags); });
}

ssize_t getxattr(vexfs_local* local, const char* path, const char* name, void* value, size_t room) {
    return answer<ssize_t>([&] { return local->view.get_xattr(path, name, room_of(value, room)); });
}

int removexattr(vexfs_local* local, const char* path, const char* name) {
    return answer<int>([&] { return local->view.remove_xattr(path, name); });
}

} // namespace

} // namespace vexfs

extern "C" const vexfs_local_calls vexfs_local_table{
    .abi = VEXFS_LOCAL_ABI,
    .size = sizeof(vexfs_local_calls),
    .version = VEXFS_VERSION,
    .open_image = vexfs::open_image,
    .as = vexfs::as,
    .close_image = vexfs::close_image,
    .open = vexfs::open,
    .close = vexfs::close,
    .ioctl = vexfs::ioctl,
    .pread = vexfs::pread,
    .pwrite = vexfs::pwrite,
    .ftruncate = vexfs::ftruncate,
    .fsync = vexfs::fsync,
    .fstat = vexfs::fstat,
    .list = vexfs::list,
    .lstat = vexfs::lstat,
    .mkdir = vexfs::mkdir,
    .mknod = vexfs::mknod,
    .symlink = vexfs::symlink,
    .readlink = vexfs::readlink,
    .link = vexfs::link,
    .unlink = vexfs::unlink,
    .rmdir = vexfs::rmdir,
    .rename = vexfs::rename,
    .chmod = vexfs::chmod,
    .chown = vexfs::chown,
    .setxattr = vexfs::setxattr,
    .getxattr = vexfs::getxattr,
    .removexattr = vexfs::removexattr,
};
