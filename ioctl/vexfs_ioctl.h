/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The application ABI of VexFS: search files by vector, and manage those vectors, by ioctl(2).
 * This file is the whole contract and it is frozen: numbers and layouts below never change.
 *
 * HOW A MESSAGE WORKS
 *
 * A message is one contiguous buffer without pointers, in native (little-endian) byte order:
 *
 *     struct vexfs_msg | body of the op (msg.body bytes) | payload pieces, in the order stated
 *
 * - The body and every piece start at a multiple of 8 from the message's start. A piece is followed
 *   by zero bytes up to the next multiple of 8 (VEXFS_PAD8). The body's counts give the size of
 *   each piece, an absent piece has size 0, and msg.size is exactly the sum: else EINVAL. A line
 *   "Payload: files of struct x; names" reads: one piece of as many struct x as the body's field
 *   `files` says, without gaps, then one piece of `names` bytes. A vector in a piece of vectors
 *   has vexfs_vector_bytes(element, dim) bytes.
 * - ioctl(fd, VEXFS_IOC(op, bytes), buffer): `buffer` has `bytes` bytes (256 to 16,376) and begins
 *   with the message; msg.room = bytes. The reply overwrites it: same header, the reply's body and
 *   payload. Bytes of the buffer after the reply (msg.size) are left as they were.
 * - Larger messages (to 64 MiB) go through a session: s = open("DIR/.vexfs/call", O_RDWR);
 *   pwrite(s, message, size, 0) in any pieces and order; pread(s, reply, room, 0) executes once and
 *   returns the reply, in slices if wanted; the next write starts a new message, ftruncate(s, 0)
 *   drops an unfinished one. pread is EINVAL while the message is incomplete and EINTR after a
 *   signal (read again: a finished reply is kept). A write during an execution is EBUSY, beyond
 *   64 MiB EFBIG. ESTALE: the engine restarted, open again. Rights are those of the opener, at
 *   open. Where `call` opens for reading only, see PART_PUT.
 * - Failure: ioctl is -1 with errno, and the buffer holds a reply: msg.status = -errno, the body
 *   struct vexfs_failure, its text. If msg.status is still 0 there is no reply: not a VexFS, the
 *   engine is gone, or the header is unreadable (size under 32 or over `bytes`, room under 256 or
 *   not `bytes`: EINVAL). In a session pread returns that same reply: look at msg.status; pread
 *   itself fails only where there is no reply.
 * - EMSGSIZE: the reply does not fit in msg.room; vexfs_failure.needed tells the room it needs.
 *   Nothing partial is returned. An op that changes state checks this before it does anything.
 * - Growth: a later header may append fields to a body; zero in a new field means what v1 did. An
 *   engine zero-extends a body shorter than it knows, accepts a longer one whose tail is zero, and
 *   answers E2BIG otherwise. In a reply the payload starts at 32 + msg.body: fields after msg.body
 *   are 0, and those that you do not know are to be ignored. Records of a payload never grow.
 * - EINVAL: unknown flag, unknown enum value, non-zero `zero` field or padding, count over its
 *   limit (below; HELLO tells those of the engine at hand), size mismatch. ENOTTY: unknown op.
 *   EPROTO: msg.version outside the range in HELLO. EOPNOTSUPP: known here, not available there
 *   (its feature bit is off). Such a message has changed nothing.
 * - After EINTR, ESTALE or ENOTCONN a state-changing op may have happened or not, for each file as
 *   a whole. PUT over given rows and DROP are safe to repeat, SCHEMA_SET is then EEXIST; before you
 *   repeat an append, ask for the number of rows (STAT).
 * - Counts and numbers in replies cover only rows that the caller may see, unless marked "total".
 *
 * EXAMPLE: print the k files nearest to a vector, below the directory that `fd` has open.
 * begin example
 *
 * #include <stdio.h>
 * #include <string.h>
 * #include <sys/ioctl.h>
 * #include "vexfs_ioctl.h"
 *
 * int print_nearest(int fd, const float* query, unsigned dim, unsigned k)
 * {
 *     static union { struct vexfs_msg msg; char bytes[VEXFS_MAX_IOCTL]; } m;
 *     struct vexfs_search* search = (struct vexfs_search*)(m.bytes + sizeof(m.msg));
 *     unsigned query_bytes = vexfs_vector_bytes(VEXFS_ELEMENT_F32, dim);
 *
 *     memset(&m, 0, sizeof(m));
 *     m.msg.size = sizeof(m.msg) + sizeof(*search) + VEXFS_PAD8(query_bytes);
 *     if (m.msg.size > sizeof(m.bytes))
 *         return -1;                                  // too long for an ioctl: use a session
 *     m.msg.room = sizeof(m.bytes);
 *     m.msg.op = VEXFS_OP_SEARCH;
 *     m.msg.version = VEXFS_ABI_VERSION;
 *     m.msg.body = sizeof(*search);
 *     m.msg.flags = VEXFS_SEARCH_PATHS;
 *     search->queries = 1;
 *     search->dim = dim;
 *     search->element = VEXFS_ELEMENT_F32;
 *     search->k = k;
 *     memcpy(search + 1, query, query_bytes);
 *     if (ioctl(fd, VEXFS_IOC(VEXFS_OP_SEARCH, sizeof(m.bytes)), &m) != 0) {
 *         struct vexfs_failure* failure = (struct vexfs_failure*)(m.bytes + sizeof(m.msg));
 *         if (m.msg.status != 0)
 *             fprintf(stderr, "%s\n", (const char*)failure + m.msg.body);
 *         return -1;
 *     }
 *     struct vexfs_search_reply* reply = (struct vexfs_search_reply*)(m.bytes + sizeof(m.msg));
 *     struct vexfs_answer* answer = (struct vexfs_answer*)((char*)reply + m.msg.body);
 *     struct vexfs_hit* hit = (struct vexfs_hit*)(answer + reply->queries);
 *     const char* path = (const char*)(hit + reply->hits);    // no vectors piece was asked for
 *
 *     for (unsigned i = 0; i < reply->hits; i++, path += strlen(path) + 1)
 *         printf("%g %s row %u\n", (double)hit[i].distance, path, hit[i].row);
 *     return (int)answer->found;
 * }
 *
 * end example
 */
