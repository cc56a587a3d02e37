// SPDX-License-Identifier: Apache-2.0
//
// Messages of applications that come by ioctl: the envelope.
#include <algorithm>

#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

class CallersBuffer : public ReplySpace {
  public:
    explicit CallersBuffer(MutableBytes buffer) : buffer_(buffer) {}
    Result<MutableBytes> take(size_t bytes) override {
        VEXFS_ASSERT(bytes <= buffer_.size());
        return buffer_;
    }

  private:
    const MutableBytes buffer_;
};

// Whether the header can be answered: where it cannot there is no reply, only EINVAL.
bool is_answerable(Bytes message, uint32_t ioctl_bytes) {
    if (ioctl_bytes > VEXFS_MAX_IOCTL || message.size() != ioctl_bytes || !header_readable(message))
        return false;
    vexfs_msg header;
    std::memcpy(&header, message.data(), sizeof header);
    return header.room == ioctl_bytes;
}

} // namespace

WireReply Dispatch::ioctl(const WireRequest& request) {
    const auto refuse = [](Code code) {
        return WireReply{-static_cast<int32_t>(code), 0};
    };
    const Result<vexfs_req_ioctl> body = body_of<vexfs_req_ioctl>(request);
    if (!body)
        return refuse(body.error().code);
    if (_IOC_TYPE(body->cmd) != VEXFS_IOC_TYPE)
        return refuse(Code::kENOTTY);
    if (!is_answerable(request.payload, body->bytes) || request.out.size() < VEXFS_ROOM_MIN)
        return refuse(Code::kEINVAL);
    CallersBuffer buffer(request.out);
    const auto room = static_cast<uint32_t>(std::min<size_t>(request.out.size(), UINT32_MAX));
    Origin origin{request.header.ino, body->mode, request.caller};
    std::shared_ptr<Session> session;
    if (VirtualFiles::is_call(request.header.ino)) {
        const auto found = sessions_.get(request.header.fh);
        if (!found)
            return refuse(found.error().code);
        session = *found;
        origin.node = VirtualFiles::directory_of(request.header.ino);
        origin.session = session.get();
        origin.is_call = true;
    }
    Message message(request.payload, room, origin, buffer);
    const MessageDone done = messages_.run(message, _IOC_NR(body->cmd));
    return {done.status, done.bytes};
}

} // namespace vexfs
