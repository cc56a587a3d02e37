// SPDX-License-Identifier: Apache-2.0
//
// An image whose engine runs in this process: the volume, and requests of the wire to it.
//
// Threads: any thread runs requests; one opens and closes.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "userlib/frontend/wire/dispatch/dispatch.h"

namespace vexfs {

inline constexpr uint32_t kLocalGeneration = 1; // of every node: numbers are never used again

// A caller that is known from the start, and that nobody signals.
class KnownCaller : public WireCaller {
  public:
    explicit KnownCaller(const Caller& caller) : caller_(caller) {}
    Result<Caller> identity() override { return caller_; }
    const uint8_t* cancelled() override { return &never_; }
    void times_changed(uint64_t) override {} // nobody keeps attributes here

  private:
    const Caller& caller_;
    const uint8_t never_ = 0;
};

class LocalEngine {
  public:
    // As Volume::open().
    static Result<std::shared_ptr<LocalEngine>>
    open(const std::string& image, const VolumeOptions& options, std::string& explanation);
    // For open() alone.
    explicit LocalEngine(std::unique_ptr<Volume> volume)
        : volume_(std::move(volume)), dispatch_(*volume_, VEXFS_FRONT_END_LOCAL) {}
    // Makes everything durable. No request afterwards.
    Status close() { return volume_->close(); }

    WireReply run(const WireRequest& request) { return dispatch_.run(request); }
    [[nodiscard]] bool read_only() const { return volume_->read_only(); }
    [[nodiscard]] uint64_t root() const { return root_; }

  private:
    const std::unique_ptr<Volume> volume_;
    Dispatch dispatch_;
    uint64_t root_ = 0;
};

// A request of the wire in the making.
// Threads: one thread.
class LocalRequest {
  public:
    LocalRequest(LocalEngine& engine, const Caller& caller, uint32_t op, uint64_t ino)
        : engine_(engine), caller_(caller) {
        request_.header.op = op;
        request_.header.ino = ino;
        request_.header.generation = kLocalGeneration;
        request_.header.uid = caller.uid;
        request_.header.gid = caller.gid;
        request_.caller = &caller_;
    }
    void set_handle(uint64_t handle) { request_.header.fh = handle; }

    WireReply run_bodyless(Bytes payload, MutableBytes out) {
        request_.payload = payload;
        request_.out = out;
        return engine_.run(request_);
    }
    template <typename Body>
    WireReply run(const Body& body, Bytes payload, MutableBytes out) {
        request_.body = std::as_bytes(std::span(&body, 1));
        return run_bodyless(payload, out);
    }
    // The bytes of the reply.
    template <typename Body>
    Result<size_t> call(const Body& body, Bytes payload, MutableBytes out) {
        return done(run(body, payload, out));
    }
    Result<size_t> call_bodyless(MutableBytes out) { return done(run_bodyless({}, out)); }
    // The reply's struct.
    template <typename Out, typename Body>
    Result<Out> fetch(const Body& body, Bytes payload) {
        Out out{};
        VEXFS_TRY(call(body, payload, std::as_writable_bytes(std::span(&out, 1))));
        return out;
    }
    template <typename Out>
    Result<Out> fetch_bodyless() {
        Out out{};
        VEXFS_TRY(call_bodyless(std::as_writable_bytes(std::span(&out, 1))));
        return out;
    }

  private:
    static Result<size_t> done(const WireReply& reply) {
        if (reply.result != 0)
            return fail(code_from_errno(-reply.result), "local: request");
        return reply.bytes;
    }

    LocalEngine& engine_;
    KnownCaller caller_;
    WireRequest request_;
};

} // namespace vexfs
