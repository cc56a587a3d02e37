/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI between the kernel module and the engine: /dev/vexfs, its commands, the shared queues,
 * and a request for every VFS operation. Versioned, not frozen: module and engine ship together,
 * and VEXFS_QUEUE_ABI changes with every incompatible change. Applications use vexfs_ioctl.h.
 *
 * LIFE
 *
 * The engine opens /dev/vexfs (root, mode 0600) and calls ATTACH: the module makes a filesystem
 * (fs, which outlives engines) and a channel (one incarnation of the engine) with fresh shared
 * memory. The engine maps each queue: mmap(MAP_SHARED, map_bytes, offset = queue * map_bytes),
 * starts to FETCH, and passes the fd to mount(2) as fd=N. The first request is MOUNT. The fd stays
 * open from ATTACH to exit, O_CLOEXEC, and is never duplicated within the engine: closing any copy
 * there counts as its death. The engine never calls execve(2) in the process that holds the fd.
 *
 *   fs       NEW -> LIVE -> ORPHANED (engine gone, recovery on) -> LIVE (ATTACH)
 *            LIVE or ORPHANED -> DEAD (abort, deadline, or recovery off: every call is ENOTCONN)
 *            NEW, LIVE, ORPHANED or DEAD -> gone (last unmount, or NEW and its channel dead)
 *   channel  OPEN -> ATTACHED -> DEAD
 *
 * ONE REQUEST
 *
 *   module: takes a free slot, fills vexfs_request and the in-area, stores state = REQUEST
 *           (release); under the queue's lock: sq[sq_tail % 64] = slot, sq_tail + 1 (release),
 *           and if a FETCH is parked, completes it
 *   engine: while sq_tail (acquire) != head: takes sq[head % 64], head + 1; writes out-area and
 *           result, state = DONE (release), full fence; if the client waits, adds the slot to its
 *           commit_mask
 *   engine, idle: FETCH with commit_mask and head. The module wakes the clients of commit_mask; if
 *           its tail differs from head the FETCH completes at once, else it parks (as a futex)
 *   module: may spin for a while if the engine polls; waiting = 1, full fence, looks at state
 *           again, sleeps; then copies the reply out, checks it, frees the slot
 *   engine, polling: polling = 1, looks at sq_tail again and again, and serves what comes. A client
 *           that spins has waiting = 0 and needs no commit. Before it sleeps it stores polling = 0,
 *           and FETCHes: what was queued meanwhile completes that at once
 *
 * The state that decides is the module's own, never the shared word:
 *   FREE -> FILLING -> QUEUED -> FREE
 *                      QUEUED -> ABANDONED (the client was killed) -> FREE (the engine is DONE)
 * The module never reads back what it wrote. What the engine writes it reads once, and checks; a
 * lie ends the channel, never the kernel. Requests in flight when a channel dies are built again
 * for the next one, with the same `unique` and REPLAY.
 *
 * Not sent, because the kernel does it: permission checks (access), umask, file locks, sticky bits.
 */
#ifndef VEXFS_QUEUE_H
#define VEXFS_QUEUE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "VexFS queue ABI is little-endian only"
#endif

#define VEXFS_QUEUE_ABI 3     /* another number: ATTACH is EPROTO */
#define VEXFS_QUEUE_TYPE 0xD5 /* ioctl type byte, shared with vexfs_ioctl.h */

#define VEXFS_QUEUE_MAX_SLOTS 64   /* slots of a queue: bits of commit_mask */
#define VEXFS_QUEUE_MAX_QUEUES 64  /* queues of a channel */
#define VEXFS_QUEUE_AREA 69632     /* bytes of an in-area, and of an out-area */
#define VEXFS_QUEUE_MAX_DATA 65536 /* bytes of data of one request, or of one reply */
#define VEXFS_QUEUE_MAX_ERRNO 511  /* result below -511: EIO */

/* ---- Device commands ------------------------------------------------------------------------ */

/*
 * Plain ioctls on /dev/vexfs. Unknown flags and non-zero `zero`: EINVAL. vexfs_attach has this size
 * and `abi` this place in every version.
 */
