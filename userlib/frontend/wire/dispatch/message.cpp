// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/message.h"

#include <algorithm>

namespace vexfs {

Message::Message(Bytes bytes, uint32_t room, const Origin& origin, ReplySpace& space)
    : bytes_(bytes), origin_(origin), space_(space) {
    VEXFS_ASSERT(header_readable(bytes));
    std::memcpy(&header_, bytes.data(), sizeof header_);
    header_.room = std::min(header_.room, room);
}

Status Message::check_readable() const {
    if (!opened_for(VEXFS_FILE_READ))
        return fail(Code::kEBADF, "the descriptor is not open for reading");
    return ok();
}

Result<Caller> Message::caller() {
    if (origin_.caller == nullptr)
        return fail(Code::kEACCES, "the rights of the caller cannot be known");
    return origin_.caller->identity();
}

const uint8_t* Message::cancelled() {
    if (cancelled_ == nullptr && origin_.caller != nullptr)
        cancelled_ = origin_.caller->cancelled();
    return cancelled_;
}

bool Message::is_cancelled() {
    const uint8_t* const flag = cancelled();
    return flag != nullptr && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

void Message::times_changed(uint64_t ino) {
    if (origin_.caller != nullptr)
        origin_.caller->times_changed(ino);
}

Status Message::reserve(uint64_t reply_bytes) {
    if (reply_bytes > header_.room) {
        fault_ = {offsetof(vexfs_msg, room), reply_bytes};
        return fail(Code::kEMSGSIZE, "the reply does not fit in the room given");
    }
    if (taken_.size() < reply_bytes)
        taken_ = VEXFS_TRY(space_.take(reply_bytes));
    return ok();
}

Result<size_t> Message::reply(const Reply& reply) {
    VEXFS_TRY_VOID(reserve(std::max<uint64_t>(reply_bytes(reply), VEXFS_ROOM_MIN)));
    return build_reply(reply, header_, taken_);
}

size_t Message::refuse(const Error& error) {
    if (taken_.size() < VEXFS_ROOM_MIN) {
        const Result<MutableBytes> taken = space_.take(VEXFS_ROOM_MIN);
        if (!taken)
            return 0;
        taken_ = *taken;
    }
    std::string_view text = explanation_;
    if (text.empty())
        text = error.what;
    return build_failure(error, fault_, text, header_, taken_);
}

size_t Message::offset_of(const void* byte) const {
    return static_cast<size_t>(static_cast<const std::byte*>(byte) - bytes_.data());
}

} // namespace vexfs
