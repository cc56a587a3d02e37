// SPDX-License-Identifier: Apache-2.0
//
// hnswlib's choice of a distance function, compiled with the flags of the file that includes this.
//
// Included once by each hnswlib_distance_ISA.cpp. Everything is in an unnamed namespace: no copy of
// it compiled for one instruction set can be taken for another.
//
// Threads: pure.
#pragma once

#include "index/adapters/hnswlib_distance.h"
#include "index/adapters/hnswlib_header.h"

namespace {
#include <hnswlib/hnswlib.h>

[[maybe_unused]] inline vexfs::index::HnswlibDistance compiled_distance(vexfs::index::Metric metric,
                                                                        size_t dim) {
    if (metric == vexfs::index::Metric::kL2)
        return hnswlib::L2Space(dim).get_dist_func();
    return hnswlib::InnerProductSpace(dim).get_dist_func();
}

} // namespace