#define VEXFS_QUEUE_ATTACH _IOWR(VEXFS_QUEUE_TYPE, 0x40, struct vexfs_attach)
#define VEXFS_QUEUE_DETACH _IOW(VEXFS_QUEUE_TYPE, 0x42, struct vexfs_detach)
#define VEXFS_QUEUE_NOTIFY_INVAL _IOW(VEXFS_QUEUE_TYPE, 0x45, struct vexfs_inval)
#define VEXFS_QUEUE_WAIT _IOWR(VEXFS_QUEUE_TYPE, 0x46, struct vexfs_wait)

/* io_uring commands on /dev/vexfs (cmd_op), with struct vexfs_cmd as the 16 bytes of the SQE. */
#define VEXFS_QUEUE_COMMIT _IOW(VEXFS_QUEUE_TYPE, 0x48, struct vexfs_cmd)
#define VEXFS_QUEUE_FETCH _IOW(VEXFS_QUEUE_TYPE, 0x49, struct vexfs_cmd)
#define VEXFS_QUEUE_COMMIT_AND_FETCH VEXFS_QUEUE_FETCH /* FETCH commits its mask first */

/* Features: asked for in vexfs_attach.features, granted in the same field. Unknown: not granted. */
#define VEXFS_QUEUE_FEATURE_RECOVERY (1ull << 0) /* ORPHANED instead of DEAD */
#define VEXFS_QUEUE_FEATURE_POLLING (1ull << 1)  /* clients may spin, see vexfs_queue_engine */
#define VEXFS_QUEUE_FEATURE_URING (1ull << 2)    /* COMMIT and FETCH; WAIT is always there */
#define VEXFS_QUEUE_FEATURE_CANCEL (1ull << 3)   /* a FETCH ends: ECANCELED on ring exit, exec */

/*
 * ATTACH: EBUSY if this fd is attached. With fs = 0 it makes a fs. Otherwise it recovers the fs
 * named, which has no live channel (else EBUSY, unknown ENOENT); CAP_SYS_ADMIN over its user
 * namespace and the uid of the first ATTACH, else EPERM. A new channel has a new epoch and none of
 * the old one's state.
 */
#define VEXFS_ATTACH_LOST 1u /* recovering: unsynced changes are lost: drop dentries and pages */

struct vexfs_attach {
    __u32 size;      /* sizeof(struct vexfs_attach), else EINVAL */
    __u32 abi;       /* VEXFS_QUEUE_ABI */
    __u64 features;  /* VEXFS_QUEUE_FEATURE_*: in wanted, out granted */
    __u64 fs;        /* id of the fs; in: 0, or the one to recover */
    __u64 epoch;     /* out: number of the channel, grows by 1 */
    __u64 map_bytes; /* out: bytes of one queue's mapping */
    __u32 flags;     /* VEXFS_ATTACH_* */
    __u32 queues;    /* 1 to 64; 0: one per CPU, at most 8; out: the number made */
    __u32 slots;     /* per queue, 1 to 64: 136 KiB of memory each */
    __u32 zero[3];   /* 0 */
    __u8 volume[16]; /* UUID of the volume; recovering: that of the fs, else EINVAL */
};

#define VEXFS_DETACH_KEEP 1u /* a successor comes: the fs waits ORPHANED; otherwise it is DEAD */

/*
 * DETACH ends the channel of this fd in order. Call it before the ring is closed. A channel that
 * ends without it makes the next fsync, syncfs and SYNC of each open file EIO.
 */
struct vexfs_detach {
    __u32 flags; /* VEXFS_DETACH_* */
    __u32 zero;  /* 0 */
};

/*
 * NOTIFY_INVAL: something else than a request on the node has changed it, so its attributes are to
 * be asked for again. It never waits for the engine: a thread calls it while it serves a request,
 * before the reply, and whoever is answered sees the change. A node that the kernel does not know
 * is no error.
 */
struct vexfs_inval {
    __u64 ino; /* of the node, not 0 */
};

struct vexfs_cmd {
    __u64 commit_mask; /* bit n: slot n is DONE and its client waits */
    __u32 head;        /* FETCH: sq entries served so far; COMMIT: 0 */
    __u16 queue;       /* number of the queue, else EINVAL */
    __u16 flags;       /* 0 */
};

/*
 * WAIT: FETCH as a blocking call, for one thread per queue without io_uring. 0: sq_tail differs
 * from head. ETIMEDOUT, EINTR: nothing came; the commit was done. ENODEV: the channel is dead.
 */
