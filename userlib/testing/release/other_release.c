// SPDX-License-Identifier: Apache-2.0
//
// A libvexfs-local.so of a release that never was: what libvexfs must not take.
#include "userlib/frontend/local/vexfs_local.h"

const struct vexfs_local_calls vexfs_local_table = {
    .abi = VEXFS_LOCAL_ABI,
    .size = sizeof(struct vexfs_local_calls),
    .version = "0.0.0",
};