#ifndef VEXFS_IOCTL_H
#define VEXFS_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "VexFS ABI version 1 is little-endian only"
#endif

/* An IEEE 754 binary32. The kernel never computes with one: there it is its 32 bits. */
#ifdef __KERNEL__
typedef __u32 vexfs_f32;
#else
typedef float vexfs_f32;
#endif

#define VEXFS_ABI_VERSION 1 /* msg.version of this header; HELLO answers 1 in every engine */
#define VEXFS_IOC_TYPE 0xD5
#define VEXFS_IOC(op, bytes) _IOC(_IOC_READ | _IOC_WRITE, VEXFS_IOC_TYPE, (op), (bytes))

/* The bytes that a piece of `bytes` bytes takes in a message. */
#define VEXFS_PAD8(bytes) (((bytes) + 7) / 8 * 8)

/*
 * Op numbers. 0x80 and above change state and are EROFS on a read-only mount. 0x40 to 0x7F and 0xC0
 * to 0xFF belong to vexfs_queue.h. The first word of each comment is the right that the op needs:
 *   read   any fd opened for reading (else EBADF); a row is seen only with read on its file, and
 *          read and execute on every directory from the fd's directory down to the file
 *   write  a file fd opened for writing (else EBADF), or a directory fd and write on the file named
 *   owner  owner of the collection's directory, or CAP_FOWNER (over FUSE: uid 0), else EPERM
 * "The fd's directory": the directory opened; for DIR/.vexfs/call it is DIR.
 */
#define VEXFS_OP_HELLO 0x01      /* read: versions, limits, features */
#define VEXFS_OP_SCHEMA_GET 0x02 /* read: the schema that holds at this fd */
#define VEXFS_OP_GET 0x03        /* read: rows of a file, vectors and what they carry */
#define VEXFS_OP_SEARCH 0x04     /* read: the nearest rows to each query */
#define VEXFS_OP_EXPLAIN 0x05    /* read: a search's plan and cost instead of its hits */
#define VEXFS_OP_PATH 0x06       /* read: inode numbers to paths */
#define VEXFS_OP_STAT 0x07       /* read: counters of a collection or a file */
#define VEXFS_OP_JOB_LIST 0x08   /* owner: background jobs */
#define VEXFS_OP_SYNC 0x09       /* any fd: make acknowledged changes durable */
#define VEXFS_OP_PART_PUT 0x0A   /* session fd: stage a piece of a message */
#define VEXFS_OP_PART_GET 0x0B   /* session fd: execute, and fetch a piece of the reply */
#define VEXFS_OP_URING 0x0C      /* reserved for the io_uring command: EOPNOTSUPP */
#define VEXFS_OP_SCHEMA_SET 0x80 /* owner: make the fd's directory a collection, or change one */
#define VEXFS_OP_PUT 0x81        /* write: append or overwrite rows of files */
#define VEXFS_OP_DROP 0x82       /* write: remove all rows of a file, or a tail */
#define VEXFS_OP_JOB 0x83        /* owner: pause, resume, compact, erase */
#define VEXFS_OP_SNAPSHOT 0x84   /* reserved: EOPNOTSUPP */

/* Limits of version 1. HELLO tells those of the engine, which may be lower. */
#define VEXFS_ROOM_MIN 256         /* least msg.room: any failure fits in it */
#define VEXFS_MAX_IOCTL 16376      /* bytes of a message or a reply by ioctl */
#define VEXFS_MAX_MESSAGE 67108864 /* bytes of a message or a reply by session: 64 MiB */
#define VEXFS_MAX_DIM 65535        /* elements of a vector */
#define VEXFS_MAX_K 65536          /* hits of one query */
#define VEXFS_MAX_EF 65536         /* breadth of a graph walk */
#define VEXFS_MAX_QUERIES 4096     /* queries of one message */
#define VEXFS_MAX_HITS 1048576     /* queries * k of one message */
#define VEXFS_MAX_FILTER 4096      /* bytes of a filter */
#define VEXFS_MAX_FILTER_DEPTH 32  /* nesting of "(" and "not" in a filter */
#define VEXFS_MAX_FILES 65536      /* files of one PUT, inode numbers of one PATH */
#define VEXFS_MAX_ROW 4294967294u  /* largest row number of a file (rows: one more) */
#define VEXFS_MAX_NAME 255         /* bytes of a file name */
#define VEXFS_MAX_FAILURE_TEXT 208 /* bytes of a failure's text, its NUL and padding included */

