// SPDX-License-Identifier: Apache-2.0
//
// What pools would hold, by its sizes: pieces of files and nodes of a tree, compressed, and
// vectors.
//
// Threads: pure functions.
#pragma once

#include "bench/pool/pool_contest.h"
#include "bench/pool/source_volume.h"

namespace vexfs {

// The files' pieces of up to so many bytes, as a codec makes them smaller. Those that it does not
// make smaller by a sixteenth are left out: nobody would keep them.
Result<ObjectSet> record_objects(const std::vector<SourceFile>& files, std::string_view codec,
                                 size_t record_bytes);

// The leaves of the tree of a volume that holds the files, each as full as it gets.
Result<ObjectSet> node_objects(const std::vector<SourceFile>& files, std::string_view codec);

// Vectors of one size, `bytes` of them in all.
ObjectSet vector_objects(std::string_view element, uint32_t dim, uint64_t bytes);

} // namespace vexfs
