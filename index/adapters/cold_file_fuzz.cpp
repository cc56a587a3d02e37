// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of cold indexes behind the checksum: the sum is put right first.
//
// Threads: one thread.
#include <vector>

#include "base/checksum.h"
#include "index/adapters/cold_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const vexfs::Bytes input = std::as_bytes(std::span(data, size));
    std::vector<std::byte> file(input.begin(), input.end());
    file.resize(size + 8);
    vexfs::store_le<uint64_t>(file.data() + size, vexfs::xxh3_64(input));
    const auto parsed = vexfs::index::parse_cold_file(file);
    static_cast<void>(parsed.has_value());
    return 0;
}