/* Element types: what callers send, and exactly the bits that GET returns. */
#define VEXFS_ELEMENT_F32 1  /* IEEE binary32; NaN and Inf are EINVAL, in f16 and bf16 too */
#define VEXFS_ELEMENT_F16 2  /* IEEE binary16 */
#define VEXFS_ELEMENT_BF16 3 /* upper half of a binary32 */
#define VEXFS_ELEMENT_I8 4   /* signed byte */
#define VEXFS_ELEMENT_U8 5   /* unsigned byte */
#define VEXFS_ELEMENT_BIT 6  /* element i is bit i % 8 of byte i / 8; spare bits must be 0 */

/* Distances. Smaller is nearer; ties go by inode number, then row. */
#define VEXFS_METRIC_L2 1      /* squared Euclidean distance */
#define VEXFS_METRIC_COSINE 2  /* 1 - cos; 1 if either vector is zero */
#define VEXFS_METRIC_DOT 3     /* minus the inner product */
#define VEXFS_METRIC_HAMMING 4 /* differing bits; element bit only */
#define VEXFS_METRIC_JACCARD 5 /* 1 - |and| / |or|, 0 if both are empty; element bit only */

/* Compact codes kept for each row, from which candidates are found before exact ranking. */
#define VEXFS_CODES_AUTO 0 /* learned from the data */
#define VEXFS_CODES_NONE 1 /* none: the vectors themselves */
#define VEXFS_CODES_I8 2   /* each element as a byte; dim up to 1,020, under dot 893 */
#define VEXFS_CODES_F16 3  /* each element as a half: for rows of very different sizes */
#define VEXFS_CODES_BIT 4  /* signs of many directions; not with metric dot */

/* Index kinds. */
#define VEXFS_INDEX_AUTO 0
#define VEXFS_INDEX_FLAT 1 /* no graph: every search scans */
#define VEXFS_INDEX_HNSW 2
#define VEXFS_INDEX_IVFPQ 3 /* VEXFS_FEATURE_IVFPQ */

/* Compressed-object pool that holds vectors in memory. */
#define VEXFS_POOL_AUTO 0
#define VEXFS_POOL_ZBUD 1
#define VEXFS_POOL_Z3FOLD 2
#define VEXFS_POOL_ZSMALLOC 3

/* Compression of vector blocks. Lossless in every case. */
#define VEXFS_COMPRESS_AUTO 0
#define VEXFS_COMPRESS_NONE 1
#define VEXFS_COMPRESS_LZ4 2
#define VEXFS_COMPRESS_ZSTD 3 /* may have a level in the upper byte: level << 8 | 3 */

#define VEXFS_MAX_ZSTD_LEVEL 19 /* from 1 on; 0: the default */

/* Bytes of one vector. Vectors in a piece follow each other without padding. */
static __inline__ __u32 vexfs_vector_bytes(__u32 element, __u32 dim) {
    switch (element) {
    case VEXFS_ELEMENT_F32:
        return dim * 4;
    case VEXFS_ELEMENT_F16:
    case VEXFS_ELEMENT_BF16:
        return dim * 2;
    case VEXFS_ELEMENT_I8:
    case VEXFS_ELEMENT_U8:
        return dim;
    case VEXFS_ELEMENT_BIT:
        return (dim + 7) / 8;
    default:
        return 0;
    }
}

/* The header of every message and every reply: 32 bytes. */
struct vexfs_msg {
    __u32 size;    /* bytes of the message or the reply, this header included; multiple of 8 */
    __u32 room;    /* bytes the caller accepts as reply, 256 to 64 MiB; by ioctl: its `bytes` */
    __u16 op;      /* VEXFS_OP_*; by ioctl the same as in its number, else EINVAL */
    __u16 version; /* VEXFS_ABI_VERSION, else EPROTO; a reply has the version of its message */
    __u16 body;    /* bytes of the body, multiple of 8; the payload follows it */
    __u16 zero;    /* 0 */
    __u32 flags;   /* flags of the op; 0 in a reply */
    __s32 status;  /* message: 0; reply: 0 or -errno */
    __u64 cookie;  /* the caller's own; echoed */
};

/* Body of every failed reply. Payload: text (`text` bytes, ends with NUL). */
struct vexfs_failure {
    __u64 needed; /* EMSGSIZE: the room this reply needs, bytes (may exceed 64 MiB); else 0 */
    __u32 offset; /* byte of the message that is at fault; 0: not a single one */
    __u32 text;   /* bytes of the text with its NUL, 1 to VEXFS_MAX_FAILURE_TEXT */
};

/*
 * Which file an op means. ino = 0 and name = 0: the fd itself, a regular file (else EISDIR).
 * Otherwise the fd is a directory (else ENOTDIR) and one of the two is given (both: EINVAL).
 * By ino: a file below the fd's directory; not there, or no path to it that the caller may walk:
 * ENOENT. By name: one component of the fd's directory, 1 to 255 bytes without '/' and NUL, not "."
 * or ".." (EINVAL, ENAMETOOLONG); symbolic links are not followed. Not a regular file: EISDIR for a
 * directory, else EINVAL. The file is in a collection (else ENODATA) and has no link outside it
 * (else EXDEV). The right on the file is missing: EACCES.
 */
struct vexfs_file {
    __u64 ino;  /* inode number (st_ino), or 0; never reused within a volume */
    __u32 name; /* bytes of the name in the payload, without NUL; or 0 */
    __u32 zero; /* 0 */
};

/* ---- HELLO: no body, no flags. Any fd of the volume. ---------------------------------------- */

#define VEXFS_FRONT_END_KMOD 1  /* kernel module */
#define VEXFS_FRONT_END_FUSE 2  /* FUSE */
#define VEXFS_FRONT_END_LOCAL 3 /* in-process, no mount */

