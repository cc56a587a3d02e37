// SPDX-License-Identifier: GPL-2.0
/*
 * Directories: names, and the operations on them.
 *
 * Who may is decided before by the VFS; the owner and the mode of what is made are decided here and
 * are final. dentry->d_time says until when a name, or that there is none, is believed, and
 * d_fsdata is fs->trust of when it came.
 */
#include <linux/namei.h>
#include <linux/stat.h>

#include "vexfs.h"

#define VEXFS_READDIR_BYTES 16384u

static struct vexfs_piece vexfs_name(const struct dentry *dentry)
{
	return (struct vexfs_piece){ dentry->d_name.name, dentry->d_name.len };
}

static void vexfs_believe(struct dentry *dentry, u64 entry_ns, unsigned long trust)
{
	dentry->d_time = vexfs_expiry(entry_ns);
	WRITE_ONCE(dentry->d_fsdata, (void *)trust);
}

static unsigned long vexfs_trust(const struct super_block *sb)
{
	return READ_ONCE(((struct vexfs_fs *)sb->s_fs_info)->trust);
}

/* What the name stands for, with a reference: NULL if there is none, or an error. */
static struct inode *vexfs_find(struct inode *dir, const struct dentry *dentry, u64 *entry_ns)
{
	struct vexfs_req_name body = { .name_bytes = dentry->d_name.len };
	u64 sampled = vexfs_sample(dir->i_sb);
	struct vexfs_rep_entry entry;
	int ret = vexfs_ask(dir, VEXFS_REQ_LOOKUP, &body, &entry, .payload[0] = vexfs_name(dentry));

	if (ret)
		return ERR_PTR(ret);
	*entry_ns = entry.entry_ns;
	return entry.attr.ino ? vexfs_iget(dir->i_sb, &entry.attr, sampled, 1) : NULL;
}

static struct dentry *vexfs_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	unsigned long trust = vexfs_trust(dir->i_sb);
	struct dentry *other;
	struct inode *inode;
	u64 entry_ns = 0;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	inode = vexfs_find(dir, dentry, &entry_ns);
	vexfs_believe(dentry, entry_ns, trust);
	other = d_splice_alias(inode, dentry);
	if (!IS_ERR_OR_NULL(other))
		vexfs_believe(other, entry_ns, trust);
	return other;
}

/* 1: the name still stands for what it did. 0: it is to be looked up again. */
static int vexfs_still_is(struct inode *dir, struct dentry *dentry)
{
	unsigned long trust = vexfs_trust(dir->i_sb);
	u64 entry_ns;
	struct inode *found = vexfs_find(dir, dentry, &entry_ns);
	int ret = PTR_ERR_OR_ZERO(found);

	if (ret)
		return ret == -ENOTCONN || ret == -EINTR || ret == -ENOMEM ? ret : 0;
	iput(found);
	if (found != d_inode(dentry))
		return 0;
	vexfs_believe(dentry, entry_ns, trust);
	return 1;
}

static int vexfs_d_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	int ret;

	if (IS_ROOT(dentry))
		return 1;
	if (time_before(jiffies, READ_ONCE(dentry->d_time)) &&
	    (unsigned long)READ_ONCE(dentry->d_fsdata) == vexfs_trust(dentry->d_sb))
		return 1;
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	parent = dget_parent(dentry);
	ret = vexfs_still_is(d_inode(parent), dentry);
	dput(parent);
	return ret;
}

const struct dentry_operations vexfs_dentry_ops = {
	.d_revalidate = vexfs_d_revalidate,
};

/* What a new node's request says of it: a set-group-ID directory hands its group on. */
static struct vexfs_req_make vexfs_make_body(struct inode *dir, umode_t mode, u32 name_bytes)
{
	struct user_namespace *ns = vexfs_fs_of(dir)->user_ns;
	umode_t inherited = dir->i_mode & S_ISGID;

	return (struct vexfs_req_make){
		.mode = mode | (S_ISDIR(mode) ? inherited : 0),
		.uid = from_kuid(ns, current_fsuid()),
		.gid = from_kgid(ns, inherited ? dir->i_gid : current_fsgid()),
		.name_bytes = name_bytes,
	};
}

/* The end of a request that makes a name. What failed may be there all the same. */
static int vexfs_take_made(struct inode *dir, struct dentry *dentry, u64 sampled,
			   const struct vexfs_rep_entry *entry, int ret)
{
	struct inode *inode = ret ? ERR_PTR(ret) : vexfs_iget(dir->i_sb, &entry->attr, sampled, 1);

	vexfs_changed(dir, VEXFS_ALL);
	if (IS_ERR(inode)) {
		vexfs_believe(dentry, 0, 0);
		return PTR_ERR(inode);
	}
	vexfs_believe(dentry, entry->entry_ns, vexfs_trust(dir->i_sb));
	d_instantiate(dentry, inode);
	return 0;
}

