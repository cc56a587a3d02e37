// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a reply: parsed without touching a byte outside, and what is accepted is built and
// parsed again.
#include <cstdlib>

#include "userlib/frontend/wire/codec/reply.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace vexfs;
    const Bytes bytes = std::as_bytes(std::span(data, size));
    const auto parsed = parse_reply(bytes);
    if (!parsed.has_value())
        return 0;
    vexfs_msg asked;
    std::memcpy(&asked, data, sizeof asked);
    asked.room = VEXFS_MAX_MESSAGE;
    std::vector<std::byte> again(std::max<uint64_t>(reply_bytes(*parsed), VEXFS_ROOM_MIN));
    again.resize(build_reply(*parsed, asked, again));
    if (!parse_reply(again).has_value())
        std::abort();
    return 0;
}
