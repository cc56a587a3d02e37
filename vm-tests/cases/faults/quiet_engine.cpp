// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/faults/quiet_engine.h"

#include <atomic>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vexfs {
namespace {

using Word = std::atomic_ref<uint32_t>;

vexfs_attr root_attr() {
    vexfs_attr attr{};
    attr.ino = 1;
    attr.generation = 1;
    attr.mode = S_IFDIR | 0755;
    attr.nlink = 2;
    attr.blksize = 4096;
    attr.valid_ns = 1'000'000'000;
    return attr;
}

template <typename Reply>
uint32_t put(vexfs_areas& areas, const Reply& reply) {
    std::memcpy(areas.out, &reply, sizeof reply);
    return sizeof reply;
}

} // namespace

vexfs_attach small_attach() {
    vexfs_attach attach{};
    attach.size = sizeof attach;
    attach.abi = VEXFS_QUEUE_ABI;
    attach.queues = 1;
    attach.slots = 4;
    return attach;
}

QuietEngine::QuietEngine() {
    vexfs_attach attach = small_attach();
    const int device = ::open("/dev/vexfs", O_RDWR | O_CLOEXEC);
    if (device < 0 || ::ioctl(device, VEXFS_QUEUE_ATTACH, &attach) != 0)
        return;
    bytes_ = attach.map_bytes;
    void* const mapped = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
    if (mapped == MAP_FAILED)
        return;
    memory_ = static_cast<vexfs_queue_memory*>(mapped);
    areas_ = reinterpret_cast<vexfs_areas*>(memory_ + 1);
    device_ = device;
    server_ = std::thread([this] { serve(); });
}

QuietEngine::~QuietEngine() {
    if (device_ < 0)
        return;
    vexfs_detach detach{};
    ::ioctl(device_, VEXFS_QUEUE_DETACH, &detach); // its thread ends of it
    server_.join();
    ::munmap(memory_, bytes_);
    ::close(device_);
}

void QuietEngine::serve() {
    vexfs_wait wait{};
    while (::ioctl(device_, VEXFS_QUEUE_WAIT, &wait) == 0) {
        wait.cmd.commit_mask = 0;
        for (; wait.cmd.head != Word(memory_->tail.sq_tail).load(); ++wait.cmd.head) {
            const uint32_t slot = Word(memory_->sq[wait.cmd.head % 64]).load();
            answer(slot);
            wait.cmd.commit_mask |= uint64_t{1} << slot;
        }
    }
}

void QuietEngine::answer(uint32_t slot) {
    vexfs_slot& shared = memory_->slot[slot];
    int32_t result = 0;
    uint32_t bytes = 0;
    switch (shared.request.op) {
    case VEXFS_REQ_MOUNT: {
        vexfs_rep_mount reply{};
        reply.root = root_attr();
        reply.max_size = uint64_t{1} << 40;
        reply.max_io = 65536;
        reply.max_links = 100;
        bytes = put(areas_[slot], reply);
        break;
    }
    case VEXFS_REQ_GETATTR:
        bytes = put(areas_[slot], vexfs_rep_attr{root_attr()});
        break;
    case VEXFS_REQ_UNMOUNT:
    case VEXFS_REQ_SYNCFS:
    case VEXFS_REQ_FORGET:
    case VEXFS_REQ_RELEASE:
        break;
    default:
        result = -EOPNOTSUPP;
    }
    shared.reply.result = result;
    shared.reply.out_bytes = bytes;
    Word(shared.reply.state).store(VEXFS_SLOT_DONE);
}

} // namespace vexfs
