// SPDX-License-Identifier: Apache-2.0
//
// hnswlib's distances, compiled for avx2.
//
// Threads: pure.
#define VEXFS_HNSWLIB_DISTANCE hnswlib_distance_avx2
#include "index/adapters/hnswlib_distance_body.h"
