// SPDX-License-Identifier: Apache-2.0
//
// The kernel module's half of a queue, as vexfs_queue.h states it, for tests of the engine's half.
//
// Clients are the threads that call; the engine gets memory and a doorbell. A client that sleeps is
// woken by a commit of its slot or by the end of the channel, and by nothing else.
//
// Threads: any client in any thread.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "ioctl/vexfs_queue.h"
#include "userlib/frontend/kmod/doorbell.h"

namespace vexfs {

struct PeerCall {
    uint32_t op = 0;
    uint64_t ino = 0;
    uint32_t generation = 1;
    uint32_t flags = 0; // REPLAY, NOREPLY
    Bytes body;
    Bytes payload;
    size_t reply_bytes = 0; // of the reply's struct
    size_t out_room = 0;    // for the payload behind it
    uint64_t fh = 0;
    uint32_t uid = 0;
    uint32_t groups = 0; // that end the payload
};

struct PeerReply {
    int32_t result = 0;
    std::vector<std::byte> bytes; // struct and payload
};

class ModulePeer {
  public:
    explicit ModulePeer(uint32_t slots = 8);
    ~ModulePeer();
    ModulePeer(const ModulePeer&) = delete;
    ModulePeer& operator=(const ModulePeer&) = delete;

    [[nodiscard]] MutableBytes memory() const { return bytes_; }
    // The peer outlives it.
    std::unique_ptr<Doorbell> doorbell();

    // Sends a request and waits for its reply; -ENODEV if the channel ends first.
    PeerReply call(const PeerCall& call);
    // The two halves of call(). A slot that was posted is collected, or left to the engine.
    uint32_t post(const PeerCall& call);
    // A request just as it is, true or not, with these bytes in the in-area.
    uint32_t post_raw(const vexfs_request& request, Bytes in);
    PeerReply collect(uint32_t slot);
    void abandon(uint32_t slot);
    // Ends the channel.
    void kill();

    // Replies that broke the rules.
    [[nodiscard]] uint32_t lies() const { return lies_; }
    // How often the engine called: to commit alone, and to wait.
    [[nodiscard]] uint32_t commits() const { return commits_; }
    [[nodiscard]] uint32_t waits() const { return waits_; }
    // Whether the engine waits at the doorbell.
    [[nodiscard]] bool parked();
    // Slots that a client may take.
    [[nodiscard]] uint32_t free_slots();

    // The shared memory itself.
    [[nodiscard]] vexfs_slot& slot(uint32_t number) const { return shared_.slot[number]; }
    [[nodiscard]] uint32_t& tail() const { return shared_.tail.sq_tail; }
    [[nodiscard]] uint32_t& queued(uint32_t position) const { return shared_.sq[position % 64]; }
    [[nodiscard]] const vexfs_queue_engine& engine() const { return shared_.engine; }

  private:
    friend class PeerDoorbell;
    struct Slot { // what the module knows of it, whatever the shared memory says
        bool free = true;
        bool orphan = false; // nobody waits for it
        bool woken = false;
        bool raw = false; // the reply is checked, and not read
        uint32_t out_room = 0;
    };

    Status ring(uint64_t mask);
    Status wait(uint64_t mask, uint32_t head);
    void free_slot(Slot& slot) VEXFS_REQUIRES(mutex_);
    void commit(uint64_t mask) VEXFS_REQUIRES(mutex_);
    void fill(uint32_t number, const PeerCall& call) VEXFS_REQUIRES(mutex_);
    uint32_t take() VEXFS_REQUIRES(mutex_);
    void publish(uint32_t number) VEXFS_REQUIRES(mutex_);
    [[nodiscard]] bool is_done(uint32_t number) const;
    PeerReply read(uint32_t number) VEXFS_REQUIRES(mutex_);
    [[nodiscard]] vexfs_areas& areas(uint32_t slot) const;

    const MutableBytes bytes_;
    vexfs_queue_memory& shared_;
    std::atomic<uint32_t> lies_{0};
    std::atomic<uint32_t> commits_{0};
    std::atomic<uint32_t> waits_{0};
    Mutex mutex_;
    CondVar for_engine_;
    CondVar for_clients_;
    std::vector<Slot> slots_ VEXFS_GUARDED_BY(mutex_);
    uint64_t unique_ VEXFS_GUARDED_BY(mutex_) = 0;
    bool parked_ VEXFS_GUARDED_BY(mutex_) = false;
    bool dead_ VEXFS_GUARDED_BY(mutex_) = false;
};

} // namespace vexfs
