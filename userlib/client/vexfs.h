/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvexfs: a VexFS volume, mounted or not, as a C program meets it.
 *
 * A call answers 0, or -errno out of the table of the project (ioctl/README.md), and never sets
 * errno. Where it takes a reason, that becomes a sentence about the failure, for people; NULL if
 * it is not wanted. What is sent and answered stands in <vexfs/vexfs_ioctl.h>.
 *
 * A target is a path on a mounted volume, or "IMAGE:/PATH": a path in an image file or a block
 * device that is not mounted. A path that exists as a whole is that path. For an image,
 * libvexfs-local.so is loaded, and its engine runs in this process: EOPNOTSUPP if it is not
 * installed or the program is static, EPROTO if it is of another release, EBUSY if a process has
 * the image, which the reason names. It is open for reading only, with the rights of root; to
 * change it, or to look at it as somebody else, see vexfs_image_open(). A child of fork(2) uses
 * none of its parent's images.
 *
 * Threads: any thread uses a volume, several at once too; one opens and closes it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

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
 * Opens the volume that the target, a directory or a file, lies on, with the caller's rights to
 * read it. ENOTTY: it lies on something else. ENOTCONN: its engine has ended. Otherwise as open(2).
 */
VEXFS_API int vexfs_open(const char* target, struct vexfs_volume** volume,
                         struct vexfs_reason* reason);
/* Frees it; NULL is accepted. */
VEXFS_API void vexfs_close(struct vexfs_volume* volume);

/*
 * Where the volume's root is mounted, what mount(8) shows as its device, and as its type. They are
 * the volume's, until it is closed. NULL if its root is mounted nowhere that the caller can reach,
 * as in a container that was given a part of it. Of an image: "IMAGE:/", IMAGE, "vexfs.image".
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

/*
 * ---- Images ----------------------------------------------------------------------------------
 */
struct vexfs_image;

#define VEXFS_IMAGE_WRITE 1u /* it may be changed */
#define VEXFS_IMAGE_AS 2u    /* with the rights of a user, else with all */

struct vexfs_image_options {
    uint32_t flags;        /* VEXFS_IMAGE_* */
    uint32_t uid;          /* with VEXFS_IMAGE_AS, as are the groups */
    uint32_t gid;          /* the first group */
    uint32_t groups;       /* supplementary ones */
    const uint32_t* group; /* `groups` of them */
    uint64_t memory_bytes; /* of the engine; 0: the default, 512 MiB */
};

/*
 * Opens an image: until it is closed, "IMAGE:/PATH" means it, as it was opened here. EBUSY: another
 * process has it, or this one already. Otherwise as vexfsd says.
 */
VEXFS_API int vexfs_image_open(const char* path, const struct vexfs_image_options* options,
                               struct vexfs_image** image, struct vexfs_reason* reason);
/*
 * Makes everything durable, lets go of the image and frees it; NULL is accepted. EBUSY, and it
 * stays open: a node or a volume of it is open. After another failure it is gone, and what was not
 * synced may be lost.
 */
VEXFS_API int vexfs_image_close(struct vexfs_image* image, struct vexfs_reason* reason);

/*
 * ---- Rows ------------------------------------------------------------------------------------
 *
 * A node is a directory or a file that is open for messages. On a directory, a search covers what
 * lies below it, and `which` names a file of it; on a file, `which` is NULL and means the file
 * itself. The structs, the flags and every rule are those of <vexfs/vexfs_ioctl.h>.
 *
 * A message goes by one ioctl(2), or, if it or its reply is too large, by a session in
 * DIR/.vexfs/call; a node keeps idle sessions for its threads. What is answered in a pointer is one
 * allocation, which the caller frees with free(3). After EINTR, ESTALE or ENOTCONN a change may
 * have happened or not, for each file as a whole.
 */
struct vexfs_node;

struct vexfs_schema;
struct vexfs_schema_reply;
struct vexfs_row_meta;
struct vexfs_put_status;
struct vexfs_get_reply;
struct vexfs_row;
struct vexfs_drop_reply;
struct vexfs_answer;
struct vexfs_hit;
struct vexfs_explain_reply;
struct vexfs_explain;
struct vexfs_stat_reply;