static int vexfs_make(struct inode *dir, struct dentry *dentry, u32 op, umode_t mode, dev_t device,
		      const char *target)
{
	struct vexfs_req_make body = vexfs_make_body(dir, mode, dentry->d_name.len);
	u64 sampled = vexfs_sample(dir->i_sb);
	struct vexfs_rep_entry entry;
	int ret;

	body.rdev_major = MAJOR(device);
	body.rdev_minor = MINOR(device);
	body.target_bytes = target ? strlen(target) : 0;
	ret = vexfs_ask(dir, op, &body, &entry, .payload[0] = vexfs_name(dentry),
			.payload[1] = { target, body.target_bytes });
	return vexfs_take_made(dir, dentry, sampled, &entry, ret);
}

static int vexfs_mknod(vx_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode,
		       dev_t device)
{
	return vexfs_make(dir, dentry, VEXFS_REQ_MKNOD, mode, device, NULL);
}

static int vexfs_create(vx_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode,
			bool exclusive)
{
	return vexfs_make(dir, dentry, VEXFS_REQ_MKNOD, mode | S_IFREG, 0, NULL);
}

static int vexfs_mkdir(vx_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return vexfs_make(dir, dentry, VEXFS_REQ_MKDIR, mode | S_IFDIR, 0, NULL);
}

static int vexfs_symlink(vx_idmap *idmap, struct inode *dir, struct dentry *dentry,
			 const char *target)
{
	return vexfs_make(dir, dentry, VEXFS_REQ_SYMLINK, S_IFLNK | 0777, 0, target);
}

static int vexfs_tmpfile(vx_idmap *idmap, struct inode *dir, struct file *file, umode_t mode)
{
	struct vexfs_req_make body = vexfs_make_body(dir, mode | S_IFREG, 0);
	u64 sampled = vexfs_sample(dir->i_sb);
	struct vexfs_rep_create reply;
	struct inode *inode;
	int ret;

	body.open_flags = file->f_flags;
	ret = vexfs_ask(dir, VEXFS_REQ_TMPFILE, &body, &reply);
	inode = ret ? ERR_PTR(ret) : vexfs_iget(dir->i_sb, &reply.entry.attr, sampled, 1);
	if (!IS_ERR(inode)) {
		if (!inode->i_nlink) /* d_tmpfile() takes the one link that others give it */
			set_nlink(inode, 1);
		d_tmpfile(file, inode);
	}
	return finish_open_simple(file, PTR_ERR_OR_ZERO(inode));
}

static int vexfs_link(struct dentry *from, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(from);
	struct vexfs_req_link body = { inode->i_ino, inode->i_generation, dentry->d_name.len };
	struct vexfs_rep_entry entry;
	u64 sampled;
	int ret;

	vexfs_changed(inode, VEXFS_ALL);
	sampled = vexfs_sample(dir->i_sb);
	ret = vexfs_ask(dir, VEXFS_REQ_LINK, &body, &entry, .payload[0] = vexfs_name(dentry));
	if (!ret && entry.attr.ino != body.ino) {
		vexfs_forget(dir->i_sb, &entry.attr);
		ret = -EIO;
	}
	return vexfs_take_made(dir, dentry, sampled, &entry, ret);
}

/* A name of the inode went. With the last one the inode goes when nobody has it open. */
static void vexfs_lost_name(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	if (S_ISDIR(inode->i_mode))
		clear_nlink(inode);
	else if (inode->i_nlink)
		drop_nlink(inode);
	spin_unlock(&inode->i_lock);
	vexfs_changed(inode, VEXFS_ALL);
}

/* unlink(2) and rmdir(2). */
static int vexfs_remove(struct inode *dir, struct dentry *dentry)
{
	struct vexfs_req_name body = { .name_bytes = dentry->d_name.len };
	int ret = vexfs_ask(dir, d_is_dir(dentry) ? VEXFS_REQ_RMDIR : VEXFS_REQ_UNLINK, &body,
			    VEXFS_NONE, .payload[0] = vexfs_name(dentry));

	vexfs_changed(dir, VEXFS_ALL);
	if (ret)
		vexfs_believe(dentry, 0, 0);
	else
		vexfs_lost_name(d_inode(dentry));
	return ret;
}

static int vexfs_rename(vx_idmap *idmap, struct inode *dir, struct dentry *dentry,
			struct inode *to_dir, struct dentry *to, unsigned int flags)
{
	struct vexfs_req_rename body = { to_dir->i_ino, to_dir->i_generation, flags,
					 dentry->d_name.len, to->d_name.len };
	int ret;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	ret = vexfs_ask(dir, VEXFS_REQ_RENAME, &body, VEXFS_NONE,
			.payload = { vexfs_name(dentry), vexfs_name(to) });
	if (ret) {
		vexfs_believe(dentry, 0, 0);
		vexfs_believe(to, 0, 0);
		return ret;
	}
	vexfs_changed(dir, VEXFS_ALL);
	vexfs_changed(to_dir, VEXFS_ALL);
	vexfs_changed(d_inode(dentry), VEXFS_ALL);
	if (flags & RENAME_EXCHANGE)
		vexfs_changed(d_inode(to), VEXFS_ALL);
	else if (d_really_is_positive(to))
		vexfs_lost_name(d_inode(to));
	swap(dentry->d_time, to->d_time);
	swap(dentry->d_fsdata, to->d_fsdata);
	return 0;
}

