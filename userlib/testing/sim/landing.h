// SPDX-License-Identifier: Apache-2.0
//
// What a power cut may do to the writes since the last flush.
//
// Threads: pure functions.
#pragma once

#include "base/random.h"
#include "userlib/device/record_device.h"
#include "userlib/testing/sim/overlay_device.h"

namespace vexfs {

enum class Landing : uint8_t {
    kNone,     // nothing lands
    kAll,      // everything
    kSome,     // each block of 4 KiB or not
    kTorn,     // each write or not, and one of them in sectors of 512 bytes
    kPermuted, // each write or not, in another order
};
inline constexpr Landing kLandings[] = {Landing::kNone, Landing::kAll, Landing::kSome,
                                        Landing::kTorn, Landing::kPermuted};

const char* name_of(Landing landing);

void land_pending(std::span<const DeviceRecord> pending, Landing landing, Random& random,
                  OverlayDevice& device);

} // namespace vexfs
