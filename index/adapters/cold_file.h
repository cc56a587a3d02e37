// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a ColdIndex, checked before anything is made of them.
//
//   OFFSET  SIZE  MEANING (little-endian)
//   0       8     "VXCOLD01"
//   8       4     metric
//   12      4     dimension
//   16      4     lists
//   20      4     bytes of a code
//   24      8     rows
//   32      8     zero
//   40      ...   centroids (lists * dim f32), codebooks (256 * dim f32)
//   then          for every list: u32 rows, that many slots (u32), that many codes
//   end - 8 8     XXH3 of all bytes before
//
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

struct ColdList {
    std::vector<uint32_t> slots;
    std::vector<uint8_t> codes; // slots.size() * code_bytes
};

struct ColdFile {
    Metric metric = Metric::kL2;
    uint32_t dim = 0;
    uint32_t code_bytes = 0;
    std::vector<float> centroids; // lists.size() * dim
    std::vector<float> codebooks; // 256 * dim
    std::vector<ColdList> lists;
};

constexpr uint32_t kColdListsMax = 65'536;

std::vector<std::byte> cold_file_bytes(const ColdFile& file);

// EBADMSG for anything that cold_file_bytes() does not write.
Result<ColdFile> parse_cold_file(Bytes bytes);

} // namespace vexfs::index
