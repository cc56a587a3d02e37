// SPDX-License-Identifier: Apache-2.0
//
// How fsck.vexfs says what it found: for people, or as JSON.
//
// Threads: one thread.
#pragma once

#include "userlib/tools/fsck/volume_check.h"

namespace vexfs {

std::string report_text(const VolumeCheck& result, const FsckOptions& options);

// One document of schema fsck.vexfs/1.
std::string report_json(const VolumeCheck& result, const FsckOptions& options);

// The same for a salvage.
std::string salvage_report(const SalvageSummary& summary, const FsckOptions& options);

} // namespace vexfs
