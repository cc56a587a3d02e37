// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/queue/module_peer.h"

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>

namespace vexfs {

namespace {

using Word = std::atomic_ref<uint32_t>;

MutableBytes map_shared(size_t bytes) {
    void* const mapped =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    VEXFS_ASSERT(mapped != MAP_FAILED);
    return {static_cast<std::byte*>(mapped), bytes};
}

} // namespace

class PeerDoorbell final : public Doorbell {
  public:
    explicit PeerDoorbell(ModulePeer& peer) : peer_(peer) {}
    Status ring(uint64_t mask) override { return peer_.ring(mask); }
    Status wait(uint64_t mask, uint32_t head) override { return peer_.wait(mask, head); }

  private:
    ModulePeer& peer_;
};

ModulePeer::ModulePeer(uint32_t slots)
    : bytes_(map_shared(sizeof(vexfs_queue_memory) + slots * sizeof(vexfs_areas))),
      shared_(*reinterpret_cast<vexfs_queue_memory*>(bytes_.data())), slots_(slots) {}

ModulePeer::~ModulePeer() {
    ::munmap(bytes_.data(), bytes_.size());
}

std::unique_ptr<Doorbell> ModulePeer::doorbell() {
    return std::make_unique<PeerDoorbell>(*this);
}

vexfs_areas& ModulePeer::areas(uint32_t slot) const {
    return reinterpret_cast<vexfs_areas*>(&shared_ + 1)[slot];
}

void ModulePeer::free_slot(Slot& slot) {
    slot = Slot();
    for_clients_.notify_all();
}

void ModulePeer::fill(uint32_t number, const PeerCall& call) {
    Slot& own = slots_[number];
    vexfs_request request{};
    request.op = call.op;
    request.flags = call.flags;
    request.unique = ++unique_;
    request.ino = call.ino;
    request.generation = call.generation;
    request.fh = call.fh;
    request.uid = call.uid;
    request.groups = call.groups;
    request.in_bytes = static_cast<uint32_t>(call.body.size() + call.payload.size());
    request.out_room = static_cast<uint32_t>(call.reply_bytes + call.out_room);
    own.out_room = request.out_room;
    own.orphan = (call.flags & VEXFS_REQUEST_NOREPLY) != 0;
    slot(number).request = request;
    VEXFS_ASSERT(request.in_bytes <= VEXFS_QUEUE_AREA && request.out_room <= VEXFS_QUEUE_AREA);
    const MutableBytes area = std::as_writable_bytes(std::span(areas(number).in));
    std::copy(call.body.begin(), call.body.end(), area.begin());
    std::copy(call.payload.begin(), call.payload.end(), area.subspan(call.body.size()).begin());
}

uint32_t ModulePeer::take() {
    for (;;) {
        const auto found =
            std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.free; });
        if (found != slots_.end()) {
            found->free = false;
            return static_cast<uint32_t>(found - slots_.begin());
        }
        for_clients_.wait(mutex_);
    }
}

void ModulePeer::publish(uint32_t number) {
    Word(slot(number).client.waiting).store(0);
    Word(slot(number).reply.state).store(VEXFS_SLOT_REQUEST, std::memory_order_release);
    Word(queued(tail())).store(number, std::memory_order_relaxed);
    Word(tail()).store(tail() + 1, std::memory_order_release);
    for_engine_.notify_all();
}

uint32_t ModulePeer::post(const PeerCall& call) {
    MutexLock lock(mutex_);
    const uint32_t number = take();
    fill(number, call);
    publish(number);
    return number;
}

uint32_t ModulePeer::post_raw(const vexfs_request& request, Bytes in) {
    MutexLock lock(mutex_);
    const uint32_t number = take();
    slots_[number].raw = true;
    slots_[number].out_room = request.out_room;
    slots_[number].orphan = (request.flags & VEXFS_REQUEST_NOREPLY) != 0;
    slot(number).request = request;
    std::copy(in.begin(), in.end(), std::as_writable_bytes(std::span(areas(number).in)).begin());
    publish(number);
    return number;
}

bool ModulePeer::is_done(uint32_t number) const {
    return Word(slot(number).reply.state).load() == VEXFS_SLOT_DONE;
}

PeerReply ModulePeer::read(uint32_t number) {
    const Slot& own = slots_[number];
    const vexfs_slot_reply& shared = slot(number).reply;
    const size_t bytes = shared.out_bytes;
    PeerReply reply{shared.result, {}};
    const bool may_have_bytes = reply.result == 0 || slot(number).request.op == VEXFS_REQ_IOCTL;
    if (reply.result > 0 || reply.result < -VEXFS_QUEUE_MAX_ERRNO || bytes > own.out_room ||
        (bytes > 0 && !may_have_bytes)) {
        ++lies_;
        return {-EIO, {}};
    }
    if (own.raw)
        return reply;
    const Bytes area = std::as_bytes(std::span(areas(number).out));
    reply.bytes.assign(area.begin(), area.begin() + static_cast<ptrdiff_t>(bytes));
    return reply;
}

PeerReply ModulePeer::collect(uint32_t number) {
    const uint32_t polls = Word(const_cast<uint32_t&>(engine().polling)).load();
    for (int i = 0; i < 1000 && polls != 0 && !is_done(number); ++i)
        ;
    Word(slot(number).client.waiting).store(1);
    MutexLock lock(mutex_);
    if (!is_done(number))
        while (!slots_[number].woken && !dead_)
            for_clients_.wait(mutex_);
    PeerReply reply{-ENODEV, {}};
    if (is_done(number))
        reply = read(number);
    else if (!dead_)
        ++lies_; // woken without an answer
    free_slot(slots_[number]);
    return reply;
}

PeerReply ModulePeer::call(const PeerCall& call) {
    return collect(post(call));
}

// It was about to sleep when it was killed.
void ModulePeer::abandon(uint32_t number) {
    Word(slot(number).client.waiting).store(1);
    MutexLock lock(mutex_);
    slots_[number].orphan = true;
    if (is_done(number))
        free_slot(slots_[number]);
}

void ModulePeer::commit(uint64_t mask) {
    for (uint32_t i = 0; i < slots_.size(); ++i) {
        Slot& own = slots_[i];
        if (own.free)
            continue;
        if (own.orphan && is_done(i))
            free_slot(own);
        else if ((mask >> i & 1) != 0 && is_done(i)) // else it is a bit of the slot's last client
            own.woken = true;
    }
    for_clients_.notify_all();
}

Status ModulePeer::ring(uint64_t mask) {
    ++commits_;
    MutexLock lock(mutex_);
    commit(mask);
    return dead_ ? Status(fail(Code::kENODEV, "peer: the channel has ended")) : ok();
}

Status ModulePeer::wait(uint64_t mask, uint32_t head) {
    ++waits_;
    MutexLock lock(mutex_);
    commit(mask);
    if (parked_) // as the module: a queue has one place at the doorbell
        return fail(Code::kEBUSY, "peer: a FETCH waits already");
    parked_ = true;
    while (tail() == head && !dead_)
        for_engine_.wait(mutex_);
    parked_ = false;
    return dead_ ? Status(fail(Code::kENODEV, "peer: the channel has ended")) : ok();
}

void ModulePeer::kill() {
    MutexLock lock(mutex_);
    dead_ = true;
    for_engine_.notify_all();
    for_clients_.notify_all();
}

bool ModulePeer::parked() {
    MutexLock lock(mutex_);
    return parked_;
}

uint32_t ModulePeer::free_slots() {
    MutexLock lock(mutex_);
    return static_cast<uint32_t>(
        std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.free; }));
}

} // namespace vexfs