struct vexfs_wait {
    struct vexfs_cmd cmd;
    __u64 timeout_ns; /* 0: no limit */
    __u32 tail;       /* out: sq_tail */
    __u32 zero;       /* 0 */
};

/* ---- Shared memory -------------------------------------------------------------------------- */

/*
 * A queue's mapping: struct vexfs_queue_memory, then a struct vexfs_areas for each slot. A line
 * that one side writes, the other only reads. All of it begins as zeros.
 */

/* One cache line, written by the module. */
struct vexfs_queue_tail {
    __u32 sq_tail; /* requests queued so far, modulo 2^32 */
    __u32 zero[15];
};

/* One cache line, written by the engine; a hint, so a lie costs its clients microseconds. */
struct vexfs_queue_engine {
    __u32 polling; /* 1: a thread polls sq_tail, or serves what is short: clients may spin */
    __u32 cpu;     /* on this CPU: those on others */
    __u32 zero[14];
};

#define VEXFS_REQUEST_REPLAY 1u  /* an earlier channel may have seen it: same unique */
#define VEXFS_REQUEST_NOREPLY 2u /* no reply: state = DONE frees the slot, result is not read */
#define VEXFS_REQUEST_GROUPS 4u  /* the caller's supplementary groups (__u32) end the payload */

/*
 * One cache line, written by the module. The in-area holds the op's request struct, then its
 * payload at the next multiple of 8; the out-area likewise.
 */
struct vexfs_request {
    __u32 op;         /* VEXFS_REQ_* */
    __u32 flags;      /* VEXFS_REQUEST_* */
    __u64 unique;     /* id of the request within the fs, never reused */
    __u64 ino;        /* the node that the op is on; 0: none */
    __u32 generation; /* of that node */
    __u32 groups;     /* GROUPS: how many, else 0; more than fit are EACCES and no request */
    __u64 fh;         /* of the open file, from OPEN or CREATE; 0: none */
    __u32 uid;        /* fsuid of the caller, in the fs's user namespace */
    __u32 gid;        /* fsgid of the caller */
    __u32 in_bytes;   /* bytes of the op's struct and the payload */
    __u32 out_room;   /* most bytes of the reply's struct and payload */
    __u64 zero;       /* 0 */
};

#define VEXFS_SLOT_FREE 0u
#define VEXFS_SLOT_REQUEST 1u /* stored by the module: the slot is the engine's */
#define VEXFS_SLOT_DONE 2u    /* stored by the engine: the slot is the module's */

/* One cache line, written by the engine, except for state = REQUEST. */
struct vexfs_slot_reply {
    __u32 state;     /* VEXFS_SLOT_* */
    __s32 result;    /* 0 or -errno, -511 to 0, else EIO */
    __u32 out_bytes; /* bytes of the reply's struct and payload, at most out_room, else EIO; with a
                      * negative result 0, but for IOCTL */
    __u32 zero[13];  /* 0 */
};

/* One cache line, written by the module. */
struct vexfs_slot_client {
    __u32 waiting; /* the client sleeps: put the slot into a commit_mask */
    __u32 cancel;  /* the client has a signal: answer EINTR soon, or finish */
    __u32 zero[14];
};

struct vexfs_slot {
    struct vexfs_request request;
    struct vexfs_slot_reply reply;
    struct vexfs_slot_client client;
};

struct vexfs_queue_memory {
    struct vexfs_queue_tail tail;
    struct vexfs_queue_engine engine;
    __u32 sq[64];               /* numbers of slots, in a ring */
    __u8 zero[3712];            /* to the end of the page */
    struct vexfs_slot slot[64]; /* those from vexfs_attach.slots on are not used */
};

/* What a slot's request brings, written by the module, and its reply, written by the engine. */
struct vexfs_areas {
    __u8 in[69632];  /* VEXFS_QUEUE_AREA */
    __u8 out[69632]; /* VEXFS_QUEUE_AREA */
};

/* ---- Requests ------------------------------------------------------------------------------- */

/*
 * Beside each number: the node it is on, request struct + payload -> reply struct + payload. A name
 * is 1 to 255 bytes without '/' and NUL. "(kept)" ops are recorded by the engine with `unique`, so
 * that a REPLAY is recognised.
 */
