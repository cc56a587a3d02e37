// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a filter: refused at a column of the text, or asked about a file whose attributes
// and names are pieces of the same bytes.
#include <cstdlib>

#include "userlib/engine/filter/test_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace vexfs;
    const std::string text(reinterpret_cast<const char*>(data), size);
    FilterFault fault;
    const auto filter = Filter::compile(text, {1'700'000'000, 0}, fault);
    if (!filter.has_value()) {
        if (fault.column == 0 || fault.column > size + 1 || fault.sentence.size() >= 160)
            std::abort();
        return 0;
    }
    TestFile file;
    file.known_paths = {text.substr(0, text.find('\0'))};
    file.known_names = {file.known_paths.front().substr(0, 255)};
    file.attributes["user.a"] = text.substr(size / 2);
    uint64_t untyped = 0;
    const auto passed = filter->passes(file, untyped);
    const auto again = filter->passes(file, untyped);
    if (!passed.has_value() || !again.has_value() || *passed != *again || untyped % 2 != 0)
        std::abort();
    return 0;
}
