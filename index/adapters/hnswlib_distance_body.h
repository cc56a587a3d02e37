// SPDX-License-Identifier: Apache-2.0
//
// The body of hnswlib_distance_ISA.cpp: included once by each, after the name of its function is
// defined.
//
// Threads: pure.
#pragma once

#include "index/adapters/hnswlib_distance.h"
#include "index/adapters/hnswlib_header.h"

namespace {
#include <hnswlib/hnswlib.h>
} // namespace

namespace vexfs::index {

HnswlibDistance VEXFS_HNSWLIB_DISTANCE(Metric metric, size_t dim) {
    if (metric == Metric::kL2)
        return hnswlib::L2Space(dim).get_dist_func();
    return hnswlib::InnerProductSpace(dim).get_dist_func();
}

} // namespace vexfs::index