/*
 * Opens a directory for reading; a file for reading and, if that is allowed, for writing. As
 * open(2). Whether it lies on a volume is found out by the first message: ENOTTY if not.
 */
VEXFS_API int vexfs_node_open(const char* target, struct vexfs_node** node,
                              struct vexfs_reason* reason);
/* Frees it; NULL is accepted. */
VEXFS_API void vexfs_node_close(struct vexfs_node* node);
/*
 * Its descriptor, for ioctls and openat(2) of one's own, -1 in an image; and its inode number. What
 * goes by no descriptor works with both:
 */
VEXFS_API int vexfs_node_fd(const struct vexfs_node* node);
VEXFS_API uint64_t vexfs_node_ino(const struct vexfs_node* node);
/* Makes an empty file (S_IFREG) or a directory (S_IFDIR) of that mode in a directory: EEXIST. */
VEXFS_API int vexfs_node_make(struct vexfs_node* directory, const char* name, uint32_t mode,
                              struct vexfs_reason* reason);

struct vexfs_name {
    const char* name;
    uint64_t ino;
    uint32_t type; /* DT_* of <dirent.h> */
    uint32_t zero;
};

struct vexfs_names {
    uint32_t count;
    uint32_t zero;
    const struct vexfs_name* names;
};

/* What is in a directory, in the order of its names, without "." and "..". free(3) the list. */
VEXFS_API int vexfs_node_list(struct vexfs_node* directory, struct vexfs_names** list,
                              struct vexfs_reason* reason);

/* A file of a directory: by its name, or, if that is NULL, by its inode number, below it too. */
struct vexfs_which {
    const char* name;
    uint64_t ino;
};

/* SCHEMA_GET: what holds here; ENODATA outside of collections. */
VEXFS_API int vexfs_schema_get(struct vexfs_node* node, struct vexfs_schema_reply* reply,
                               struct vexfs_reason* reason);
/* SCHEMA_SET: makes the directory a collection, or changes it (VEXFS_SCHEMA_UPDATE). */
VEXFS_API int vexfs_schema_set(struct vexfs_node* node, const struct vexfs_schema* schema,
                               uint32_t flags, struct vexfs_schema_reply* reply,
                               struct vexfs_reason* reason);

/* The rows of one file that are put. */
struct vexfs_put_rows {
    struct vexfs_which which; /* all 0: the node, a file */
    uint32_t first;           /* first row to write, or VEXFS_ROW_APPEND */
    uint32_t rows;
    uint64_t data_version;              /* of the data that was embedded; 0: that of the moment */
    const void* vectors;                /* `rows` of them, one after the other */
    const struct vexfs_row_meta* metas; /* `rows`, or NULL: all 0 */
};

struct vexfs_put_batch {
    uint32_t dim; /* as in the schema, as is element */
    uint16_t element;
    uint16_t zero;
    uint32_t flags; /* VEXFS_PUT_* */
    uint32_t count; /* files: 1 to 65,536 */
    const struct vexfs_put_rows* files;
};

/*
 * PUT: appends or overwrites rows; atomic per file. `statuses`, if not NULL, has `count` entries
 * and tells of each file if the call answers 0 or if some files failed: then the answer is the
 * first failure, and the statuses are not all 0. They are all 0 if nothing was tried.
 */
VEXFS_API int vexfs_rows_put(struct vexfs_node* node, const struct vexfs_put_batch* batch,
                             struct vexfs_put_status* statuses, struct vexfs_reason* reason);

/* Rows of a file. */
struct vexfs_row_set {
    const struct vexfs_get_reply* head;
    const struct vexfs_row* rows; /* NULL without VEXFS_GET_ROWS */
    const void* vectors;          /* NULL without VEXFS_GET_VECTORS */
};