#define VEXFS_FEATURE_ROWS (1ull << 0)     /* SCHEMA_*, PUT, GET, DROP, SEARCH, PATH, STAT... */
#define VEXFS_FEATURE_FILTER (1ull << 1)   /* vexfs_search.filter */
#define VEXFS_FEATURE_SESSION (1ull << 2)  /* .vexfs/call */
#define VEXFS_FEATURE_PART (1ull << 3)     /* PART_PUT, PART_GET */
#define VEXFS_FEATURE_JOB (1ull << 4)      /* JOB, JOB_LIST */
#define VEXFS_FEATURE_XATTR (1ull << 5)    /* user.vexfs.vector, user.vexfs.rows */
#define VEXFS_FEATURE_SIMILAR (1ull << 6)  /* .similar/NAME/ */
#define VEXFS_FEATURE_IVFPQ (1ull << 7)    /* VEXFS_INDEX_IVFPQ */
#define VEXFS_FEATURE_POOLS (1ull << 8)    /* vexfs_schema.pool other than AUTO */
#define VEXFS_FEATURE_SNAPSHOT (1ull << 9) /* off in version 1 */
#define VEXFS_FEATURE_SCRUB (1ull << 10)   /* off in version 1 */
#define VEXFS_FEATURE_URING (1ull << 11)   /* off in version 1 */
#define VEXFS_FEATURE_VERIFY (1ull << 12)  /* VEXFS_JOB_VERIFY */

#define VEXFS_HELLO_READ_ONLY 1u /* state-changing ops are EROFS */

struct vexfs_hello_reply {
    __u16 abi_min;          /* versions that the engine speaks */
    __u16 abi_max;          /* >= abi_min */
    __u32 front_end;        /* VEXFS_FRONT_END_* */
    __u64 features;         /* VEXFS_FEATURE_*; ignore bits you do not know */
    __u64 flags;            /* VEXFS_HELLO_* */
    __u64 engine_epoch;     /* another after each start of the engine; sessions are gone then */
    __u8 volume[16];        /* UUID of the volume */
    __u8 engine[32];        /* the engine's version as text, NUL-terminated, for people */
    __u32 max_ioctl;        /* the limits above, as this engine has them */
    __u32 max_message;      /* VEXFS_MAX_MESSAGE */
    __u32 max_dim;          /* VEXFS_MAX_DIM */
    __u32 max_k;            /* VEXFS_MAX_K */
    __u32 max_ef;           /* VEXFS_MAX_EF */
    __u32 max_queries;      /* VEXFS_MAX_QUERIES */
    __u32 max_hits;         /* VEXFS_MAX_HITS */
    __u32 max_filter;       /* VEXFS_MAX_FILTER */
    __u32 max_filter_depth; /* VEXFS_MAX_FILTER_DEPTH */
    __u32 max_files;        /* VEXFS_MAX_FILES */
    __u64 max_staged;       /* bytes that sessions of one user may hold staged, then ENOMEM */
};

/* ---- SCHEMA_SET, SCHEMA_GET ----------------------------------------------------------------- */

#define VEXFS_SCHEMA_UPDATE 1u /* SET: change what may change in the schema of this directory */

/*
 * Body of SCHEMA_SET, on a directory fd (else ENOTDIR): no flag: the directory and all below it, up
 * to the next schema, become a collection. EEXIST: it has a schema of its own. ENOTEMPTY: rows are
 * below it. No file is touched. VEXFS_SCHEMA_UPDATE: ef, max_rows, pool, compress are replaced by
 * the values given; the other fields must be those of SCHEMA_GET (else EINVAL); no schema of its
 * own: ENODATA. Where 0 stands for a default, SCHEMA_GET tells the value in use.
 * Reply: struct vexfs_schema_reply.
 */
struct vexfs_schema {
    __u32 dim;             /* elements of a vector, 1 to 65,535 */
    __u16 element;         /* VEXFS_ELEMENT_* */
    __u16 metric;          /* VEXFS_METRIC_*; hamming and jaccard if, and only if, element is bit */
    __u16 codes;           /* VEXFS_CODES_*; element bit: AUTO or NONE */
    __u16 index;           /* VEXFS_INDEX_* */
    __u32 m;               /* graph links per row, 4 to 128; 0: default */
    __u32 ef_construction; /* breadth of the walk at insert, 16 to 4,096; 0: default */
    __u32 ef;              /* breadth of a search that gives none, 1 to 65,536; 0: default */
    __u64 max_rows;        /* rows in the collection, more is EDQUOT; 0: no limit */
    __u16 pool;            /* VEXFS_POOL_* */
    __u16 compress;        /* VEXFS_COMPRESS_*, of zstd with its level */
    __u32 zero;            /* 0 */
};

#define VEXFS_SCHEMA_OWN 1u /* the schema is the fd's directory's own, not inherited */

/* Reply of SCHEMA_SET and of SCHEMA_GET. SCHEMA_GET: no body, no flags; no collection: ENODATA. */
struct vexfs_schema_reply {
    struct vexfs_schema schema;
    __u64 collection;   /* inode number of the collection's directory */
    __u64 created_ns;   /* time of the first SCHEMA_SET, ns since 1970 */
    __u32 vector_bytes; /* bytes of one vector */
    __u32 flags;        /* VEXFS_SCHEMA_OWN */
};

/* ---- PUT ------------------------------------------------------------------------------------ */

