// SPDX-License-Identifier: Apache-2.0
//
// hnswlib's distances, compiled for the baseline machine.
//
// Threads: pure.
#define VEXFS_HNSWLIB_DISTANCE hnswlib_distance_baseline
#include "index/adapters/hnswlib_distance_body.h"
