// SPDX-License-Identifier: GPL-2.0
/*
 * Inodes and their attributes, which are the engine's: the kernel keeps a copy of them.
 *
 * Every change of an inode takes a number from fs->changes. Who asks for attributes samples that
 * counter before, and what comes back is kept only if the inode did not change since: an answer
 * that was overtaken never hides the change. What the kernel changed itself (stale) is asked for
 * again by who wants to know it; what the engine may have changed (!valid) by everybody.
 */
#include <linux/log2.h>
#include <linux/pagemap.h>
#include <linux/stat.h>

#include "vexfs.h"

/* Files may shrink and grow between the question and the answer: so often is asked again. */
#define VEXFS_REFRESH_TRIES 3

unsigned long vexfs_expiry(u64 valid_ns)
{
	u64 most = (u64)24 * 3600 * NSEC_PER_SEC;

	return jiffies + nsecs_to_jiffies(min(valid_ns, most));
}

static void vexfs_changed_locked(struct inode *inode, enum vexfs_stale stale)
{
	vexfs_i(inode)->changed = atomic64_inc_return(&vexfs_fs_of(inode)->changes);
	vexfs_i(inode)->stale = max(vexfs_i(inode)->stale, stale);
}

/* The inode changed: its attributes are asked for again by who wants to know these. */
void vexfs_changed(struct inode *inode, enum vexfs_stale stale)
{
	spin_lock(&inode->i_lock);
	vexfs_changed_locked(inode, stale);
	spin_unlock(&inode->i_lock);
}

/* It was written, and has this size since. */
void vexfs_resized(struct inode *inode, u64 size)
{
	spin_lock(&inode->i_lock);
	vexfs_changed_locked(inode, VEXFS_TIMES);
	i_size_write(inode, size);
	spin_unlock(&inode->i_lock);
}

/*
 * The engine changed an inode by itself. One that is made from an answer of before is not to be
 * found yet, and finds `doubted` when it is.
 */
void vexfs_doubt(struct vexfs_fs *fs, u64 ino)
{
	u64 number = atomic64_inc_return(&fs->changes);
	struct inode *inode = NULL;

	smp_store_mb(fs->doubted, number);
	rcu_read_lock();
	spin_lock(&fs->lock);
	if (fs->sb)
		inode = find_inode_by_ino_rcu(fs->sb, ino);
	spin_unlock(&fs->lock);
	if (inode) {
		spin_lock(&inode->i_lock);
		vexfs_changed_locked(inode, VEXFS_ALL);
		vexfs_i(inode)->valid = jiffies;
		spin_unlock(&inode->i_lock);
	}
	rcu_read_unlock();
}

static bool vexfs_attr_ok(const struct vexfs_attr *attr)
{
	u32 nsec = max(max(attr->atime.nsec, attr->mtime.nsec),
		       max(attr->ctime.nsec, attr->btime.nsec));

	return attr->ino && fs_umode_to_ftype(attr->mode) != FT_UNKNOWN && attr->size <= S64_MAX &&
	       nsec < NSEC_PER_SEC;
}

static struct timespec64 vexfs_timespec(const struct vexfs_time *time)
{
	return (struct timespec64){ .tv_sec = time->sec, .tv_nsec = time->nsec };
}

static void vexfs_store_attr(struct inode *inode, const struct vexfs_attr *attr,
			     unsigned long trust)
{
	struct vexfs_inode *vi = vexfs_i(inode);

	inode->i_mode = attr->mode;
	set_nlink(inode, attr->nlink);
	inode->i_uid = make_kuid(vexfs_fs_of(inode)->user_ns, attr->uid);
	inode->i_gid = make_kgid(vexfs_fs_of(inode)->user_ns, attr->gid);
	i_size_write(inode, attr->size);
	inode->i_blocks = attr->blocks;
	inode_set_atime_to_ts(inode, vexfs_timespec(&attr->atime));
	inode_set_mtime_to_ts(inode, vexfs_timespec(&attr->mtime));
	inode_set_ctime_to_ts(inode, vexfs_timespec(&attr->ctime));
	vi->btime = vexfs_timespec(&attr->btime);
	vi->attributes = attr->attributes;
	vi->blksize = is_power_of_2(attr->blksize) ? attr->blksize : PAGE_SIZE;
	vi->valid = vexfs_expiry(attr->valid_ns);
	vi->stale = VEXFS_FRESH;
	vi->per_caller = !attr->valid_ns;
	vi->trust = trust;
}

