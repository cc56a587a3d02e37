// SPDX-License-Identifier: Apache-2.0
//
// An index behind an adapter, a program of its own, as a contender: bench/external/README.md.
//
// Threads: as Contender says; one client, whose searches the adapter times.
#pragma once

#include <optional>

#include "bench/ann/contender.h"

namespace vexfs {

// Starts the adapter. Nothing, and why in `absent`, if what it stands for is not installed here; an
// adapter that does not keep to its lines is EIO, and one that complains EIO after its words are on
// stderr. Searches run on `processor`.
Result<std::unique_ptr<Contender>> make_external_contender(const std::string& path,
                                                           const ContenderShape& shape,
                                                           uint32_t processor, std::string& absent);

} // namespace vexfs