static bool vexfs_dirent_ok(const struct vexfs_dirent *dirent, const char *name, u32 left)
{
	if (dirent->name_bytes < 1 || dirent->name_bytes > NAME_MAX || dirent->name_bytes > left)
		return false;
	return dirent->ino && dirent->next <= S64_MAX && !memchr(name, '/', dirent->name_bytes) &&
	       !memchr(name, 0, dirent->name_bytes);
}

/* Hands the entries of a reply on. 1: there is room for more, 0: there is none, or -EIO. */
static int vexfs_emit(struct dir_context *context, const void *data, u32 bytes)
{
	u32 at = 0;

	while (at < bytes) {
		const struct vexfs_dirent *dirent = data + at;
		const char *name = (const char *)(dirent + 1);

		if (bytes - at < sizeof(*dirent) ||
		    !vexfs_dirent_ok(dirent, name, bytes - at - sizeof(*dirent)))
			return -EIO;
		if (!dir_emit(context, name, dirent->name_bytes, dirent->ino, dirent->type & 15))
			return 0;
		context->pos = dirent->next;
		at += sizeof(*dirent) + ALIGN(dirent->name_bytes, 8);
	}
	return 1;
}

static int vexfs_readdir(struct file *file, struct dir_context *context)
{
	struct inode *dir = file_inode(file);
	u32 room = min(vexfs_fs_of(dir)->max_io, VEXFS_READDIR_BYTES);
	void *data = kmalloc(room, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!data)
		return -ENOMEM;
	do {
		struct vexfs_req_readdir body = { .cookie = context->pos, .bytes = room };
		struct vexfs_call call = VEXFS_CALL(dir, VEXFS_REQ_READDIR, &body, VEXFS_NONE,
						    .out = data, .out_room = room);

		ret = vexfs_call(vexfs_fs_of(dir), &call);
		if (!ret && call.out_bytes)
			ret = vexfs_emit(context, data, call.out_bytes);
	} while (ret == 1);
	kfree(data);
	return ret;
}

/* A position is the engine's cookie, so every one that is not negative may be one. */
static loff_t vexfs_dir_llseek(struct file *file, loff_t offset, int whence)
{
	return generic_file_llseek_size(file, offset, whence, S64_MAX, 0);
}

static const char *vexfs_get_link(struct dentry *dentry, struct inode *inode,
				  struct delayed_call *done)
{
	char *target = dentry ? kmalloc(PATH_MAX, GFP_KERNEL_ACCOUNT) : ERR_PTR(-ECHILD);
	struct vexfs_call call = VEXFS_CALL(inode, VEXFS_REQ_READLINK, VEXFS_NONE, VEXFS_NONE,
					    .out = target, .out_room = PATH_MAX - 1);
	int ret;

	if (IS_ERR_OR_NULL(target))
		return target ? target : ERR_PTR(-ENOMEM);
	ret = vexfs_call(vexfs_fs_of(inode), &call);
	if (!ret && (!call.out_bytes || memchr(target, 0, call.out_bytes)))
		ret = -EIO;
	if (ret) {
		kfree(target);
		return ERR_PTR(ret);
	}
	target[call.out_bytes] = 0;
	set_delayed_call(done, kfree_link, target);
	return target;
}

const struct inode_operations vexfs_dir_inode_ops = {
	.lookup = vexfs_lookup,
	.create = vexfs_create,
	.link = vexfs_link,
	.unlink = vexfs_remove,
	.symlink = vexfs_symlink,
	.mkdir = vexfs_mkdir,
	.rmdir = vexfs_remove,
	.mknod = vexfs_mknod,
	.rename = vexfs_rename,
	.tmpfile = vexfs_tmpfile,
	.permission = vexfs_permission,
	.getattr = vexfs_getattr,
	.setattr = vexfs_setattr,
	.listxattr = vexfs_listxattr,
};

const struct inode_operations vexfs_symlink_inode_ops = {
	.get_link = vexfs_get_link,
	.getattr = vexfs_getattr,
	.setattr = vexfs_setattr,
	.listxattr = vexfs_listxattr,
};

const struct file_operations vexfs_dir_ops = {
	.owner = THIS_MODULE,
	.llseek = vexfs_dir_llseek,
	.read = generic_read_dir,
	.iterate_shared = vexfs_readdir,
	.fsync = vexfs_fsync,
	.unlocked_ioctl = vexfs_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
