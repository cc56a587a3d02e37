/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the module share.
 *
 * vexfs_fs is a filesystem: it outlives engines. vexfs_chan is one incarnation of an engine, with
 * the shared memory of its queues. vexfs_call is a request on the stack of who makes it; a slot of
 * a queue only has a copy of it.
 *
 * Locks, outer to inner: vexfs_list_lock, fs->lock, queue->lock. None is held over calls of
 * io_uring, copies to and from user space and allocations that may sleep.
 */
#ifndef VEXFS_H
#define VEXFS_H

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/rcuwait.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "ioctl/vexfs_queue.h"

#define VEXFS_KILLABLE (TASK_KILLABLE | TASK_FREEZABLE) /* how clients wait */
#define VEXFS_SUPER_MAGIC 0x46584556			/* "VEXF" */

struct vexfs_chan;

struct vexfs_on { /* a node, as requests name it */
	u64 ino;
	u32 generation;
};

/* ---- fs.c: the filesystem ------------------------------------------------------------------- */

enum vexfs_state { VEXFS_NEW, VEXFS_MOUNTING, VEXFS_LIVE, VEXFS_ORPHANED, VEXFS_DEAD };

struct vexfs_fs {
	struct kobject kobj;  /* the reference, and its directory in sysfs while it is mounted */
	struct list_head all; /* under vexfs_list_lock */
	u64 id;
	struct user_namespace *user_ns; /* of the first ATTACH, and so are the next two */
	kuid_t owner;
	u8 volume[16];
	spinlock_t lock; /* the next five */
	enum vexfs_state state;
	struct vexfs_chan *chan; /* the live one, with a reference, or NULL */
	struct super_block *sb;
	bool recovery;
	u64 epoch;		       /* of the newest channel */
	wait_queue_head_t attach_wait; /* for ORPHANED to end */
	struct delayed_work expiry;    /* ends ORPHANED at the deadline */
	unsigned long trust;	       /* number of the last LOST attach, a change of all inodes */
	atomic64_t unique;	       /* number of the last request */
	atomic64_t changes;	       /* number of the last change of any inode, see inode.c */
	u64 doubted;		       /* number of the last that the engine told of */
	struct vexfs_on root;	       /* this and the next two: MOUNT set them */
	bool read_only;		       /* the volume is */
	u32 max_io;		       /* bytes of one READ or WRITE, a page at least */
	struct llist_head deferred;    /* FORGET and RELEASE to be sent, see deferred.c */
	struct work_struct deferred_work;
};

static inline struct vexfs_fs *vexfs_fs_get(struct vexfs_fs *fs)
{
	kobject_get(&fs->kobj);
	return fs;
}

static inline void vexfs_fs_put(struct vexfs_fs *fs)
{
	kobject_put(&fs->kobj);
}

struct vexfs_fs *vexfs_fs_new(const u8 *volume, bool recovery);
struct vexfs_fs *vexfs_fs_find(u64 id);
int vexfs_fs_attach(struct vexfs_fs *fs, struct vexfs_chan *chan, bool lost);
void vexfs_fs_detach(struct vexfs_fs *fs, struct vexfs_chan *chan, bool keep);
void vexfs_fs_abort(struct vexfs_fs *fs);
int vexfs_fs_claim(struct vexfs_fs *fs);
void vexfs_fs_mounted(struct vexfs_fs *fs, struct super_block *sb);
struct vexfs_chan *vexfs_fs_chan(struct vexfs_fs *fs);
void vexfs_fs_release(struct kobject *kobj);

extern const struct kobj_type vexfs_fs_type; /* in sysfs.c */

/* ---- channel.c: an incarnation of the engine ------------------------------------------------ */

/* What requests are told apart by that take long or short: op, or the number of an ioctl. */
#define VEXFS_KIND_IOCTL(number) (64 + (number))
#define VEXFS_KINDS VEXFS_KIND_IOCTL(256)

struct vexfs_queue {
	struct vexfs_chan *chan;
	struct vexfs_queue_memory *memory; /* shared, and so are the areas behind it */
	struct vexfs_areas *areas;
	spinlock_t lock; /* all that follows */
	bool dead;
	u32 tail;
	u64 free;		       /* bit n: slot n is FREE */
	u64 orphans;		       /* bit n: nobody waits for slot n: ABANDONED, or NOREPLY */
	u64 abandoned;		       /* bit n: slot n is ABANDONED */
	struct io_uring_cmd *parked;   /* FETCH that waits for a request */
	wait_queue_head_t engine_wait; /* WAIT */
	wait_queue_head_t free_wait;   /* for a slot */
	struct rcuwait client[VEXFS_QUEUE_MAX_SLOTS]; /* of each slot, while it sleeps */
	u32 took_ns[VEXFS_KINDS];		      /* replies, see spin.c; not locked */
};