/*
 * GET: `rows` rows from `first` on, 0: all, as far as there are any. EMSGSIZE: they take more than
 * a message; ask for fewer at a time. free(3) the set.
 */
VEXFS_API int vexfs_rows_get(struct vexfs_node* node, const struct vexfs_which* which,
                             uint32_t first, uint32_t rows, uint32_t flags,
                             struct vexfs_row_set** set, struct vexfs_reason* reason);

/* DROP: removes the rows from `first` on; the file stays. */
VEXFS_API int vexfs_rows_drop(struct vexfs_node* node, const struct vexfs_which* which,
                              uint32_t first, uint32_t flags, struct vexfs_drop_reply* reply,
                              struct vexfs_reason* reason);

/* STAT: counters of a file, or, on a directory with `which` NULL, of all rows below it. */
VEXFS_API int vexfs_rows_stat(struct vexfs_node* node, const struct vexfs_which* which,
                              uint32_t flags, struct vexfs_stat_reply* reply,
                              struct vexfs_reason* reason);

/* SYNC: as vexfs_sync(); VEXFS_SYNC_LINK also waits until pending rows are linked. */
VEXFS_API int vexfs_rows_sync(struct vexfs_node* node, uint32_t flags, struct vexfs_reason* reason);

struct vexfs_query {
    const void* vectors; /* `queries` of them, one after the other */
    uint32_t queries;    /* 1 to 4,096 */
    uint32_t dim;        /* as in the schema, as is element */
    uint16_t element;
    uint16_t zero;
    uint32_t k;
    uint32_t ef;        /* 0: the schema's */
    uint32_t flags;     /* VEXFS_SEARCH_*; explain: VEXFS_EXPLAIN_TOTALS too */
    float radius;       /* with VEXFS_SEARCH_RADIUS, else 0 */
    const char* filter; /* NULL or "": none */
};

struct vexfs_hits {
    uint32_t queries;
    uint32_t hits;                      /* of all queries together */
    uint32_t vector_bytes;              /* 0: without vectors */
    const struct vexfs_answer* answers; /* one a query: how many it found, and why no more */
    const struct vexfs_hit* hit;        /* those of the first query first, nearest first */
    const void* vectors;                /* one a hit; NULL without VEXFS_SEARCH_VECTORS */
    const char* const* paths;           /* one a hit; NULL without VEXFS_SEARCH_PATHS */
};

/* SEARCH: the nearest rows to each query below the directory. free(3) the hits. */
VEXFS_API int vexfs_rows_search(struct vexfs_node* node, const struct vexfs_query* query,
                                struct vexfs_hits** hits, struct vexfs_reason* reason);

/* EXPLAIN: what such a search does and costs; `answers` has an entry a query. */
VEXFS_API int vexfs_rows_explain(struct vexfs_node* node, const struct vexfs_query* query,
                                 struct vexfs_explain_reply* head, struct vexfs_explain* answers,
                                 struct vexfs_reason* reason);

/*
 * PATH: for each inode number a path from the directory, "" if there is none that the caller may
 * walk. free(3) the array; the paths lie in it.
 */
VEXFS_API int vexfs_rows_paths(struct vexfs_node* node, const uint64_t* inos, uint32_t count,
                               const char* const** paths, struct vexfs_reason* reason);

/*
 * ---- Jobs ------------------------------------------------------------------------------------
 */
struct vexfs_job;
struct vexfs_job_cmd_reply;

/* JOB: `cmd` is VEXFS_JOB_CMD_*, `id` the job of PAUSE and RESUME, 0: all of the collection. */
VEXFS_API int vexfs_job_command(struct vexfs_node* node, uint32_t cmd, uint64_t id, uint32_t flags,
                                struct vexfs_job_cmd_reply* reply, struct vexfs_reason* reason);

/* JOB_LIST: of the node's collection; of the whole volume on its root. free(3) the jobs. */
VEXFS_API int vexfs_job_list(struct vexfs_node* node, struct vexfs_job** jobs, uint32_t* count,
                             struct vexfs_reason* reason);

#ifdef __cplusplus
}
#endif
