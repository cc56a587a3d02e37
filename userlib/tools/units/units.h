// SPDX-License-Identifier: Apache-2.0
//
// Sizes and volume ids as people write them.
//
// Threads: pure functions; random_volume_id() asks the kernel.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vexfs {

// "4096", "64K", "1.5G", "2T", also with "iB" behind the letter; a letter is a power of 1,024.
// EINVAL.
Result<uint64_t> parse_size(std::string_view text);
// "1.5 GiB"; exact below 1 KiB.
std::string size_text(uint64_t bytes);

using VolumeId = std::array<uint8_t, 16>;

// "01234567-89ab-cdef-0123-456789abcdef", in any case; EINVAL.
Result<VolumeId> parse_volume_id(std::string_view text);
std::string volume_id_text(const VolumeId& id);
// A UUID of version 4.
Result<VolumeId> random_volume_id();

} // namespace vexfs
