// SPDX-License-Identifier: Apache-2.0
//
// Any bytes: parsing fails cleanly, or gives a codec that works on any vector and is written as it
// was read. So that fields behind others are reached, the same bytes are also tried with magic,
// version, size and checksum made right.
#include <algorithm>
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

namespace {

constexpr size_t kHeaderBytes = 72;
constexpr uint32_t kDimMax = 300;

void parse_and_use(const std::vector<std::byte>& bytes) {
    Result<CodecParameters> parsed = parse_codec(bytes);
    if (!parsed)
        return;
    VEXFS_ASSERT(codec_bytes(*parsed) == bytes);
    const Codec codec = Codec::make(std::move(*parsed)).value();
    std::vector<std::byte> vector(bytes_of(codec.element(), codec.dim()));
    for (size_t i = 0; i < vector.size(); ++i)
        vector[i] = bytes[i % bytes.size()];
    const VectorView view{codec.element(), codec.dim(), vector.data()};
    alignas(64) uint8_t record[kCodecRecordBytesMax];
    QueryCode query;
    codec.encode(view, record);
    codec.prepare(view, query);
    code_distance(codec.shape(), record, query.values);
    VEXFS_ASSERT(codec.loss_of(view).lost >= 0);
}

// The bytes as a codec of the size that its own fields ask for; what is missing is 0.
std::vector<std::byte> repaired(std::vector<std::byte> bytes) {
    bytes.resize(kHeaderBytes);
    std::memcpy(bytes.data(), "VXCODEC", 8);
    store_le<uint32_t>(bytes.data() + 8, kCodecFormatVersion);
    const uint32_t dim = load_le<uint32_t>(bytes.data() + 20) % kDimMax;
    const uint32_t record_bytes = load_le<uint32_t>(bytes.data() + 24) % (kCodecRecordBytesMax + 1);
    const uint32_t bits = load_le<uint32_t>(bytes.data() + 28) % 17;
    store_le<uint32_t>(bytes.data() + 20, dim);
    store_le<uint32_t>(bytes.data() + 24, record_bytes);
    store_le<uint32_t>(bytes.data() + 28, bits);
    const bool learned = bytes[18] == std::byte{1};
    const size_t columns = learned && bits != 0 ? code_lanes({record_bytes, bits}) : 0;
    bytes.resize(kHeaderBytes + 4 * (dim + dim * columns) + 8);
    return bytes;
}

void seal(std::vector<std::byte>& bytes) {
    const Bytes body = Bytes(bytes).first(bytes.size() - 8);
    store_le<uint64_t>(bytes.data() + body.size(), xxh3_64(body));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::vector<std::byte> bytes(size);
    if (size > 0)
        std::memcpy(bytes.data(), data, size);
    parse_and_use(bytes);
    std::vector<std::byte> whole = repaired(bytes);
    if (size > kHeaderBytes)
        std::memcpy(whole.data() + kHeaderBytes, data + kHeaderBytes,
                    std::min(size, whole.size()) - kHeaderBytes);
    seal(whole);
    parse_and_use(whole);
    return 0;
}
