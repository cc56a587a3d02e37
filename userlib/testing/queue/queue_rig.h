// SPDX-License-Identifier: Apache-2.0
//
// A volume in an image file, served over a queue whose other side is a ModulePeer, and the requests
// that tests send most.
//
// Threads: requests from any; the rest one thread.
#pragma once

#include <string>

#include "userlib/frontend/kmod/queue_server.h"
#include "userlib/testing/queue/module_peer.h"
#include "userlib/testing/volume/file_volume.h"

namespace vexfs {

class QueueRig {
  public:
    explicit QueueRig(const QueueOptions& options = {2, {}}, uint32_t slots = 8) : peer_(slots) {
        DeviceSpec spec;
        spec.path = file_.path();
        std::string explanation;
        volume_ = std::move(Volume::open(spec, {}, explanation)).value();
        dispatch_ = std::make_unique<Dispatch>(*volume_, VEXFS_FRONT_END_KMOD);
        server_ = std::make_unique<QueueServer>(
            SharedQueue::over(peer_.memory(), slots).value(), peer_.doorbell(), *dispatch_,
            [this](uint64_t ino) {
                MutexLock lock(mutex_);
                changed_inodes_.push_back(ino);
            },
            options,
            [this](const Status& why) {
                MutexLock lock(mutex_);
                ended_ = true;
                why_ = why;
                peer_.kill();
                changed_.notify_all();
            });
    }
    // As an engine that ends in order. The volume is sound, or it asserts.
    ~QueueRig() {
        peer_.kill();
        server_->join();
        server_.reset();
        dispatch_.reset();
        VEXFS_ASSERT(volume_->close());
        volume_.reset();
        VEXFS_ASSERT(file_.sound());
    }
    QueueRig(const QueueRig&) = delete;
    QueueRig& operator=(const QueueRig&) = delete;

    [[nodiscard]] ModulePeer& peer() { return peer_; }
    [[nodiscard]] Volume& volume() { return *volume_; }
    [[nodiscard]] Dispatch& dispatch() { return *dispatch_; }
    [[nodiscard]] QueueServer& server() { return *server_; }
    // The nodes that the module was told of, once.
    std::vector<uint64_t> take_changed() {
        MutexLock lock(mutex_);
        return std::exchange(changed_inodes_, {});
    }
    // Waits until the server has given up, and returns why.
    Status end() {
        MutexLock lock(mutex_);
        while (!ended_)
            changed_.wait(mutex_);
        return why_;
    }

    template <typename Body>
    PeerReply send(uint32_t op, uint64_t ino, const Body& body, std::string_view payload = {},
                   size_t reply_bytes = 0, size_t out_room = 0, uint32_t flags = 0) {
        PeerCall call;
        call.op = op;
        call.ino = ino;
        call.flags = flags;
        call.body = bytes_of(body);
        call.payload = text(payload);
        call.reply_bytes = reply_bytes;
        call.out_room = out_room;
        return peer_.call(call);
    }
    PeerReply send(uint32_t op, uint64_t ino, size_t reply_bytes = 0, size_t out_room = 0) {
        PeerCall call;
        call.op = op;
        call.ino = ino;
        call.reply_bytes = reply_bytes;
        call.out_room = out_room;
        return peer_.call(call);
    }
    PeerReply make(uint32_t op, uint64_t directory, const std::string& name,
                   const std::string& target = "", uint32_t flags = 0) {
        const vexfs_req_make body{0640,
                                  7,
                                  8,
                                  0,
                                  0,
                                  0,
                                  static_cast<uint32_t>(name.size()),
                                  static_cast<uint32_t>(target.size())};
        return send(op, directory, body, name + target,
                    op == VEXFS_REQ_CREATE || op == VEXFS_REQ_TMPFILE ? sizeof(vexfs_rep_create)
                                                                      : sizeof(vexfs_rep_entry),
                    0, flags);
    }
    // 0 if there is no such name.
    uint64_t find(uint64_t directory, const std::string& name) {
        const PeerReply reply = named(VEXFS_REQ_LOOKUP, directory, name, sizeof(vexfs_rep_entry));
        return reply.result == 0 ? as<vexfs_rep_entry>(reply).attr.ino : 0;
    }
    PeerReply named(uint32_t op, uint64_t directory, const std::string& name,
                    size_t reply_bytes = 0, uint32_t flags = 0) {
        return send(op, directory, vexfs_req_name{static_cast<uint32_t>(name.size()), 0}, name,
                    reply_bytes, 0, flags);
    }
    PeerReply write(uint64_t ino, uint64_t offset, std::string_view data, uint32_t io_flags = 0,
                    uint32_t flags = 0) {
        return send(VEXFS_REQ_WRITE, ino,
                    vexfs_req_io{offset, static_cast<uint32_t>(data.size()), io_flags}, data,
                    sizeof(vexfs_rep_write), 0, flags);
    }
    PeerReply read(uint64_t ino, uint64_t offset, uint32_t bytes) {
        return send(VEXFS_REQ_READ, ino, vexfs_req_io{offset, bytes, 0}, {}, 0, bytes);
    }

    // The struct at the start of a reply; zeros if the reply is shorter.
    template <typename Body>
    static Body as(const PeerReply& reply) {
        Body body{};
        if (reply.bytes.size() >= sizeof body)
            std::memcpy(&body, reply.bytes.data(), sizeof body);
        return body;
    }
    static Bytes text(std::string_view view) { return std::as_bytes(std::span(view)); }
    static std::string_view text(const PeerReply& reply) {
        return {reinterpret_cast<const char*>(reply.bytes.data()), reply.bytes.size()};
    }

  private:
    FileVolume file_{uint64_t{96} << 20};
    ModulePeer peer_;
    std::unique_ptr<Volume> volume_;
    std::unique_ptr<Dispatch> dispatch_;
    Mutex mutex_;
    CondVar changed_;
    bool ended_ VEXFS_GUARDED_BY(mutex_) = false;
    Status why_ VEXFS_GUARDED_BY(mutex_);
    std::vector<uint64_t> changed_inodes_ VEXFS_GUARDED_BY(mutex_);
    std::unique_ptr<QueueServer> server_;
};

} // namespace vexfs
