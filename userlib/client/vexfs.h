/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvexfs: a mounted VexFS volume, as a C program meets it.
 *
 * A call answers 0, or -errno out of the table of the project (ioctl/README.md), and never sets
 * errno. Where it takes a reason, that becomes a sentence about the failure, for people; NULL if
 * it is not wanted. What is sent and answered stands in <vexfs/vexfs_ioctl.h>.
 *
 * Threads: any thread uses a volume, several at once too; one opens and closes it.
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VEXFS_API __attribute__((visibility("default")))

struct vexfs_hello_reply; /* <vexfs/vexfs_ioctl.h> */
struct vexfs_volume;

struct vexfs_reason {
    char text[512]; /* ends with NUL; cut off if it is longer */
};

/* The library's own version, "0.1.0". */
VEXFS_API const char* vexfs_version(void);

/*
 * Opens the volume that `path`, a directory or a file, lies on, with the caller's rights to read
 * it. ENOTTY: it lies on something else. ENOTCONN: its engine has ended. Otherwise as open(2).
 */
VEXFS_API int vexfs_open(const char* path, struct vexfs_volume** volume,
                         struct vexfs_reason* reason);
/* Frees it; NULL is accepted. */
VEXFS_API void vexfs_close(struct vexfs_volume* volume);

/*
 * Where the volume's root is mounted, what mount(8) shows as its device, and as its type. They are
 * the volume's, until it is closed. NULL if its root is mounted nowhere that the caller can reach,
 * as in a container that was given a part of it.
 */
VEXFS_API const char* vexfs_root(const struct vexfs_volume* volume);
VEXFS_API const char* vexfs_source(const struct vexfs_volume* volume);
VEXFS_API const char* vexfs_type(const struct vexfs_volume* volume);

/* HELLO: who the engine is and what it offers. */
VEXFS_API int vexfs_hello(const struct vexfs_volume* volume, struct vexfs_hello_reply* hello,
                          struct vexfs_reason* reason);

/* SYNC: every change that was acknowledged before the call is durable when it returns. */
VEXFS_API int vexfs_sync(const struct vexfs_volume* volume, struct vexfs_reason* reason);

/*
 * One of the JSON documents in the directory .vexfs at the root: "stats.json" for everybody,
 * "config.json" and "jobs.json" for root. It is a snapshot of one moment. `text` ends with NUL
 * behind its `bytes` bytes, and the caller frees it with free(3). ENOENT: the engine has no such
 * document, or the root is not reached; EINVAL: a name with a slash.
 */
VEXFS_API int vexfs_report(const struct vexfs_volume* volume, const char* name, char** text,
                           size_t* bytes, struct vexfs_reason* reason);

#ifdef __cplusplus
}
#endif
