// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstring>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userlib/frontend/kmod/doorbell.h"
#include "userlib/frontend/kmod/module_device.h"
#include "userlib/frontend/kmod/request_queue.h"
#include "vm-tests/cases/perf/echo.h"

namespace vexfs {

namespace {

constexpr uint64_t kHourNs = 3'600'000'000'000;

vexfs_attr root() {
    vexfs_attr attr{};
    attr.ino = 1;
    attr.mode = S_IFDIR | 0755;
    attr.nlink = 2;
    attr.blksize = 4096;
    attr.valid_ns = kHourNs;
    return attr;
}

template <typename Reply>
uint32_t put(MutableBytes area, const Reply& reply) {
    std::memcpy(area.data(), &reply, sizeof reply);
    return sizeof reply;
}

// Bytes of the reply.
uint32_t answer(const SharedQueue& shared, const Taken& taken) {
    const MutableBytes out = shared.out_area(taken.slot);
    switch (taken.request.op) {
    case VEXFS_REQ_MOUNT: {
        vexfs_rep_mount reply{};
        reply.root = root();
        reply.max_size = uint64_t{1} << 40;
        reply.max_io = 4096;
        reply.max_links = 1;
        return put(out, reply);
    }
    case VEXFS_REQ_GETATTR:
        return put(out, vexfs_rep_attr{root()});
    case VEXFS_REQ_IOCTL:
        std::memcpy(out.data(), shared.in_area(taken.slot).data() + sizeof(vexfs_req_ioctl),
                    kMessageBytes);
        return kMessageBytes;
    default:
        return 0;
    }
}

// Until the channel ends.
void serve(RequestQueue& requests, Doorbell& doorbell) {
    uint64_t mask = 0;
    for (;;) {
        const auto taken = requests.take();
        if (!taken)
            return;
        if (!*taken) {
            if (!doorbell.wait(std::exchange(mask, 0), requests.head()))
                return;
            continue;
        }
        if (requests.answer(**taken, 0, answer(requests.shared(), **taken)))
            mask |= uint64_t{1} << (*taken)->slot;
    }
}

// Attaches, says so, and serves.
void be_engine(ModuleDevice& device, bool uring, int attached) {
    std::string explanation;
    vexfs_attach attach{};
    attach.features = VEXFS_QUEUE_FEATURE_URING;
    attach.queues = 1;
    attach.slots = 8;
    if (!device.attach(attach, explanation)) {
        std::fprintf(stderr, "%s\n", explanation.c_str());
        return;
    }
    const auto memory = device.map(attach, 0);
    const auto shared =
        memory ? SharedQueue::over(*memory, attach.slots) : Result<SharedQueue>(memory.error());
    auto doorbell = uring ? make_uring_doorbell(device.descriptor(), 0)
                          : make_ioctl_doorbell(device.descriptor(), 0);
    if (!shared || !doorbell || ::write(attached, "!", 1) != 1)
        return;
    RequestQueue requests(*shared);
    serve(requests, **doorbell);
}

} // namespace

pid_t serve_by_module(const std::string& mountpoint, bool uring) {
    std::string explanation;
    auto device = ModuleDevice::open(explanation);
    std::array<int, 2> attached{};
    if (!device || ::pipe(attached.data()) != 0)
        return no_server("opening /dev/vexfs");
    // The process that attaches is the engine; mounting asks it, so another one does that.
    const pid_t server = fork_server();
    if (server == 0) {
        be_engine(*device, uring, attached[1]);
        ::_exit(0);
    }
    ::close(attached[1]);
    char ready = 0;
    const bool is_ready = ::read(attached[0], &ready, 1) == 1;
    ::close(attached[0]);
    const std::string option = "fd=" + std::to_string(device->descriptor());
    if (!is_ready || ::mount("none", mountpoint.c_str(), "vexfs", 0, option.c_str()) != 0)
        return no_server("mounting through the module");
    return server;
}

} // namespace vexfs
