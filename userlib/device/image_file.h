// SPDX-License-Identifier: Apache-2.0
//
// Image files: regular files that hold a volume.
//
// Threads: functions.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace vexfs {

// Creates a sparse file of this size, a positive multiple of kBlockBytes (else EINVAL), and makes
// its name durable. EEXIST if there is one already. On failure nothing is left and `explanation` is
// a sentence for the user.
Status create_image_file(const std::string& path, uint64_t size_bytes, std::string& explanation);

} // namespace vexfs