#define VEXFS_PUT_ASYNC 1u /* reply before the rows are durable; SYNC makes them so */
/* Each file has no rows after those put: they replace the file's rows. */
#define VEXFS_PUT_TRUNCATE 2u

#define VEXFS_ROW_APPEND 0xFFFFFFFFu /* vexfs_put_file.first: after the file's last row */

/*
 * Body of PUT. Payload: files of struct vexfs_put_file; metas of struct vexfs_row_meta; rows of
 * vectors; names (the files' names one after the other). Metas and vectors are in the order of the
 * files and their rows. Atomic per file, for crashes and for searches. A message at fault, be it a
 * NaN in one vector, is refused as a whole and changes nothing. One file: its failure is that of
 * the message. Several: once the first was tried, msg.status is 0 and each has a status of its own.
 * ENOSPC: the volume is full. EDQUOT: schema.max_rows.
 */
struct vexfs_put {
    __u32 files;   /* 1 to 65,536; over 1: each named by ino or name, none twice (EINVAL) */
    __u32 rows;    /* vectors in the message, the sum over the files, at least 1 */
    __u32 metas;   /* 0 (all defaults) or rows */
    __u32 names;   /* bytes of all names, the sum over the files */
    __u32 dim;     /* as in the schema, else EINVAL */
    __u16 element; /* as in the schema, else EINVAL */
    __u16 zero;    /* 0 */
};

/*
 * data_version: GET and STAT tell the version of a file's data. A client that asks for it before it
 * reads the data and passes it here gets rows that are stale at once if the data changed meanwhile.
 * Above the file's version: EINVAL.
 */
struct vexfs_put_file {
    struct vexfs_file file;
    __u32 first;        /* first row to write, at most the file's number of rows, or ROW_APPEND */
    __u32 rows;         /* rows to write, at least 1; beyond VEXFS_MAX_ROW: EFBIG */
    __u64 data_version; /* of the data that was embedded; 0: the file's version at the PUT */
};

/* What a row carries besides its vector; all 0 by default. Also an entry of user.vexfs.rows. */
struct vexfs_row_meta {
    __u64 tag;    /* the caller's own; filters can compare it */
    __u64 offset; /* first byte of the file's range that the row stands for */
    __u64 length; /* bytes of it; 0: none, and offset 0; offset + length at most 2^63 - 1 */
};

/* Reply of PUT. Payload: files of struct vexfs_put_status, in the order of the message. */
struct vexfs_put_reply {
    __u32 files;  /* as in the message */
    __u32 failed; /* files whose status is not 0 */
    __u64 rows;   /* rows written */
};

struct vexfs_put_status {
    __u64 ino;    /* the file; 0 if it was not found */
    __u32 first;  /* first row written */
    __u32 total;  /* rows that the file has after it */
    __s32 status; /* 0 or -errno; -ECANCELED: not reached, because of a signal */
    __u32 zero;   /* 0 */
};

/* ---- GET, DROP ------------------------------------------------------------------------------ */

#define VEXFS_GET_VECTORS 1u /* return the vectors */
#define VEXFS_GET_ROWS 2u    /* return struct vexfs_row for each row */

/* Body of GET. Payload: name. Returns rows first to first + rows - 1, as far as they exist. */
struct vexfs_get {
    struct vexfs_file file;
    __u32 first; /* first row */
    __u32 rows;  /* most rows to return; 0: all from first on */
};

/* Reply of GET. Payload: rows of struct vexfs_row if asked for; rows of vectors if asked for. */
struct vexfs_get_reply {
    __u64 ino;          /* the file */
    __u64 data_version; /* the file's data version: grows with each change of its data */
    __u32 first;        /* as in the message */
    __u32 rows;         /* rows returned; 0 if the file has none from first on */
    __u32 total;        /* rows that the file has */
    __u32 dim;          /* elements of a vector */
    __u16 element;      /* VEXFS_ELEMENT_* */
    __u16 zero;         /* 0 */
    __u32 flags;        /* VEXFS_GET_* pieces present */
};

#define VEXFS_ROW_STALE 1u   /* the file's data changed after the row was made */
#define VEXFS_ROW_PENDING 2u /* durable and found by searches, not yet linked in the graph */
#define VEXFS_ROW_DAMAGED 4u /* its vector is unreadable: zeros, or EBADMSG without GET_ROWS */

struct vexfs_row {
    struct vexfs_row_meta meta;
    __u64 data_version; /* of the data the row was made from */
    __u32 flags;        /* VEXFS_ROW_*; ignore bits you do not know */
    __u32 zero;         /* 0 */
};

#define VEXFS_DROP_ASYNC 1u /* reply before it is durable */

/* Body of DROP. Payload: name. Removes the rows from `first` on; 0: all. None there: success. */
struct vexfs_drop {
    struct vexfs_file file;
    __u32 first; /* rows before this one stay */
    __u32 zero;  /* 0 */
};

struct vexfs_drop_reply {
    __u64 ino;     /* the file */
    __u32 dropped; /* rows removed */
    __u32 total;   /* rows that the file has after it */
};

/* ---- SEARCH, EXPLAIN, PATH ------------------------------------------------------------------ */

#define VEXFS_SEARCH_EXACT 1u    /* compare every allowed row: no approximation */
#define VEXFS_SEARCH_PATHS 2u    /* return a path for each hit */
#define VEXFS_SEARCH_VECTORS 4u  /* return the stored vector of each hit */
#define VEXFS_SEARCH_PER_FILE 8u /* at most one hit per file, its nearest row */
#define VEXFS_SEARCH_RADIUS 16u  /* only rows at distance <= radius */
#define VEXFS_EXPLAIN_TOTALS 32u /* fill the "total" fields; owner, else EPERM */

