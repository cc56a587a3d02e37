// SPDX-License-Identifier: Apache-2.0
//
// A volume and its Dispatch, for tests that send what a front end sends. At the end the volume is
// closed and must be sound.
//
// Threads: one thread; several may send if each has a room of its own.
#pragma once

#include <array>

#include "userlib/frontend/wire/dispatch/dispatch.h"
#include "userlib/testing/volume/file_volume.h"

namespace vexfs {

// Whoever the test says.
class RigCaller : public WireCaller {
  public:
    explicit RigCaller(Caller who = {}) : who_(std::move(who)) {}
    Result<Caller> identity() override {
        if (!known)
            return fail(Code::kEACCES, "rig: the groups are not known");
        return who_;
    }
    const uint8_t* cancelled() override { return &cancel; }
    void times_changed(uint64_t ino) override { changed.push_back(ino); }

    bool known = true;
    uint8_t cancel = 0;
    std::vector<uint64_t> changed; // nodes, in order

  private:
    const Caller who_;
};

class WireRig {
  public:
    explicit WireRig(uint64_t bytes = uint64_t{64} << 20, VolumeOptions options = {})
        : file_(bytes), options_(options) {
        open(false);
    }
    ~WireRig() {
        close();
        VEXFS_ASSERT(file_.sound());
    }
    WireRig(const WireRig&) = delete;
    WireRig& operator=(const WireRig&) = delete;

    // Closed and opened again: another start of the engine.
    void reopen(bool read_only = false) {
        close();
        open(read_only);
    }
    [[nodiscard]] Volume& volume() { return *volume_; }
    [[nodiscard]] Dispatch& dispatch() { return *dispatch_; }
    // Who sends, until another is set; it outlives the sending.
    [[nodiscard]] const RigCaller& root() const { return root_; }
    void set_caller(WireCaller& caller) { caller_ = &caller; }

    // The reply is in `out`.
    WireReply run(uint32_t op, uint64_t ino, Bytes body, Bytes payload = {}, uint64_t handle = 0,
                  size_t room = SIZE_MAX) {
        WireRequest request;
        request.header.op = op;
        request.header.ino = ino;
        request.header.generation = 1;
        request.header.fh = handle;
        request.body = body;
        request.payload = payload;
        request.out = MutableBytes(out).first(std::min(room, out.size()));
        request.caller = caller_;
        return dispatch_->run(request);
    }
    template <typename Body>
    WireReply run_with(uint32_t op, uint64_t ino, const Body& body, std::string_view payload = {},
                       uint64_t handle = 0) {
        return run(op, ino, std::as_bytes(std::span(&body, 1)), std::as_bytes(std::span(payload)),
                   handle);
    }
    template <typename T>
    [[nodiscard]] T reply() const {
        T value;
        std::memcpy(&value, out.data(), sizeof value);
        return value;
    }
    // MKDIR, MKNOD or SYMLINK.
    vexfs_attr make(uint32_t op, uint64_t directory, const std::string& name, uint32_t mode = 0640,
                    uint32_t uid = 7, uint32_t gid = 8, const std::string& target = "") {
        vexfs_req_make body{};
        body.mode = mode;
        body.uid = uid;
        body.gid = gid;
        body.name_bytes = static_cast<uint32_t>(name.size());
        body.target_bytes = static_cast<uint32_t>(target.size());
        VEXFS_ASSERT(run_with(op, directory, body, name + target).result == 0);
        return reply<vexfs_rep_entry>().attr;
    }
    // 0 if there is no such name.
    vexfs_attr lookup(uint64_t directory, std::string_view name) {
        const vexfs_req_name body{static_cast<uint32_t>(name.size()), 0};
        VEXFS_ASSERT(run_with(VEXFS_REQ_LOOKUP, directory, body, name).result == 0);
        return reply<vexfs_rep_entry>().attr;
    }

    // A message by ioctl, in as many bytes as an ioctl may have. The reply, which may be a failure,
    // lies in `out`.
    Result<Reply> ask(uint64_t node, uint32_t mode, Bytes message, uint64_t handle = 0) {
        std::vector<std::byte> buffer(VEXFS_MAX_IOCTL);
        VEXFS_ASSERT(message.size() <= buffer.size());
        std::memcpy(buffer.data(), message.data(), message.size());
        vexfs_msg header;
        std::memcpy(&header, message.data(), sizeof header);
        const vexfs_req_ioctl body{
            static_cast<uint32_t>(VEXFS_IOC(header.op & 0xff, VEXFS_MAX_IOCTL)), VEXFS_MAX_IOCTL,
            mode, 0};
        const WireReply sent = run(VEXFS_REQ_IOCTL, node, std::as_bytes(std::span(&body, 1)),
                                   buffer, handle, VEXFS_MAX_IOCTL);
        if (sent.bytes == 0)
            return fail(code_from_errno(-sent.result), "rig: no reply");
        return parse_reply(Bytes(out).first(sent.bytes));
    }
    template <typename T>
    Result<Reply> ask(uint64_t node, uint32_t mode, T request, uint64_t handle = 0) {
        request.head.room = VEXFS_MAX_IOCTL;
        const auto message = VEXFS_TRY(build_request(Request(request)));
        return ask(node, mode, Bytes(message), handle);
    }
    // The errno of a failure, negative, with or without a reply; 0 of a success.
    static int status_of(const Result<Reply>& reply) {
        if (!reply)
            return -reply.error().errno_value();
        const auto* const failure = std::get_if<FailureReply>(&*reply);
        return failure != nullptr ? -static_cast<int>(failure->code) : 0;
    }

    std::vector<std::byte> out = std::vector<std::byte>(size_t{1} << 20);

  private:
    void open(bool read_only) {
        DeviceSpec spec;
        spec.path = file_.path();
        options_.read_only = read_only;
        std::string explanation;
        volume_ = Volume::open(spec, options_, explanation).value();
        dispatch_ = std::make_unique<Dispatch>(*volume_, VEXFS_FRONT_END_LOCAL);
    }
    void close() {
        dispatch_.reset();
        VEXFS_ASSERT(volume_->close());
        volume_.reset();
    }

    const FileVolume file_;
    VolumeOptions options_;
    std::unique_ptr<Volume> volume_;
    std::unique_ptr<Dispatch> dispatch_;
    RigCaller root_;
    WireCaller* caller_ = &root_;
};

} // namespace vexfs
