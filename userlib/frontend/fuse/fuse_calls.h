// SPDX-License-Identifier: Apache-2.0
//
// The functions that libfuse calls for the kernel's requests, to be put into its table.
//
// Each makes a request of the wire out of its arguments and a reply of FUSE out of what comes back.
// The session's user data is the FuseServer.
//
// Threads: libfuse calls them from any of its threads.
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

namespace vexfs {

void add_node_calls(fuse_lowlevel_ops& calls);
void add_directory_calls(fuse_lowlevel_ops& calls);
void add_data_calls(fuse_lowlevel_ops& calls);
void add_xattr_calls(fuse_lowlevel_ops& calls);

} // namespace vexfs
