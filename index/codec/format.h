// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a codec's parameters, for keeping and for handing on. Little-endian.
//
//     OFFSET  SIZE  MEANING
//     0       8     magic "VXCODEC\0"
//     8       4     version, 1
//     12      4     generation
//     16      1     element, as in kernels/metric.h
//     17      1     metric, as in kernels/metric.h
//     18      1     kind, as in parameters.h
//     19      1     0
//     20      4     dim
//     24      4     record_bytes
//     28      4     bits
//     32      4     norm_lanes
//     36      4     norm_limit, f32
//     40      4     step, f32
//     44      4     training_rows
//     48      4     rerank_depth
//     52      16    sample_recall, energy_kept, variance, lost_share, f32 each
//     68      4     0
//     72      4 d   mean, f32, d = dim
//     ...     4 m   matrix, f32, m = dim * lanes of the shape if learned, 0 if plain
//     end-8   8     XXH3 (64 bit) of all bytes before
//
// The checksum finds accidents; every field is checked as if there were none.
//
// Threads: pure functions, any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "index/codec/parameters.h"

namespace vexfs::index {

constexpr uint32_t kCodecFormatVersion = 1;

std::vector<std::byte> codec_bytes(const CodecParameters& parameters);

// EBADMSG if the bytes end early or the checksum does not match, EUCLEAN if they are no codec, or
// one whose fields contradict each other, EOPNOTSUPP for another version; ENOMEM.
Result<CodecParameters> parse_codec(Bytes bytes);

} // namespace vexfs::index
