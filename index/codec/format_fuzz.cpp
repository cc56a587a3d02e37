// SPDX-License-Identifier: Apache-2.0
//
// Any bytes: parsing fails cleanly, or gives a codec that works on any vector and that is written
// as it was read. The checksum is made right first, so that the fields behind it are reached.
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/checksum.h"
#include "index/codec/codec.h"
#include "index/codec/format.h"

using namespace vexfs;
using namespace vexfs::index;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::vector<std::byte> bytes(size);
    if (size > 0)
        std::memcpy(bytes.data(), data, size);
    if (size >= 8)
        store_le<uint64_t>(bytes.data() + size - 8, xxh3_64(Bytes(bytes).first(size - 8)));
    Result<CodecParameters> parsed = parse_codec(bytes);
    if (!parsed)
        return 0;
    VEXFS_ASSERT(codec_bytes(*parsed) == bytes);
    const Codec codec = Codec::make(std::move(*parsed)).value();
    std::vector<std::byte> vector(bytes_of(codec.element(), codec.dim()));
    for (size_t i = 0; i < vector.size(); ++i)
        vector[i] = bytes[i % size];
    const VectorView view{codec.element(), codec.dim(), vector.data()};
    alignas(64) uint8_t record[kCodecRecordBytesMax];
    QueryCode query;
    codec.encode(view, record);
    codec.prepare(view, query);
    code_distance(codec.shape(), record, query.values);
    codec.loss_of(view);
    return 0;
}
