// SPDX-License-Identifier: Apache-2.0
#include "index/codec/format.h"

#include <bit>

#include "base/assert.h"
#include "base/checksum.h"

namespace vexfs::index {
namespace {

constexpr uint64_t kMagic = 0x00434544'4f435856; // "VXCODEC\0"
constexpr size_t kHeaderBytes = 72;
constexpr size_t kChecksumBytes = 8;

// Fills a buffer that is known to be long enough.
// Threads: one thread.
class Filler {
  public:
    explicit Filler(MutableBytes bytes) : writer_(bytes) {}

    template <std::unsigned_integral T>
    void put(std::type_identity_t<T> value) {
        const Status written = writer_.le<T>(value);
        VEXFS_ASSERT(written.has_value());
    }
    void put_float(float value) { put<uint32_t>(std::bit_cast<uint32_t>(value)); }
    void put_floats(std::span<const float> values) {
        for (float value : values)
            put_float(value);
    }

  private:
    ByteWriter writer_;
};

Result<float> read_float(ByteReader& reader) {
    return std::bit_cast<float>(VEXFS_TRY(reader.le<uint32_t>()));
}

Result<AlignedFloats> read_floats(ByteReader& reader, size_t count) {
    Bytes raw = VEXFS_TRY(reader.take(count * sizeof(float)));
    AlignedFloats floats = VEXFS_TRY(AlignedFloats::zeros(count));
    for (size_t i = 0; i < count; ++i)
        floats.data()[i] = std::bit_cast<float>(load_le<uint32_t>(raw.data() + i * sizeof(float)));
    return floats;
}

Status read_quality(ByteReader& reader, CodecQuality& quality) {
    quality.training_rows = VEXFS_TRY(reader.le<uint32_t>());
    quality.rerank_depth = VEXFS_TRY(reader.le<uint32_t>());
    quality.sample_recall = VEXFS_TRY(read_float(reader));
    quality.energy_kept = VEXFS_TRY(read_float(reader));
    quality.variance = VEXFS_TRY(read_float(reader));
    quality.lost_share = VEXFS_TRY(read_float(reader));
    return ok();
}

Status read_header(ByteReader& reader, CodecParameters& read) {
    if (VEXFS_TRY(reader.le<uint64_t>()) != kMagic)
        return fail(Code::kEUCLEAN, "codec: magic");
    if (VEXFS_TRY(reader.le<uint32_t>()) != kCodecFormatVersion)
        return fail(Code::kEOPNOTSUPP, "codec: version of its format");
    read.generation = VEXFS_TRY(reader.le<uint32_t>());
    read.element = static_cast<Element>(VEXFS_TRY(reader.le<uint8_t>()));
    read.metric = static_cast<Metric>(VEXFS_TRY(reader.le<uint8_t>()));
    read.kind = static_cast<CodecKind>(VEXFS_TRY(reader.le<uint8_t>()));
    const uint8_t reserved = VEXFS_TRY(reader.le<uint8_t>());
    read.dim = VEXFS_TRY(reader.le<uint32_t>());
    read.shape.record_bytes = VEXFS_TRY(reader.le<uint32_t>());
    read.shape.bits = VEXFS_TRY(reader.le<uint32_t>());
    read.norm_lanes = VEXFS_TRY(reader.le<uint32_t>());
    read.norm_limit = VEXFS_TRY(read_float(reader));
    read.step = VEXFS_TRY(read_float(reader));
    VEXFS_TRY_VOID(read_quality(reader, read.quality));
    const uint32_t tail = VEXFS_TRY(reader.le<uint32_t>());
    if (reserved != 0 || tail != 0)
        return fail(Code::kEUCLEAN, "codec: a reserved byte is not 0");
    return ok();
}

} // namespace

std::vector<std::byte> codec_bytes(const CodecParameters& parameters) {
    const size_t floats = parameters.mean.size() + parameters.matrix.size();
    std::vector<std::byte> bytes(kHeaderBytes + floats * sizeof(float) + kChecksumBytes);
    Filler filler(bytes);
    filler.put<uint64_t>(kMagic);
    filler.put<uint32_t>(kCodecFormatVersion);
    filler.put<uint32_t>(parameters.generation);
    filler.put<uint8_t>(static_cast<uint8_t>(parameters.element));
    filler.put<uint8_t>(static_cast<uint8_t>(parameters.metric));
    filler.put<uint8_t>(static_cast<uint8_t>(parameters.kind));
    filler.put<uint8_t>(0);
    filler.put<uint32_t>(parameters.dim);
    filler.put<uint32_t>(parameters.shape.record_bytes);
    filler.put<uint32_t>(parameters.shape.bits);
    filler.put<uint32_t>(parameters.norm_lanes);
    filler.put_float(parameters.norm_limit);
    filler.put_float(parameters.step);
    const CodecQuality& quality = parameters.quality;
    filler.put<uint32_t>(quality.training_rows);
    filler.put<uint32_t>(quality.rerank_depth);
    for (float value :
         {quality.sample_recall, quality.energy_kept, quality.variance, quality.lost_share})
        filler.put_float(value);
    filler.put<uint32_t>(0);
    filler.put_floats(parameters.mean.view());
    filler.put_floats(parameters.matrix.view());
    filler.put<uint64_t>(xxh3_64(Bytes(bytes).first(bytes.size() - kChecksumBytes)));
    return bytes;
}

Result<CodecParameters> parse_codec(Bytes bytes) {
    if (bytes.size() < kHeaderBytes + kChecksumBytes)
        return fail(Code::kEBADMSG, "codec: the bytes end early");
    const Bytes body = bytes.first(bytes.size() - kChecksumBytes);
    ByteReader reader(body);
    CodecParameters read;
    VEXFS_TRY_VOID(read_header(reader, read));
    if (load_le<uint64_t>(bytes.data() + body.size()) != xxh3_64(body))
        return fail(Code::kEBADMSG, "codec: checksum");
    // A shape and a dimension in range first, so that the sizes below are small numbers.
    if (!codec_shape_valid(read.shape) || read.dim == 0 || read.dim > kMaxDim)
        return fail(Code::kEUCLEAN, "codec: dimension or shape of its records");
    const size_t columns = read.kind == CodecKind::kLearned ? code_lanes(read.shape) : 0;
    const size_t cells = read.dim * columns;
    if (reader.remaining() != (read.dim + cells) * sizeof(float))
        return fail(Code::kEUCLEAN, "codec: its size does not go with its dimension and shape");
    read.mean = VEXFS_TRY(read_floats(reader, read.dim));
    read.matrix = VEXFS_TRY(read_floats(reader, cells));
    if (!validate(read))
        return fail(Code::kEUCLEAN, "codec: its fields contradict each other");
    return read;
}

} // namespace vexfs::index
