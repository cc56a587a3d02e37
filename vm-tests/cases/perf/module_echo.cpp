// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <optional>

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <x86intrin.h>

#include "userlib/frontend/kmod/doorbell.h"
#include "userlib/frontend/kmod/module_device.h"
#include "userlib/frontend/kmod/request_queue.h"
#include "vm-tests/cases/perf/echo.h"

namespace vexfs {

namespace {

constexpr uint64_t kHourNs = 3'600'000'000'000;
constexpr unsigned kEngineCpu = 1; // of one that polls; all the rest is on CPU 0

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

// Serves the next request, and says which: 0 if there is none, nothing if the channel has ended.
std::optional<uint32_t> serve_next(RequestQueue& requests, uint64_t& mask) {
    const auto taken = requests.take();
    if (!taken)
        return std::nullopt;
    if (!*taken)
        return 0;
    if (requests.answer(**taken, 0, answer(requests.shared(), **taken)))
        mask |= uint64_t{1} << (*taken)->slot;
    return (*taken)->request.op;
}

// Until the channel ends.
void serve(RequestQueue& requests, Doorbell& doorbell) {
    uint64_t mask = 0;
    while (const auto op = serve_next(requests, mask))
        if (*op == 0 && !doorbell.wait(std::exchange(mask, 0), requests.head()))
            return;
}

// Until it is killed. `fewest` is for the parent.
void serve_polling(RequestQueue& requests, Doorbell& doorbell, std::atomic<uint64_t>& fewest) {
    uint64_t mask = 0;
    requests.shared().set_polling(true, kEngineCpu);
    for (uint64_t begin = __rdtsc(); const auto op = serve_next(requests, mask); begin = __rdtsc())
        if (*op == VEXFS_REQ_IOCTL)
            fewest = std::min<uint64_t>(fewest, __rdtsc() - begin);
        else if (mask == 0)
            pause_in_spin();
        else if (!doorbell.ring(std::exchange(mask, 0)))
            return;
}

// A word that children share with their parent.
std::atomic<uint64_t>& fewest_ticks() {
    static void* const page = ::mmap(nullptr, sizeof(std::atomic<uint64_t>), PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    VEXFS_ASSERT(page != MAP_FAILED);
    return *static_cast<std::atomic<uint64_t>*>(page);
}

// Attaches, says so, and serves.
void be_engine(ModuleDevice& device, Waiting waiting, int attached) {
    std::string explanation;
    const bool polling = waiting == Waiting::kPolling;
    if (polling && !stay_on_cpu(kEngineCpu))
        return;
    vexfs_attach attach{};
    attach.features = VEXFS_QUEUE_FEATURE_URING | (polling ? VEXFS_QUEUE_FEATURE_POLLING : 0);
    attach.queues = 1;
    attach.slots = 8;
    if (!device.attach(attach, explanation)) {
        std::fprintf(stderr, "%s\n", explanation.c_str());
        return;
    }
    const auto memory = device.map(attach, 0);
    const auto shared =
        memory ? SharedQueue::over(*memory, attach.slots) : Result<SharedQueue>(memory.error());
    auto doorbell = waiting == Waiting::kUring ? make_uring_doorbell(device.descriptor(), 0)
                                               : make_ioctl_doorbell(device.descriptor(), 0);
    if (!shared || !doorbell || ::write(attached, "!", 1) != 1)
        return;
    RequestQueue requests(*shared);
    if (polling)
        serve_polling(requests, **doorbell, fewest_ticks());
    else
        serve(requests, **doorbell);
}

} // namespace

pid_t serve_by_module(const std::string& mountpoint, Waiting waiting) {
    std::string explanation;
    auto device = ModuleDevice::open(explanation);
    std::array<int, 2> attached{};
    if (!device || ::pipe(attached.data()) != 0)
        return no_server("opening /dev/vexfs");
    fewest_ticks() = UINT64_MAX;
    // The process that attaches is the engine; mounting asks it, so another one does that.
    const pid_t server = fork_server();
    if (server == 0) {
        be_engine(*device, waiting, attached[1]);
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

uint64_t ticks_of_polling_server() {
    return fewest_ticks();
}

} // namespace vexfs
