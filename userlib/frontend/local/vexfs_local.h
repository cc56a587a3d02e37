/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvexfs-local.so: the files of a volume that is not mounted, as calls in the shape of system
 * calls. The engine runs in the process that loads it.
 *
 * libvexfs loads it with dlopen(3), looks up the one symbol VEXFS_LOCAL_SYMBOL and takes the table
 * only if `abi` and `version` are its own: the two are installed together. Programs use libvexfs,
 * whose <vexfs/vexfs.h> is the frozen interface; this one may change with every release.
 *
 * A call answers what its system call does (0, a handle or a number of bytes), or -errno, and never
 * sets errno. Who calls is who the image was opened as, whatever the process is; the rights that
 * the kernel checks on a mount are checked here. Paths begin at the root of the volume, with a '/'
 * or without one, and symbolic links are followed within it; names are not checked for encoding.
 *
 * Threads: any thread makes any call; one closes a handle or an image when no other uses it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VEXFS_LOCAL_ABI 1u
#define VEXFS_LOCAL_SYMBOL "vexfs_local_table"
#define VEXFS_LOCAL_AT_ROOT (-1)

struct vexfs_local; /* an image that is open, seen as one caller */

#define VEXFS_LOCAL_READ_ONLY 1u /* nothing is written to the image */

struct vexfs_local_caller {
    int all_rights; /* 1: those of root, and the rest is ignored but for new files */
    uint32_t uid;
    uint32_t gid;
    uint32_t count;
    const uint32_t* groups; /* `count` supplementary ones */
};

struct vexfs_local_name {
    uint64_t ino;
    uint64_t next; /* cursor of the entry after it */
    uint32_t type; /* DT_* */
    char name[256];
};

struct vexfs_local_calls {
    uint32_t abi; /* VEXFS_LOCAL_ABI */
    uint32_t size;
    const char* version; /* of the release, "0.1.0" */

    /*
     * Opens the image file or block device with a lock that nobody else has: EBUSY, and the reason
     * names the holder. `memory_bytes` 0: the default. `reason`: a sentence about a failure.
     */
    int (*open_image)(const char* image, uint32_t flags, uint64_t memory_bytes,
                      const struct vexfs_local_caller* caller, struct vexfs_local** opened,
                      char* reason, size_t reason_bytes);
    /* The same image as another caller. Handles are shared, sessions keep their opener's rights. */
    int (*as)(struct vexfs_local* local, const struct vexfs_local_caller* caller,
              struct vexfs_local** other);
    /* The last one makes everything durable and lets go of the image; else -EIO or the like. */
    int (*close_image)(struct vexfs_local* local);

    /*
     * A handle. `at`: VEXFS_LOCAL_AT_ROOT, or a handle that a relative path begins at: a directory,
     * or a file, which stands for the directory that it was opened in. O_CREAT, O_EXCL, O_TRUNC,
     * O_DIRECTORY, O_NOFOLLOW, O_APPEND and the access mode count, other flags are ignored.
     */
    int (*open)(struct vexfs_local* local, int at, const char* path, int flags, mode_t mode);
    int (*close)(struct vexfs_local* local, int handle);
    int (*ioctl)(struct vexfs_local* local, int handle, unsigned long number, void* argument);
    ssize_t (*pread)(struct vexfs_local* local, int handle, void* into, size_t bytes, off_t offset);
    ssize_t (*pwrite)(struct vexfs_local* local, int handle, const void* from, size_t bytes,
                      off_t offset);
    int (*ftruncate)(struct vexfs_local* local, int handle, off_t size);
    int (*fsync)(struct vexfs_local* local, int handle);
    int (*fstat)(struct vexfs_local* local, int handle, struct stat* found);
    /* The entries behind `cursor`, 0: all; how many of `room` were filled, 0 at the end. */
    int (*list)(struct vexfs_local* local, int handle, uint64_t cursor,
                struct vexfs_local_name* names, int room);

    int (*lstat)(struct vexfs_local* local, const char* path, struct stat* found);
    int (*mkdir)(struct vexfs_local* local, int at, const char* path, mode_t mode);
    int (*mknod)(struct vexfs_local* local, const char* path, mode_t mode, dev_t device);
    int (*symlink)(struct vexfs_local* local, const char* target, const char* path);
    ssize_t (*readlink)(struct vexfs_local* local, const char* path, char* target, size_t room);
    int (*link)(struct vexfs_local* local, const char* path, const char* other);
    int (*unlink)(struct vexfs_local* local, const char* path);
    int (*rmdir)(struct vexfs_local* local, const char* path);
    int (*rename)(struct vexfs_local* local, const char* path, const char* other);
    int (*chmod)(struct vexfs_local* local, const char* path, mode_t mode);
    int (*chown)(struct vexfs_local* local, const char* path, uid_t uid, gid_t gid);
    /* Attributes in the name space "user." alone; others are EOPNOTSUPP. */
    int (*setxattr)(struct vexfs_local* local, const char* path, const char* name,
                    const void* value, size_t bytes, int flags);
    ssize_t (*getxattr)(struct vexfs_local* local, const char* path, const char* name, void* value,
                        size_t room);
    int (*removexattr)(struct vexfs_local* local, const char* path, const char* name);
};

__attribute__((visibility("default"))) extern const struct vexfs_local_calls vexfs_local_table;

#ifdef __cplusplus
}
#endif
