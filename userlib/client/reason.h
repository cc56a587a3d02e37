// SPDX-License-Identifier: Apache-2.0
//
// How a call of the library fails: -errno, and a sentence about it.
//
// Threads: pure functions.
#pragma once

#include "userlib/client/vexfs.h"

// Writes the sentence, if one is wanted, and answers -error.
__attribute__((format(printf, 3, 4))) int refuse(int error, struct vexfs_reason* reason,
                                                 const char* format, ...);

// With the sentence of the errno itself; that an engine has ended is one errno for all callers.
int refuse_errno(int error, struct vexfs_reason* reason);

int refuse_memory(struct vexfs_reason* reason);