/*
 * Body of SEARCH and EXPLAIN, on a directory fd (else ENOTDIR) in a collection (else ENODATA).
 * SEARCH takes all these flags but TOTALS, EXPLAIN all but PATHS and VECTORS (else EINVAL).
 * Payload: queries of vectors; filter. Searches the rows of that collection, below the fd's
 * directory, that the caller may read: what `find DIR -type f -readable` would list. Returns for
 * each query min(k, matching rows) hits. If the caller's groups cannot be known: EACCES.
 */
struct vexfs_search {
    __u32 queries;    /* 1 to 4,096 */
    __u32 dim;        /* as in the schema, else EINVAL */
    __u16 element;    /* as in the schema, else EINVAL */
    __u16 zero;       /* 0 */
    __u32 k;          /* hits wanted per query, 1 to 65,536; queries * k at most 1,048,576 */
    __u32 ef;         /* breadth of the walk, up to 65,536; 0: the schema's or k, the larger */
    vexfs_f32 radius; /* with the flag: finite, unit of the metric; without: 0 (all bits) */
    __u32 filter;     /* bytes of the filter, 0 to 4,096, without NUL; 0: none */
    __u32 zero2;      /* 0 */
};

/*
 * The filter: text, a test for each row, as in find(1). Bytes 0 to 31 other than tab and newline,
 * and any error of grammar or type, are EINVAL; the failure's text names the column.
 *
 *   filter = and { "or" and }                  and  = not { [ "and" ] not }
 *   not    = "not" not | "(" filter ")" | test
 *   test   = "name" text                       glob on the file's name, see fnmatch(3), flags 0
 *          | "path" text                       glob on the path from the fd's directory; * takes /
 *          | "type" letter                     f d l p s b c, as in find; only type f has rows
 *          | "size" cmp bytes                  1048576, 1024K, 1M (K M G T: powers of 1024)
 *          | "mtime" cmp seconds               since 1970, a decimal fraction may follow
 *          | "age" cmp span                    now - mtime: 90s 15m 12h 7d 2w
 *          | "uid" cmp int | "gid" cmp int     owner, group
 *          | "tag" cmp int | "tag" int ".." int  unsigned 64 bit; both ends included
 *          | "row" cmp int                     row number
 *          | "stale"                           VEXFS_ROW_STALE
 *          | "has" attr | "missing" attr       the file has the xattr or not
 *          | "xattr" attr cmp number           as a decimal number (binary64)
 *          | "xattr" attr cmp string           byte by byte
 *   cmp    = "=" | "!=" | "<" | "<=" | ">" | ">="
 *   attr   = text, a full xattr name such as user.year; user.* only
 *   text   = word | string; a word is bytes other than space, tab, newline and ( ) " = ! < >
 *   string = '"' bytes '"', with \" \\ and \xHH in it
 *
 * Operators need no space around them. A keyword as text is written as a string. A file with
 * several links passes name and path if one of the paths that the caller may walk does. Comparing
 * an xattr that a file lacks is false, whatever the operator. Comparing one with a number where its
 * value is none is false and counted in vexfs_answer.untyped.
 * Example: name "*.txt" and size > 1M and (xattr user.lang = "en" or missing user.lang)
 */

#define VEXFS_SHORT_ROWS 1u     /* no more matching rows (with PER_FILE: files) */
#define VEXFS_SHORT_RADIUS 2u   /* rows beyond the radius were left out */
#define VEXFS_SHORT_DEGRADED 4u /* rows that could not be compared were left out */

#define VEXFS_ANSWER_EXACT 1u    /* the very k nearest; otherwise approximate */
#define VEXFS_ANSWER_DEGRADED 2u /* damage: `degraded` rows were compared by codes or left out */
#define VEXFS_ANSWER_FALLBACK 4u /* a walk was given up for a scan */

#define VEXFS_PLAN_NONE 0         /* nothing to search */
#define VEXFS_PLAN_SCAN_VECTORS 1 /* every allowed vector */
#define VEXFS_PLAN_SCAN_CODES 2   /* every allowed code, exact ranking of the best */
#define VEXFS_PLAN_WALK 3         /* graph walk, exact ranking of the best */
#define VEXFS_PLAN_WALK_ALLOWED 4 /* graph walk through allowed rows and their neighbours only */
#define VEXFS_PLAN_WALK_EXTEND 5  /* graph walk, widened until enough allowed rows were found */
#define VEXFS_PLAN_LISTS 6        /* inverted lists (ivfpq) */

/*
 * Reply of SEARCH. Payload: queries of struct vexfs_answer; hits of struct vexfs_hit, those of the
 * first query first, nearest first; hits of vectors (vector_bytes each); paths: for each hit a
 * NUL-terminated path from the fd's directory, "" if the file moved away during the search. A row
 * that changed during the search is DAMAGED, with zeros for a vector. Queries are searched a few at
 * a time; `untyped` of those that were searched together is told of the first.
 */
struct vexfs_search_reply {
    __u32 queries;      /* as in the message */
    __u32 hits;         /* the sum of answer.found */
    __u32 vector_bytes; /* bytes of one vector in the vectors piece; 0: no such piece */
    __u32 path_bytes;   /* bytes of the paths piece, NULs included; 0: no such piece */
    __u32 flags;        /* 0; ignore bits you do not know */
    __u32 zero;         /* 0 */
};

