// SPDX-License-Identifier: Apache-2.0
//
// The checks that links of any foreign graph must pass.
//
// Threads: pure.
#pragma once

#include "base/result.h"
#include "index/adapters/imported_index.h"

namespace vexfs::index {

// EBADMSG unless every link names another row that is on the link's level, no list names a row
// twice, and the entry is a row on the highest level. Targets need not be in range before.
Status check_links(const ImportedLinks& links, uint32_t entry);

// EBADMSG unless all are finite.
Status check_finite(std::span<const float> values);

} // namespace vexfs::index
