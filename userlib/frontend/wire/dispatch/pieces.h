// SPDX-License-Identifier: Apache-2.0
//
// Structs and names in the bytes of a request and of a reply.
//
// Threads: pure functions.
#pragma once

#include <cstring>

#include "userlib/frontend/wire/dispatch/dispatch.h"

namespace vexfs {

// The op's struct.
template <typename Body>
Result<Body> body_of(const WireRequest& request) {
    if (request.body.size() != sizeof(Body))
        return fail(Code::kEINVAL, "request: the op's struct has another size");
    Body body;
    std::memcpy(&body, request.body.data(), sizeof body);
    return body;
}

// Puts a struct into the reply. EMSGSIZE if there is no room.
template <typename Body>
Result<size_t> reply_with(const WireRequest& request, const Body& body) {
    if (request.out.size() < sizeof body)
        return fail(Code::kEMSGSIZE, "request: no room for the reply");
    std::memcpy(request.out.data(), &body, sizeof body);
    return sizeof body;
}

inline std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The first `bytes` of the payload as a name. EINVAL if the payload has not as many.
inline Result<std::string_view> name_of(const WireRequest& request, uint32_t bytes) {
    if (bytes > request.payload.size())
        return fail(Code::kEINVAL, "request: the payload is shorter than its name");
    return text_of(request.payload.first(bytes));
}

// For a verb that may have to know who waits for the request, which outlives it.
inline AskCaller caller_of(const WireRequest& request) {
    return [&request] {
        return request.caller == nullptr ? nobody() : request.caller->identity();
    };
}

} // namespace vexfs