struct vexfs_answer {
    __u32 found;    /* hits of this query */
    __u32 why;      /* VEXFS_SHORT_*: why found < k; 0 if found = k */
    __u32 flags;    /* VEXFS_ANSWER_* */
    __u32 plan;     /* VEXFS_PLAN_* */
    __u32 ef;       /* breadth used; 0: no walk */
    __u32 zero;     /* 0 */
    __u64 degraded; /* rows met whose vector was unreadable */
    __u64 untyped;  /* rows met whose xattr is no number where the filter compares numbers */
};

#define VEXFS_HIT_EXACT 1u   /* distance is that of the stored vector; otherwise of its code */
#define VEXFS_HIT_STALE 2u   /* VEXFS_ROW_STALE */
#define VEXFS_HIT_DAMAGED 4u /* VEXFS_ROW_DAMAGED: zeros stand for it in the vectors piece */

struct vexfs_hit {
    __u64 ino;          /* the file */
    __u32 row;          /* its row */
    __u32 flags;        /* VEXFS_HIT_*; ignore bits you do not know */
    vexfs_f32 distance; /* unit of the metric */
    __u32 shard;        /* 0 */
    __u64 tag;          /* struct vexfs_row_meta of the row */
    __u64 offset;
    __u64 length;
};

/*
 * Reply of EXPLAIN: the search is done, counters come instead of hits. Queries are searched a few
 * at a time; what those share (rows tested, blocks, times but for total_ns) is told of the first.
 * Payload: queries of struct vexfs_explain.
 */
struct vexfs_explain_reply {
    __u32 queries;  /* as in the message */
    __u32 flags;    /* VEXFS_EXPLAIN_TOTALS if the totals are filled */
    __u64 parse_ns; /* compiling the filter, once per message */
};

struct vexfs_explain {
    struct vexfs_answer answer;
    __u64 total_ns;        /* the whole query */
    __u64 visible;         /* rows that the caller may see below the fd's directory */
    __u64 matching;        /* of these, rows expected to pass the filter: the planner's estimate */
    __u64 filter_tested;   /* visible rows on which the filter was evaluated */
    __u64 filter_passed;   /* of these, rows that passed */
    __u64 rows;            /* total: rows of the collection. All below are 0 without the flag */
    __u64 pending_scanned; /* total: pending rows compared */
    __u64 nodes;           /* total: graph nodes expanded */
    __u64 code_distances;  /* total: distances computed on codes */
    __u64 exact_distances; /* total: distances computed on vectors */
    __u64 blocks_cached;   /* total: vector blocks found in memory */
    __u64 blocks_read;     /* total: vector blocks read from the volume */
    __u64 access_ns;       /* total: time for permissions and scope */
    __u64 plan_ns;         /* total: time for planning */
    __u64 filter_ns;       /* total: time in the filter */
    __u64 walk_ns;         /* total: time in the graph */
    __u64 scan_ns;         /* total: time in scans */
    __u64 rank_ns;         /* total: time for exact ranking */
};

/* Body of PATH, on a directory fd (else ENOTDIR). Payload: inos of __u64. */
struct vexfs_path {
    __u32 inos; /* inode numbers, 1 to 65,536 */
    __u32 zero; /* 0 */
};

/*
 * Reply of PATH. Payload: paths: for each ino a NUL-terminated path from the fd's directory; "" if
 * there is none that the caller may walk, whether the file exists or not.
 */
struct vexfs_path_reply {
    __u32 inos;       /* as in the message */
    __u32 path_bytes; /* bytes of the paths piece, NULs included */
};

/* ---- STAT ----------------------------------------------------------------------------------- */

#define VEXFS_STAT_TOTALS 1u /* fill the "total" fields; owner, else EPERM */

/* Body of STAT. Payload: name. All 0 on a directory fd: the rows below that directory. */
struct vexfs_stat {
    struct vexfs_file file;
};

#define VEXFS_STAT_FILE 2u    /* about one file */
#define VEXFS_STAT_TRAINED 4u /* the learned codes are in use */

struct vexfs_stat_reply {
    __u64 ino;              /* the file or directory asked about */
    __u64 collection;       /* inode number of the collection's directory */
    __u64 data_version;     /* of the file; 0 for a directory */
    __u64 files;            /* files with rows */
    __u64 rows;             /* rows */
    __u64 rows_stale;       /* of these, VEXFS_ROW_STALE */
    __u64 rows_pending;     /* of these, VEXFS_ROW_PENDING */
    __u64 rows_damaged;     /* of these, known to be VEXFS_ROW_DAMAGED */
    __u32 flags;            /* VEXFS_STAT_*; TOTALS if the totals are filled */
    __u16 index;            /* VEXFS_INDEX_* in use, never AUTO */
    __u16 code_bytes;       /* bytes of one code; 0: none */
    __u64 total_rows;       /* total, here and below: of the collection; 0 without TOTALS */
    __u64 total_dead;       /* removed rows whose slot is not yet reused or erased */
    __u64 total_disk_bytes; /* bytes on the volume: vectors, codes, graph, row data */
    __u64 vector_bytes;     /* of these: vectors, as compressed */
    __u64 code_bytes_all;   /* of these: codes */
    __u64 graph_bytes;      /* of these: graph and its log */
    __u64 memory_bytes;     /* bytes in memory */
    __u64 blocks_cached;    /* vector blocks found in memory, since the engine started, as below */
    __u64 blocks_read;      /* vector blocks read from the volume */
    __u64 searches;         /* queries answered */
    __u64 search_ns;        /* time spent on them */
    __u64 puts;             /* rows put */
    __u64 drops;            /* rows removed */
};

