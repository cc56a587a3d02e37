// SPDX-License-Identifier: Apache-2.0
//
// Asserts, while the including file compiles, that this compiler lays the headers out as layout.txt
// says. Works in C11, C++20 and the kernel. It knows only that table: a field that the table lacks
// is found by the test that prints it anew.
#pragma once

// -Wpadded is on for the two headers alone: a system header may pad.
#include <linux/ioctl.h>
#include <linux/types.h>
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include "ioctl/vexfs_ioctl.h"
#include "ioctl/vexfs_queue.h"
#pragma GCC diagnostic pop

#ifdef __cplusplus
#define VEXFS_LAYOUT_ASSERT static_assert
#else
#define VEXFS_LAYOUT_ASSERT _Static_assert
#endif

#define STRUCT(type, size)                                                                         \
    VEXFS_LAYOUT_ASSERT(sizeof(struct type) == (size) && (size) % 8 == 0, #type);
#define FIELD(type, field, offset, size)                                                           \
    VEXFS_LAYOUT_ASSERT(__builtin_offsetof(struct type, field) == (offset) &&                      \
                            sizeof(((struct type*)0)->field) == (size),                            \
                        #type "." #field);
#define CONSTANT(name, value) VEXFS_LAYOUT_ASSERT((name) == (value), #name);
#define IOCTL(op, number) VEXFS_LAYOUT_ASSERT(VEXFS_IOC(op, 4096) == (number), #op);
#include "ioctl/layout.txt"
#undef STRUCT
#undef FIELD
#undef CONSTANT
#undef IOCTL
