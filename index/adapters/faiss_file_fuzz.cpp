// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the parser of faiss index files.
//
// Threads: one thread.
#include <span>

#include "index/adapters/faiss_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto parsed = vexfs::index::parse_faiss_file(std::as_bytes(std::span(data, size)));
    static_cast<void>(parsed.has_value());
    return 0;
}