struct vexfs_chan {
	struct kref ref;
	struct vexfs_fs *fs;
	fl_owner_t owner; /* the files_struct of the engine: only compared */
	struct pid *tgid; /* of the engine */
	bool in_order;	  /* it said that it ends */
	bool polling;	  /* clients may spin for it */
	u64 epoch;
	size_t map_bytes;
	u32 slots;
	u32 queues;
	struct vexfs_queue queue[];
};

static inline struct vexfs_chan *vexfs_chan_get(struct vexfs_chan *chan)
{
	kref_get(&chan->ref);
	return chan;
}

struct vexfs_chan *vexfs_chan_new(struct vexfs_fs *fs, struct vexfs_attach *attach);
void vexfs_chan_put(struct vexfs_chan *chan);
void vexfs_chan_kill(struct vexfs_chan *chan, bool keep);

static inline bool vexfs_queue_is_done(struct vexfs_queue *queue, u32 slot)
{
	return smp_load_acquire(&queue->memory->slot[slot].reply.state) == VEXFS_SLOT_DONE;
}

static inline bool vexfs_queue_is_over(struct vexfs_queue *queue, u32 slot)
{
	return vexfs_queue_is_done(queue, slot) || READ_ONCE(queue->dead);
}

/* ---- queue.c, spin.c, doorbell.c: requests in slots ----------------------------------------- */

struct vexfs_piece {
	const void *data;
	u32 bytes;
};

/*
 * A request. All that it points to stays until vexfs_call() returns: a request whose engine died is
 * built from it again. It is memory of the kernel, but for `user`: there an IOCTL's payload[0] and
 * its reply lie. A reply that needs a page fault there is in `out` instead, to be copied and freed.
 */
struct vexfs_call {
	u32 op;		      /* VEXFS_REQ_* */
	u32 kind;	      /* VEXFS_KIND_IOCTL(), or 0: the op says it */
	struct vexfs_on node; /* that it is on, or zero */
	u64 fh;
	bool with_groups;   /* the engine needs the groups of the caller */
	bool interruptible; /* a signal asks the engine to answer soon */
	bool no_reply;
	const void *body; /* the op's struct */
	u32 body_bytes;
	struct vexfs_piece payload[2];
	void __user *user; /* of an IOCTL; anything, NULL too */
	void *reply;	   /* the reply's struct */
	u32 reply_bytes;
	void *out; /* the reply's payload */
	u32 out_room;
	u32 out_bytes; /* out: bytes of the payload that came */
	u64 unique;    /* vexfs_call() sets it */
	bool seen;     /* an engine may have seen it */
};

bool vexfs_spin(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call);

void vexfs_queue_reap_locked(struct vexfs_queue *queue);
void vexfs_queue_wake_engine(struct vexfs_queue *queue, int result) __releases(&queue->lock);
void vexfs_queue_kill(struct vexfs_queue *queue);
int vexfs_queue_wait(struct vexfs_chan *chan, struct vexfs_wait *wait);
int vexfs_queue_uring(struct vexfs_chan *chan, struct io_uring_cmd *cmd, unsigned int issue_flags);

int vexfs_call(struct vexfs_fs *fs, struct vexfs_call *call);

#define VEXFS_NONE ((char(*)[0])NULL)

/* A call: its struct and the reply's, or VEXFS_NONE; other fields of it may follow. */
#define VEXFS_CALL_OF(op_, body_, reply_, ...)                                                   \
	{                                                                                        \
		.op = (op_), .body = (body_), .body_bytes = sizeof(*(body_)), .reply = (reply_), \
		.reply_bytes = sizeof(*(reply_)), __VA_ARGS__                                    \
	}

/* A call on an inode. */
#define VEXFS_CALL(inode_, ...)                              \
	VEXFS_CALL_OF(__VA_ARGS__, .node = vexfs_on(inode_), \
		      .with_groups = vexfs_i(inode_)->per_caller)

/* Makes such a call and sends it: 0 or -errno. */
#define vexfs_ask(inode_, ...)                                             \
	({                                                                 \
		struct vexfs_call call_ = VEXFS_CALL(inode_, __VA_ARGS__); \
		vexfs_call(vexfs_fs_of(inode_), &call_);                   \
	})

