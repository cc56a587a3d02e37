// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/queue/module_peer.h"

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>

namespace vexfs {

namespace {

using Word = std::atomic_ref<uint32_t>;

constexpr uint32_t kTailOffset = 128;
constexpr uint32_t kEngineOffset = 192;
constexpr uint32_t kSqOffset = 256;
constexpr uint32_t kSlotOffset = 512;

// Another place for everything than the module chooses, where the contract leaves a choice.
vexfs_queue_header header_of(const PeerShape& shape) {
    vexfs_queue_header header{};
    header.magic = VEXFS_QUEUE_MAGIC;
    header.abi = VEXFS_QUEUE_ABI;
    header.epoch = shape.epoch;
    header.queue = shape.queue;
    header.slots = shape.slots;
    header.slot_stride = sizeof(vexfs_slot) + 64;
    header.in_bytes = shape.in_bytes;
    header.out_bytes = shape.out_bytes;
    header.arena_blocks = shape.arena_blocks;
    header.tail_offset = kTailOffset;
    header.engine_offset = kEngineOffset;
    header.sq_offset = kSqOffset;
    header.slot_offset = kSlotOffset;
    const uint64_t slots_end = kSlotOffset + uint64_t{shape.slots} * header.slot_stride;
    header.out_offset = round_up<uint64_t>(slots_end, 4096);
    header.in_offset = header.out_offset + uint64_t{shape.slots} * shape.out_bytes;
    header.arena_offset = header.in_offset + uint64_t{shape.slots} * shape.in_bytes;
    return header;
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

ModulePeer::ModulePeer(const PeerShape& shape)
    : shape_(shape), slots_(shape.slots), blocks_(shape.arena_blocks, false) {
    const vexfs_queue_header layout = header_of(shape);
    const size_t bytes = layout.arena_offset + size_t{shape.arena_blocks} * VEXFS_QUEUE_ARENA_BLOCK;
    void* const mapped =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    VEXFS_ASSERT(mapped != MAP_FAILED);
    memory_ = {static_cast<std::byte*>(mapped), bytes};
    header() = layout;
}

ModulePeer::~ModulePeer() {
    ::munmap(memory_.data(), memory_.size());
}

std::unique_ptr<Doorbell> ModulePeer::doorbell() {
    return std::make_unique<PeerDoorbell>(*this);
}

vexfs_queue_header& ModulePeer::header() const {
    return *reinterpret_cast<vexfs_queue_header*>(memory_.data());
}

// Where things are is the module's own knowledge: a test may have spoilt the header.
vexfs_slot& ModulePeer::slot(uint32_t number) const {
    const uint64_t stride = header_of(shape_).slot_stride;
    return *reinterpret_cast<vexfs_slot*>(memory_.data() + kSlotOffset + number * stride);
}

uint32_t& ModulePeer::tail() const {
    return reinterpret_cast<vexfs_queue_tail*>(memory_.data() + kTailOffset)->sq_tail;
}

uint32_t& ModulePeer::queued(uint32_t position) const {
    return reinterpret_cast<uint32_t*>(memory_.data() + kSqOffset)[position % shape_.slots];
}

const vexfs_queue_engine& ModulePeer::engine() const {
    return *reinterpret_cast<const vexfs_queue_engine*>(memory_.data() + kEngineOffset);
}

MutableBytes ModulePeer::in_area(uint32_t slot) const {
    return memory_.subspan(header_of(shape_).in_offset + uint64_t{slot} * shape_.in_bytes,
                           shape_.in_bytes);
}

MutableBytes ModulePeer::out_area(uint32_t slot) const {
    return memory_.subspan(header_of(shape_).out_offset + uint64_t{slot} * shape_.out_bytes,
                           shape_.out_bytes);
}

MutableBytes ModulePeer::arena(const Blocks& blocks) const {
    constexpr uint64_t kBlock = VEXFS_QUEUE_ARENA_BLOCK;
    return memory_.subspan(header_of(shape_).arena_offset + blocks.first * kBlock,
                           blocks.count * kBlock);
}

bool ModulePeer::take_blocks(Blocks& blocks, size_t bytes) {
    const auto count = static_cast<uint32_t>(div_ceil<size_t>(bytes, VEXFS_QUEUE_ARENA_BLOCK));
    blocks = {};
    if (count == 0)
        return true;
    const auto at = std::search_n(blocks_.begin(), blocks_.end(), count, false);
    if (at == blocks_.end())
        return false;
    std::fill_n(at, count, true);
    blocks = {static_cast<uint32_t>(at - blocks_.begin()), count};
    return true;
}

void ModulePeer::free_slot(Slot& slot) {
    for (const Blocks& blocks : {slot.in, slot.out})
        std::fill_n(blocks_.begin() + blocks.first, blocks.count, false);
    slot = Slot();
    for_clients_.notify_all();
}

bool ModulePeer::try_take(const PeerCall& call, uint32_t& number) {
    const auto found =
        std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.free; });
    if (found == slots_.end())
        return false;
    const bool in_arena = call.body.size() + call.payload.size() > shape_.in_bytes;
    const bool out_arena = call.reply_bytes + call.out_room > shape_.out_bytes;
    if (!take_blocks(found->in, in_arena ? call.payload.size() : 0))
        return false;
    if (!take_blocks(found->out, out_arena ? call.out_room : 0)) {
        std::fill_n(blocks_.begin() + found->in.first, found->in.count, false);
        found->in = {};
        return false;
    }
    found->free = false;
    number = static_cast<uint32_t>(found - slots_.begin());
    return true;
}

void ModulePeer::fill(uint32_t number, const PeerCall& call) {
    Slot& own = slots_[number];
    vexfs_request request{};
    request.op = call.op;
    request.flags = call.flags | (own.in.count > 0 ? VEXFS_REQUEST_IN_ARENA : 0) |
                    (own.out.count > 0 ? VEXFS_REQUEST_OUT_ARENA : 0);
    request.unique = ++unique_;
    request.ino = call.ino;
    request.generation = call.generation;
    request.fh = call.fh;
    request.uid = call.uid;
    request.groups = call.groups;
    request.in_bytes = static_cast<uint32_t>(call.body.size() + call.payload.size());
    request.out_room = static_cast<uint32_t>(call.reply_bytes + call.out_room);
    request.in_block = own.in.first;
    request.out_block = own.out.first;
    own.reply_bytes = call.reply_bytes;
    own.out_room = request.out_room;
    own.orphan = (call.flags & VEXFS_REQUEST_NOREPLY) != 0;
    slot(number).request = request;
    const MutableBytes area = in_area(number);
    std::copy(call.body.begin(), call.body.end(), area.begin());
    const MutableBytes rest = own.in.count > 0 ? arena(own.in) : area.subspan(call.body.size());
    std::copy(call.payload.begin(), call.payload.end(), rest.begin());
}

uint32_t ModulePeer::take(const PeerCall& call) {
    uint32_t number = 0;
    while (!try_take(call, number))
        for_clients_.wait(mutex_);
    return number;
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
    const uint32_t number = take(call);
    fill(number, call);
    publish(number);
    return number;
}

uint32_t ModulePeer::post_raw(const vexfs_request& request, Bytes in) {
    MutexLock lock(mutex_);
    const uint32_t number = take({});
    slots_[number].raw = true;
    slots_[number].out_room = request.out_room;
    slots_[number].orphan = (request.flags & VEXFS_REQUEST_NOREPLY) != 0;
    slot(number).request = request;
    std::copy(in.begin(), in.end(), in_area(number).begin());
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
    const Bytes area = out_area(number);
    const size_t head = own.out.count > 0 ? std::min(own.reply_bytes, bytes) : bytes;
    reply.bytes.assign(area.begin(), area.begin() + static_cast<ptrdiff_t>(head));
    if (bytes > head) {
        const Bytes rest = arena(own.out).first(bytes - head);
        reply.bytes.insert(reply.bytes.end(), rest.begin(), rest.end());
    }
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
    for (uint32_t i = 0; i < shape_.slots; ++i) {
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
