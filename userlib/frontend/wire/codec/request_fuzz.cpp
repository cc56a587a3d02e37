// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a request: parsed without touching a byte outside, and what is accepted is built and
// parsed again.
#include <cstdlib>

#include "userlib/frontend/wire/codec/request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace vexfs;
    const Bytes bytes = std::as_bytes(std::span(data, size));
    if (!header_readable(bytes))
        return 0;
    Fault fault;
    const auto parsed = parse_request(bytes, fault);
    if (fault.offset != 0 && fault.offset >= size)
        std::abort();
    if (!parsed.has_value())
        return 0;
    const auto built = build_request(*parsed);
    if (!built.has_value() || !parse_request(*built, fault).has_value())
        std::abort();
    return 0;
}