/* Keeps attributes: 1 if they are kept, 0 if they were overtaken by a change, or -EIO. */
int vexfs_take_attr(struct inode *inode, const struct vexfs_attr *attr, u64 sampled)
{
	struct vexfs_inode *vi = vexfs_i(inode);
	unsigned long trust = READ_ONCE(vexfs_fs_of(inode)->trust);
	loff_t known = vi->trust == trust ? i_size_read(inode) : 0;
	bool kept;

	if (!vexfs_attr_ok(attr) || attr->ino != inode->i_ino ||
	    attr->generation != inode->i_generation || (inode->i_mode ^ attr->mode) & S_IFMT)
		return -EIO;
	if (attr->size > known || !known) /* a page is zero behind the end that was known */
		invalidate_inode_pages2_range(&inode->i_data, known >> PAGE_SHIFT, -1);
	spin_lock(&inode->i_lock);
	kept = vi->changed <= sampled && trust <= sampled;
	if (kept)
		vexfs_store_attr(inode, attr, trust);
	spin_unlock(&inode->i_lock);
	return kept;
}

/* Asks for the attributes: 1 if what is known is right, 0 if it was overtaken, or -errno. */
int vexfs_refresh(struct inode *inode)
{
	int tries, ret = 0;

	for (tries = 0; !ret && tries < VEXFS_REFRESH_TRIES; tries++) {
		u64 sampled = vexfs_sample(inode->i_sb);
		struct vexfs_rep_attr reply;

		ret = vexfs_ask(inode, VEXFS_REQ_GETATTR, VEXFS_NONE, &reply);
		if (!ret)
			ret = vexfs_take_attr(inode, &reply.attr, sampled);
	}
	return ret;
}

/* What the engine alone may have changed since it told, owner and mode among it, is still right. */
static bool vexfs_is_valid(const struct inode *inode)
{
	const struct vexfs_inode *vi = container_of(inode, struct vexfs_inode, vfs);

	return vi->trust == READ_ONCE(vexfs_fs_of(inode)->trust) && !READ_ONCE(vi->uncertain) &&
	       time_before(jiffies, READ_ONCE(vi->valid));
}

/* Asks for the attributes if they are not believed any more, or are stale that far. */
int vexfs_revalidate(struct inode *inode, enum vexfs_stale stale)
{
	if (vexfs_is_valid(inode) && READ_ONCE(vexfs_i(inode)->stale) < stale)
		return 1;
	return vexfs_refresh(inode);
}

int vexfs_permission(vx_idmap *idmap, struct inode *inode, int mask)
{
	bool waits = !(mask & MAY_NOT_BLOCK);
	int ret = vexfs_is_valid(inode) ? 0 : waits ? vexfs_refresh(inode) : -ECHILD;

	return ret < 0 ? ret : generic_permission(idmap, inode, mask);
}

static_assert(sizeof_field(struct inode, i_ino) == sizeof(u64)); /* the engine's numbers */

static void vexfs_inode_start(struct inode *inode, const struct vexfs_attr *attr, u64 sampled)
{
	unsigned long trust = READ_ONCE(vexfs_fs_of(inode)->trust);

	inode->i_mode = attr->mode;
	inode->i_generation = attr->generation;
	inode->i_flags |= S_NOATIME | S_NOCMTIME;
	smp_mb(); /* the inode can be found before `doubted` is read, see vexfs_doubt() */
	spin_lock(&inode->i_lock);
	vexfs_store_attr(inode, attr, trust);
	if (READ_ONCE(vexfs_fs_of(inode)->doubted) > sampled || trust > sampled)
		vexfs_i(inode)->valid = jiffies;
	spin_unlock(&inode->i_lock);
	switch (attr->mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &vexfs_inode_ops;
		inode->i_fop = &vexfs_file_ops;
		inode->i_mapping->a_ops = &vexfs_mapping_ops;
		break;
	case S_IFDIR:
		inode->i_op = &vexfs_dir_inode_ops;
		inode->i_fop = &vexfs_dir_ops;
		break;
	case S_IFLNK:
		inode->i_op = &vexfs_symlink_inode_ops;
		break;
	default:
		inode->i_op = &vexfs_inode_ops;
		init_special_inode(inode, attr->mode, MKDEV(attr->rdev_major, attr->rdev_minor));
	}
}

/* An entry that the kernel has no inode for is given back. */
void vexfs_forget(struct super_block *sb, const struct vexfs_attr *attr)
{
	struct vexfs_deferred *forget = kmalloc(sizeof(*forget), GFP_KERNEL | __GFP_NOFAIL);

	*forget = (struct vexfs_deferred){ .node = { attr->ino, attr->generation, 0, 1 } };
	vexfs_defer(sb->s_fs_info, forget);
}

/*
 * The inode of an entry that the engine returned, with a reference; `lookups` is how often it then
 * is to be forgotten more.
 */
