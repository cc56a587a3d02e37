// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vm-tests/cases/perf/echo.h"

namespace vexfs {

namespace {

constexpr size_t kRequestBytes = 16'384;

struct Reply {
    int error = 0;
    std::array<iovec, 3> pieces{}; // the first is for the header
    int count = 1;

    void add(const void* data, size_t bytes) {
        pieces[static_cast<size_t>(count++)] = {const_cast<void*>(data), bytes};
    }
};

fuse_init_out init_reply() {
    fuse_init_out init{};
    init.major = FUSE_KERNEL_VERSION;
    init.minor = 31; // no field of later ones is used
    init.flags = FUSE_HAS_IOCTL_DIR;
    init.max_background = 1;
    init.congestion_threshold = 1;
    init.max_write = 4096;
    init.time_gran = 1;
    return init;
}

Reply answer(const fuse_in_header& header, const std::byte* body) {
    static const fuse_init_out init = init_reply();
    static const fuse_open_out opened{};
    static const fuse_ioctl_out done{};
    Reply reply;
    switch (header.opcode) {
    case FUSE_INIT:
        reply.add(&init, sizeof init);
        break;
    case FUSE_OPENDIR:
        reply.add(&opened, sizeof opened);
        break;
    case FUSE_IOCTL:
        reply.add(&done, sizeof done);
        reply.add(body + sizeof(fuse_ioctl_in), kMessageBytes);
        break;
    case FUSE_RELEASEDIR:
        break;
    default:
        reply.error = -ENOSYS;
    }
    return reply;
}

bool needs_no_reply(uint32_t opcode) {
    return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT;
}

// Until it is unmounted.
void serve(int device) {
    alignas(8) static std::array<std::byte, kRequestBytes> request;
    for (;;) {
        const ssize_t bytes = ::read(device, request.data(), request.size());
        if (bytes < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
            continue;
        if (bytes < static_cast<ssize_t>(sizeof(fuse_in_header)))
            return;
        fuse_in_header header;
        std::memcpy(&header, request.data(), sizeof header);
        if (needs_no_reply(header.opcode))
            continue;
        Reply reply = answer(header, request.data() + sizeof header);
        fuse_out_header out{sizeof out, reply.error, header.unique};
        for (const iovec& piece : reply.pieces)
            out.len += static_cast<uint32_t>(piece.iov_len);
        reply.pieces[0] = {&out, sizeof out};
        (void)!::writev(device, reply.pieces.data(), reply.count);
    }
}

} // namespace

pid_t serve_by_fuse(const std::string& mountpoint) {
    const int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0)
        return no_server("opening /dev/fuse");
    const std::string options =
        "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0";
    if (::mount("vexfs-perf", mountpoint.c_str(), "fuse", 0, options.c_str()) != 0)
        return no_server("mounting through FUSE");
    const pid_t server = fork_server();
    if (server == 0) {
        serve(device);
        ::_exit(0);
    }
    ::close(device);
    return server;
}

} // namespace vexfs