#define VEXFS_REQ_MOUNT 1        /* root: vexfs_req_mount -> vexfs_rep_mount */
#define VEXFS_REQ_UNMOUNT 2      /* root: the last request */
#define VEXFS_REQ_LOOKUP 5       /* directory: vexfs_req_name + name -> vexfs_rep_entry */
#define VEXFS_REQ_FORGET 6       /* none: vexfs_req_forget + count of vexfs_node; NOREPLY */
#define VEXFS_REQ_GETATTR 7      /* any -> vexfs_rep_attr */
#define VEXFS_REQ_SETATTR 8      /* any: vexfs_req_setattr -> vexfs_rep_attr (kept) */
#define VEXFS_REQ_READLINK 9     /* symbolic link -> target, without NUL */
#define VEXFS_REQ_SYMLINK 10     /* directory: as MKDIR, name + target (kept) */
#define VEXFS_REQ_MKNOD 11       /* directory: vexfs_req_make + name -> vexfs_rep_entry (kept) */
#define VEXFS_REQ_MKDIR 12       /* directory: vexfs_req_make + name -> vexfs_rep_entry (kept) */
#define VEXFS_REQ_CREATE 13      /* directory: vexfs_req_make + name -> vexfs_rep_create (kept) */
#define VEXFS_REQ_TMPFILE 14     /* directory: vexfs_req_make -> vexfs_rep_create (kept) */
#define VEXFS_REQ_UNLINK 15      /* directory: vexfs_req_name + name (kept) */
#define VEXFS_REQ_RMDIR 16       /* directory: vexfs_req_name + name (kept) */
#define VEXFS_REQ_RENAME 17      /* directory: vexfs_req_rename + name + name in the other (kept) */
#define VEXFS_REQ_LINK 18        /* directory: vexfs_req_link + name -> vexfs_rep_entry (kept) */
#define VEXFS_REQ_OPEN 19        /* file or session: vexfs_req_open -> vexfs_rep_open */
#define VEXFS_REQ_RELEASE 20     /* file or session: no struct */
#define VEXFS_REQ_READ 21        /* file: vexfs_req_io -> data; fewer bytes: end of file */
#define VEXFS_REQ_WRITE 22       /* file: vexfs_req_io + data -> vexfs_rep_write (kept) */
#define VEXFS_REQ_FLUSH 23       /* file: no struct; a descriptor was closed */
#define VEXFS_REQ_FSYNC 24       /* file: vexfs_req_fsync */
#define VEXFS_REQ_OPENDIR 25     /* directory: vexfs_req_open -> vexfs_rep_open */
#define VEXFS_REQ_READDIR 26     /* directory: vexfs_req_readdir -> vexfs_dirent + name ... */
#define VEXFS_REQ_READDIRPLUS 27 /* directory: vexfs_req_readdir -> vexfs_direntplus + name ... */
#define VEXFS_REQ_RELEASEDIR 28  /* directory: no struct */
#define VEXFS_REQ_FSYNCDIR 29    /* directory: vexfs_req_fsync */
#define VEXFS_REQ_STATFS 30      /* any -> vexfs_rep_statfs */
#define VEXFS_REQ_SYNCFS 31      /* root: no struct */
#define VEXFS_REQ_SETXATTR 32    /* any: vexfs_req_xattr + name + value (kept) */
#define VEXFS_REQ_GETXATTR 33    /* any: vexfs_req_xattr + name -> vexfs_rep_xattr + value */
#define VEXFS_REQ_LISTXATTR 34   /* any: vexfs_req_xattr -> vexfs_rep_xattr + names, each + NUL */
#define VEXFS_REQ_REMOVEXATTR 35 /* any: vexfs_req_xattr + name (kept) */
#define VEXFS_REQ_FALLOCATE 36   /* file: vexfs_req_fallocate (kept) */
#define VEXFS_REQ_COPY_RANGE 37  /* file: vexfs_req_copy -> vexfs_rep_write (kept) */
#define VEXFS_REQ_LSEEK 38       /* file: vexfs_req_lseek -> vexfs_rep_lseek */
#define VEXFS_REQ_IOCTL 39       /* any: vexfs_req_ioctl + bytes -> bytes (kept if NR >= 0x80) */
#define VEXFS_REQ_SESSION_WRITE 40    /* session: vexfs_req_io + data -> vexfs_rep_write */
#define VEXFS_REQ_SESSION_READ 41     /* session: vexfs_req_io -> data */
#define VEXFS_REQ_SESSION_TRUNCATE 42 /* session: no struct; drops what is staged */