struct inode *vexfs_iget(struct super_block *sb, const struct vexfs_attr *attr, u64 sampled,
			 u64 lookups)
{
	struct inode *inode = NULL;
	int ret = -EIO;

	if (vexfs_attr_ok(attr)) {
		inode = iget_locked(sb, attr->ino);
		ret = inode ? 0 : -ENOMEM;
	}
	if (!ret && inode->i_state & I_NEW) {
		vexfs_inode_start(inode, attr, sampled);
		unlock_new_inode(inode);
	} else if (!ret) {
		ret = min(vexfs_take_attr(inode, attr, sampled), 0);
	}
	if (ret) {
		iput(inode);
		if (lookups && attr->ino)
			vexfs_forget(sb, attr);
		return ERR_PTR(ret);
	}
	spin_lock(&inode->i_lock);
	vexfs_i(inode)->lookups += lookups;
	spin_unlock(&inode->i_lock);
	return inode;
}

int vexfs_getattr(vx_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask,
		  unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct vexfs_inode *vi = vexfs_i(inode);
	unsigned int sync = flags & AT_STATX_SYNC_TYPE;
	int ret = sync == AT_STATX_FORCE_SYNC  ? vexfs_refresh(inode)
		  : sync == AT_STATX_DONT_SYNC ? 0
					       : vexfs_revalidate(inode, VEXFS_TIMES);

	if (ret < 0)
		return ret;
	generic_fillattr(idmap, mask, inode, stat);
	stat->blksize = vi->blksize;
	stat->btime = vi->btime;
	stat->result_mask |= STATX_BTIME;
	stat->attributes |= vi->attributes;
	return 0;
}

static struct vexfs_time vexfs_time_of(bool valid, struct timespec64 time)
{
	return (struct vexfs_time){ valid ? time.tv_sec : 0, valid ? time.tv_nsec : 0 };
}

/* Only what is valid is set in `attr`. */
static struct vexfs_req_setattr vexfs_setattr_body(const struct iattr *attr,
						   struct user_namespace *ns)
{
	unsigned int valid = attr->ia_valid;
	u32 atime = valid & ATTR_ATIME_SET ? VEXFS_SET_ATIME : VEXFS_SET_ATIME_NOW;
	u32 mtime = valid & ATTR_MTIME_SET ? VEXFS_SET_MTIME : VEXFS_SET_MTIME_NOW;

	static_assert(ATTR_MODE == VEXFS_SET_MODE && ATTR_UID == VEXFS_SET_UID &&
		      ATTR_GID == VEXFS_SET_GID && ATTR_SIZE == VEXFS_SET_SIZE);
	return (struct vexfs_req_setattr){
		.valid = (valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE)) |
			 (valid & ATTR_ATIME ? atime : 0) | (valid & ATTR_MTIME ? mtime : 0),
		.mode = valid & ATTR_MODE ? attr->ia_mode : 0,
		.uid = valid & ATTR_UID ? from_kuid(ns, attr->ia_uid) : 0,
		.gid = valid & ATTR_GID ? from_kgid(ns, attr->ia_gid) : 0,
		.size = valid & ATTR_SIZE ? attr->ia_size : 0,
		.atime = vexfs_time_of(valid & ATTR_ATIME, attr->ia_atime),
		.mtime = vexfs_time_of(valid & ATTR_MTIME, attr->ia_mtime),
	};
}

int vexfs_setattr(vx_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct vexfs_req_setattr body;
	struct vexfs_rep_attr reply;
	u64 sampled;
	int ret = setattr_prepare(idmap, dentry, attr);

	if (ret)
		return ret;
	if (attr->ia_valid & ATTR_FILE && vexfs_f(attr->ia_file)->flags & VEXFS_OPEN_SESSION)
		return vexfs_ask(inode, VEXFS_REQ_SESSION_TRUNCATE, VEXFS_NONE, VEXFS_NONE,
				 .fh = vexfs_f(attr->ia_file)->release.fh);
	body = vexfs_setattr_body(attr, vexfs_fs_of(inode)->user_ns);
	if (!body.valid)
		return 0;
	vexfs_changed(inode, VEXFS_ALL);
	sampled = vexfs_sample(inode->i_sb);
	ret = vexfs_ask(inode, VEXFS_REQ_SETATTR, &body, &reply);
	if (ret && attr->ia_valid & ATTR_SIZE)
		vexfs_drop_pages(inode, 0, S64_MAX, ret);
	if (ret)
		return ret;
	ret = vexfs_take_attr(inode, &reply.attr, sampled);
	if (attr->ia_valid & ATTR_SIZE) { /* also if that was overtaken */
		vexfs_resized(inode, attr->ia_size);
		truncate_pagecache(inode, attr->ia_size);
	}
	return min(ret, 0);
}

const struct inode_operations vexfs_inode_ops = {
	.permission = vexfs_permission,
	.getattr = vexfs_getattr,
	.setattr = vexfs_setattr,
	.listxattr = vexfs_listxattr,
};