/* ---- deferred.c: what is told to the engine without waiting --------------------------------- */

struct vexfs_deferred {
	struct llist_node list;
	struct vexfs_node node; /* FORGET; RELEASE, if lookups is 0 */
	u64 fh;
};

void vexfs_defer(struct vexfs_fs *fs, struct vexfs_deferred *deferred);
void vexfs_deferred_work(struct work_struct *work);

/* ---- device.c ------------------------------------------------------------------------------- */

extern struct miscdevice vexfs_device;
struct vexfs_fs *vexfs_device_fs(struct file *file);

/* ---- super.c, inode.c ----------------------------------------------------------------------- */

/* Which attributes the kernel itself changed since they came. */
enum vexfs_stale { VEXFS_FRESH, VEXFS_TIMES, VEXFS_ALL }; /* times: and blocks, but no size */

struct vexfs_inode {
	struct inode vfs; /* i_ino is the engine's number of the node */
	u64 attributes;	  /* STATX_ATTR_* */
	struct timespec64 btime;
	u32 blksize;
	unsigned long trust;	       /* fs->trust when the attributes came */
	unsigned long valid;	       /* the attributes are believed until then, jiffies */
	enum vexfs_stale stale;	       /* under i_lock */
	bool uncertain;		       /* a change may come that nobody waits for */
	bool per_caller;	       /* the engine makes it for each caller, who is to be known */
	u64 changed;		       /* number of its last change, under i_lock */
	u64 lookups;		       /* entries that the engine returned, under i_lock */
	struct vexfs_deferred *forget; /* for the FORGET at the end */
};

static inline struct vexfs_inode *vexfs_i(struct inode *inode)
{
	return container_of(inode, struct vexfs_inode, vfs);
}

static inline struct vexfs_on vexfs_on(struct inode *inode)
{
	return (struct vexfs_on){ inode->i_ino, inode->i_generation };
}

static inline struct vexfs_fs *vexfs_fs_of(const struct inode *inode)
{
	return inode->i_sb->s_fs_info;
}

static inline u64 vexfs_sample(const struct super_block *sb)
{
	return atomic64_read(&((struct vexfs_fs *)sb->s_fs_info)->changes);
}

struct inode *vexfs_iget(struct super_block *sb, const struct vexfs_attr *attr, u64 sampled,
			 u64 lookups);
void vexfs_changed(struct inode *inode, enum vexfs_stale stale);
void vexfs_doubt(struct vexfs_fs *fs, u64 ino);
void vexfs_resized(struct inode *inode, u64 size);
int vexfs_revalidate(struct inode *inode, enum vexfs_stale stale);
int vexfs_take_attr(struct inode *inode, const struct vexfs_attr *attr, u64 sampled);
int vexfs_refresh(struct inode *inode);
unsigned long vexfs_expiry(u64 valid_ns);
void vexfs_forget(struct super_block *sb, const struct vexfs_attr *attr);
int vexfs_permission(vx_idmap *idmap, struct inode *inode, int mask);
int vexfs_setattr(vx_idmap *idmap, struct dentry *dentry, struct iattr *attr);
int vexfs_getattr(vx_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask,
		  unsigned int flags);

/* ---- dir.c, file.c, ioctl.c, xattr.c -------------------------------------------------------- */

struct vexfs_handle {
	struct vexfs_deferred release; /* the handle ends as this note */
	u32 flags;		       /* VEXFS_OPEN_* */
};

static inline struct vexfs_handle *vexfs_f(const struct file *file)
{
	return file->private_data;
}

extern const struct inode_operations vexfs_dir_inode_ops;
extern const struct inode_operations vexfs_symlink_inode_ops;
extern const struct inode_operations vexfs_inode_ops;
extern const struct file_operations vexfs_dir_ops;
extern const struct file_operations vexfs_file_ops;
extern const struct address_space_operations vexfs_mapping_ops;
extern const struct dentry_operations vexfs_dentry_ops;
extern const struct xattr_handler *vexfs_xattr_handlers[];

long vexfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
ssize_t vexfs_listxattr(struct dentry *dentry, char *list, size_t room);
int vexfs_synced(struct file *file);
int vexfs_fsync(struct file *file, loff_t start, loff_t end, int datasync);
void vexfs_drop_pages(struct inode *inode, loff_t start, u64 bytes, int ret);

#endif /* VEXFS_H */