struct vexfs_node {
    __u64 ino;
    __u32 generation;
    __u32 zero;    /* 0 */
    __u64 lookups; /* FORGET: entries returned for this node that the kernel gives back */
};

struct vexfs_time {
    __s64 sec;
    __u32 nsec; /* 0 to 999,999,999, else EIO */
    __u32 zero; /* 0 */
};

/* The module checks: ino is not 0, the file type of a node never changes (else EIO). */
struct vexfs_attr {
    __u64 ino;
    __u32 generation;
    __u32 mode; /* type and permissions, as st_mode */
    __u32 nlink;
    __u32 uid;
    __u32 gid;
    __u32 blksize; /* preferred I/O size, a power of two */
    __u32 rdev_major;
    __u32 rdev_minor;
    __u64 size;         /* bytes */
    __u64 blocks;       /* 512-byte units */
    __u64 data_version; /* changes with the data */
    __u64 attributes;   /* STATX_ATTR_* */
    struct vexfs_time atime;
    struct vexfs_time mtime;
    struct vexfs_time ctime;
    struct vexfs_time btime;
    __u64 valid_ns; /* how long the kernel may believe this; 0: the node is made for each caller,
                     * so requests on it name the caller's groups */
};

struct vexfs_req_mount {
    __u32 flags; /* MS_RDONLY and the like, as given */
    __u32 zero;  /* 0 */
};

struct vexfs_rep_mount {
    struct vexfs_attr root;
    __u64 max_size;  /* largest file, bytes */
    __u32 max_io;    /* most bytes of one READ or WRITE: 4096 (else EIO) to VEXFS_QUEUE_MAX_DATA */
    __u32 max_links; /* of a file */
    __u32 time_ns;   /* granularity of times */
    __u32 flags;     /* VEXFS_HELLO_READ_ONLY: mount read-only */
};

struct vexfs_req_name {
    __u32 name_bytes;
    __u32 zero; /* 0 */
};

struct vexfs_rep_entry {
    struct vexfs_attr attr; /* LOOKUP: ino 0: there is no such name, believe it for entry_ns */
    __u64 entry_ns;         /* how long the kernel may believe the name */
};

struct vexfs_req_forget {
    __u32 count;
    __u32 zero; /* 0 */
};

#define VEXFS_SET_MODE 1u
#define VEXFS_SET_UID 2u
#define VEXFS_SET_GID 4u
#define VEXFS_SET_SIZE 8u
#define VEXFS_SET_ATIME 16u
#define VEXFS_SET_MTIME 32u
#define VEXFS_SET_ATIME_NOW 64u
#define VEXFS_SET_MTIME_NOW 128u
#define VEXFS_SET_KILL_PRIV 256u /* clear suid, sgid and security.capability */

struct vexfs_req_setattr {
    __u32 valid; /* VEXFS_SET_*: fields that count */
    __u32 mode;
    __u32 uid;
    __u32 gid;
    __u64 size;
    struct vexfs_time atime;
    struct vexfs_time mtime;
};

struct vexfs_rep_attr {
    struct vexfs_attr attr;
};

/* SYMLINK, MKNOD, MKDIR, CREATE, TMPFILE. Owner and mode are final: umask and sgid are applied. */
struct vexfs_req_make {
    __u32 mode; /* type and permissions */
    __u32 uid;
    __u32 gid;
    __u32 open_flags;   /* CREATE, TMPFILE: O_* */
    __u32 rdev_major;   /* MKNOD of a device */
    __u32 rdev_minor;   /* MKNOD of a device */
    __u32 name_bytes;   /* TMPFILE: 0 */
    __u32 target_bytes; /* SYMLINK: 1 to 4,095 */
};

struct vexfs_req_rename {
    __u64 ino; /* the directory of the second name */
    __u32 generation;
    __u32 flags; /* RENAME_NOREPLACE, RENAME_EXCHANGE; others EINVAL */
    __u32 name_bytes;
    __u32 to_bytes; /* of the second name */
};

struct vexfs_req_link {
    __u64 ino; /* the file that gets the name */
    __u32 generation;
    __u32 name_bytes;
};

struct vexfs_req_open {
    __u32 flags; /* O_*, without O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC */
    __u32 zero;  /* 0 */
};