/* ---- SYNC ----------------------------------------------------------------------------------- */

#define VEXFS_SYNC_LINK 1u /* also wait until the rows pending at the call are linked */

/*
 * SYNC: no body, reply without body. All changes acknowledged before it, ASYNC ones too, are
 * durable when it returns. EINTR gives up waiting, nothing else. EIO, on a mount that outlives its
 * engine: one has died since the file was opened, and what was not durable then may be lost; the
 * next SYNC tells of what came after. On a read-only volume: success.
 */

/* ---- JOB, JOB_LIST -------------------------------------------------------------------------- */

/* Kinds of job. */
#define VEXFS_JOB_KIND_LINK 1        /* link pending rows in the graph */
#define VEXFS_JOB_KIND_CONSOLIDATE 2 /* reconnect around dead rows, reuse their slots */
#define VEXFS_JOB_KIND_TRAIN 3       /* learn codes */
#define VEXFS_JOB_KIND_COMPACT 4     /* give space back, put neighbours together */
#define VEXFS_JOB_KIND_ERASE 5       /* erase the bytes of removed rows */
#define VEXFS_JOB_KIND_SCRUB 6       /* reserved */

#define VEXFS_JOB_QUEUED 1
#define VEXFS_JOB_RUNNING 2
#define VEXFS_JOB_PAUSED 3
#define VEXFS_JOB_DONE 4
#define VEXFS_JOB_FAILED 5 /* status tells why */

/*
 * JOB_LIST: no body, no flags. The jobs of the fd's collection (none: ENODATA); on the root of the
 * volume, for its owner, all. The latest finished jobs are listed too.
 * Reply of JOB_LIST. Payload: jobs of struct vexfs_job.
 */
struct vexfs_job_list_reply {
    __u32 jobs; /* number of jobs */
    __u32 zero; /* 0 */
};

struct vexfs_job {
    __u64 id;         /* never reused while the volume is open */
    __u64 collection; /* inode number of the collection's directory */
    __u32 kind;       /* VEXFS_JOB_KIND_* */
    __u32 state;      /* VEXFS_JOB_* */
    __u64 done;       /* rows finished */
    __u64 total;      /* rows to do; 0: not known */
    __u64 started_ns; /* ns since 1970; 0: not yet */
    __u64 ended_ns;   /* ns since 1970; 0: not yet */
    __s32 status;     /* 0, or -errno of a failed job */
    __u32 zero;       /* 0 */
};

#define VEXFS_JOB_CMD_PAUSE 1   /* job `id`; 0: all jobs of the collection, until RESUME */
#define VEXFS_JOB_CMD_RESUME 2  /* undo that */
#define VEXFS_JOB_CMD_COMPACT 3 /* start a COMPACT job */
#define VEXFS_JOB_CMD_ERASE 4   /* start an ERASE job: leaves no byte of rows removed before */
#define VEXFS_JOB_CMD_SCRUB 5   /* reserved: EOPNOTSUPP */

/* COMPACT, ERASE: reply when the job ended, or is paused. EINTR: the job goes on. */
#define VEXFS_JOB_WAIT 1u
#define VEXFS_JOB_VERIFY 2u /* ERASE: read all of it once more; EIO if a byte is still there */

/*
 * Body of JOB, in a collection (else ENODATA). If a job of that kind is queued or runs already, it
 * is that one which is waited for or returned.
 */
struct vexfs_job_cmd {
    __u32 cmd;  /* VEXFS_JOB_CMD_* */
    __u32 zero; /* 0 */
    __u64 id;   /* PAUSE, RESUME: the job, unknown is ENOENT; else 0 */
};

struct vexfs_job_cmd_reply {
    __u64 id;    /* the job started; PAUSE, RESUME: as in the message */
    __u32 jobs;  /* jobs that the command acted on */
    __u32 state; /* VEXFS_JOB_* of the job started; PAUSE, RESUME: 0 */
};

/* ---- PART_PUT, PART_GET --------------------------------------------------------------------- */

/*
 * Sessions in pieces of an ioctl, for mounts where `.vexfs/call` opens for reading only: on such an
 * fd (else ENOTTY) PART_PUT is pwrite and PART_GET is pread. A session not opened for writing
 * executes ops below 0x80 only (else EBADF); no session executes PART_* (ENOTTY). PART_GET fails as
 * pread does; the status of the message itself is in the reply that it fetches.
 */
#define VEXFS_PART_FIRST 1u /* PART_PUT: drop what is staged, start a new message */

/* Body of PART_PUT. Payload: bytes of the message. */
struct vexfs_part_put {
    __u32 offset; /* of the piece in the message; offset + bytes over 64 MiB: EFBIG */
    __u32 bytes;  /* bytes of the piece, at least 1 */
};

struct vexfs_part_put_reply {
    __u32 staged; /* bytes of the message staged */
    __u32 size;   /* msg.size of the message; 0: its header is not complete */
};

/* Body of PART_GET. */
struct vexfs_part_get {
    __u32 offset; /* of the piece in the reply */
    __u32 bytes;  /* most bytes to return; 0: execute only */
};

/* Reply of PART_GET. Payload: bytes of the reply. */
struct vexfs_part_get_reply {
    __u32 size;  /* bytes of the whole reply */
    __u32 bytes; /* bytes returned; 0 beyond its end */
};

#endif /* VEXFS_IOCTL_H */