#define VEXFS_OPEN_DIRECT 1u     /* no page cache */
#define VEXFS_OPEN_KEEP_CACHE 2u /* pages of an earlier open are still right */
#define VEXFS_OPEN_SESSION 4u    /* .vexfs/call: SESSION_* instead of READ and WRITE */

struct vexfs_rep_open {
    __u64 fh;    /* 0, but for a session and a virtual file: its id in this epoch (else ESTALE) */
    __u32 flags; /* VEXFS_OPEN_* */
    __u32 zero;  /* 0 */
};

struct vexfs_rep_create {
    struct vexfs_rep_entry entry;
    struct vexfs_rep_open open;
};

#define VEXFS_IO_APPEND 1u /* WRITE: at the end of the file, whatever the offset */
#define VEXFS_IO_SYNC 2u   /* WRITE: durable before the reply, data and what is needed to read it */
#define VEXFS_IO_KILL_PRIV 4u /* WRITE: clear suid, sgid and security.capability */

struct vexfs_req_io {
    __u64 offset; /* bytes */
    __u32 bytes;  /* at most max_io; the payload has as many */
    __u32 flags;  /* VEXFS_IO_* */
};

struct vexfs_rep_write {
    __u64 bytes;        /* written or copied; fewer: the rest failed */
    __u64 offset;       /* of the first byte written */
    __u64 size;         /* of the file after it */
    __u64 data_version; /* of the file after it */
};

#define VEXFS_FSYNC_DATA 1u /* as fdatasync(2) */

struct vexfs_req_fsync {
    __u32 flags; /* VEXFS_FSYNC_* */
    __u32 zero;  /* 0 */
};

struct vexfs_req_readdir {
    __u64 cookie; /* 0, or the `next` of the last entry taken */
    __u32 bytes;  /* most bytes of the reply */
    __u32 zero;   /* 0 */
};

/* The name follows, padded with zero to a multiple of 8. */
struct vexfs_dirent {
    __u64 ino;
    __u64 next; /* cookie of the entry after it: stable for the life of the directory */
    __u32 type; /* DT_* */
    __u32 name_bytes;
};

struct vexfs_direntplus {
    struct vexfs_rep_entry entry; /* ino 0: not looked up, counts as no lookup */
    struct vexfs_dirent dirent;
};

struct vexfs_rep_statfs {
    __u64 blocks;
    __u64 blocks_free;
    __u64 blocks_available;
    __u64 files;
    __u64 files_free;
    __u64 fsid;
    __u32 block_bytes;
    __u32 name_bytes; /* longest name */
};

struct vexfs_req_xattr {
    __u32 name_bytes;  /* 1 to 255; LISTXATTR: 0 */
    __u32 value_bytes; /* SETXATTR: bytes of the value; GET, LIST: room, 0 asks for the size */
    __u32 flags;       /* SETXATTR: XATTR_CREATE, XATTR_REPLACE */
    __u32 zero;        /* 0 */
};

struct vexfs_rep_xattr {
    __u32 bytes; /* of the value or the list; with room 0 nothing follows; too large: ERANGE */
    __u32 zero;  /* 0 */
};

struct vexfs_req_fallocate {
    __u64 offset;
    __u64 length;
    __u32 mode; /* FALLOC_FL_* */
    __u32 zero; /* 0 */
};

/* From the request's node to another file. */
struct vexfs_req_copy {
    __u64 offset; /* in the source */
    __u64 ino;    /* the destination */
    __u32 generation;
    __u32 flags; /* 0 */
    __u64 to_offset;
    __u64 length;
};

struct vexfs_req_lseek {
    __u64 offset;
    __u32 whence; /* SEEK_DATA, SEEK_HOLE */
    __u32 zero;   /* 0 */
};

struct vexfs_rep_lseek {
    __u64 offset;
};

#define VEXFS_FILE_READ 1u  /* the fd was opened for reading */
#define VEXFS_FILE_WRITE 2u /* the fd was opened for writing */

/*
 * An application ioctl: the module checks type byte and size, takes write access to the mount for
 * NR >= 0x80, and copies bytes, nothing else. The reply is copied out with exactly its out_bytes,
 * also with a negative result.
 */
struct vexfs_req_ioctl {
    __u32 cmd;   /* as given to ioctl(2) */
    __u32 bytes; /* _IOC_SIZE(cmd) */
    __u32 mode;  /* VEXFS_FILE_* */
    __u32 zero;  /* 0 */
};

#endif /* VEXFS_QUEUE_H */
