// SPDX-License-Identifier: GPL-2.0
/*
 * The module, and the superblock: mounting a filesystem that an engine attached, and letting go of
 * it.
 */
#include <linux/file.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/statfs.h>

#include "ioctl/vexfs_ioctl.h"
#include "vexfs.h"

static struct kmem_cache *vexfs_inode_cache;
static struct kobject *vexfs_sysfs; /* a directory for each that is mounted */

static struct inode *vexfs_alloc_inode(struct super_block *sb)
{
	struct vexfs_inode *vi = alloc_inode_sb(sb, vexfs_inode_cache, GFP_KERNEL);

	if (!vi)
		return NULL;
	vi->forget = kmalloc(sizeof(*vi->forget), GFP_KERNEL_ACCOUNT);
	if (!vi->forget) {
		kmem_cache_free(vexfs_inode_cache, vi);
		return NULL;
	}
	vi->lookups = 0;
	vi->changed = 0;
	vi->stale = VEXFS_ALL;
	vi->uncertain = false;
	return &vi->vfs;
}

static void vexfs_free_inode(struct inode *inode)
{
	kfree(vexfs_i(inode)->forget);
	kmem_cache_free(vexfs_inode_cache, vexfs_i(inode));
}

static void vexfs_init_once(void *memory)
{
	inode_init_once(&((struct vexfs_inode *)memory)->vfs);
}

static void vexfs_evict_inode(struct inode *inode)
{
	struct vexfs_inode *vi = vexfs_i(inode);

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (vi->lookups) {
		vi->forget->node =
			(struct vexfs_node){ inode->i_ino, inode->i_generation, 0, vi->lookups };
		vexfs_defer(vexfs_fs_of(inode), vi->forget);
		vi->forget = NULL;
	}
}

static int vexfs_statfs(struct dentry *dentry, struct kstatfs *stat)
{
	struct vexfs_rep_statfs reply;
	int ret = vexfs_ask(d_inode(dentry), VEXFS_REQ_STATFS, VEXFS_NONE, &reply);

	if (ret)
		return ret;
	stat->f_type = dentry->d_sb->s_magic;
	stat->f_bsize = reply.block_bytes;
	stat->f_frsize = reply.block_bytes;
	stat->f_blocks = reply.blocks;
	stat->f_bfree = reply.blocks_free;
	stat->f_bavail = reply.blocks_available;
	stat->f_files = reply.files;
	stat->f_ffree = reply.files_free;
	stat->f_fsid = u64_to_fsid(reply.fsid);
	stat->f_namelen = reply.name_bytes;
	return 0;
}

static int vexfs_sync_fs(struct super_block *sb, int wait)
{
	if (!wait || !sb->s_root)
		return 0;
	return vexfs_ask(d_inode(sb->s_root), VEXFS_REQ_SYNCFS, VEXFS_NONE, VEXFS_NONE);
}

/* After the last inode: what they deferred goes first, UNMOUNT is the last request. */
static void vexfs_put_super(struct super_block *sb)
{
	struct vexfs_fs *fs = sb->s_fs_info;
	struct vexfs_call call = { .op = VEXFS_REQ_UNMOUNT, .node = fs->root };

	flush_work(&fs->deferred_work);
	vexfs_call(fs, &call);
}

static void vexfs_umount_begin(struct super_block *sb)
{
	vexfs_fs_abort(sb->s_fs_info);
}

static const struct super_operations vexfs_super_ops = {
	.alloc_inode = vexfs_alloc_inode,
	.free_inode = vexfs_free_inode,
	.drop_inode = generic_drop_inode,
	.evict_inode = vexfs_evict_inode,
	.put_super = vexfs_put_super,
	.sync_fs = vexfs_sync_fs,
	.statfs = vexfs_statfs,
	.umount_begin = vexfs_umount_begin,
};

static int vexfs_ask_mount(struct super_block *sb, struct vexfs_rep_mount *reply)
{
	struct vexfs_fs *fs = sb->s_fs_info;
	struct vexfs_req_mount body = { .flags = sb->s_flags & SB_RDONLY };
	struct vexfs_call call = VEXFS_CALL_OF(VEXFS_REQ_MOUNT, &body, reply);
	int ret = vexfs_call(fs, &call);

	if (ret)
		return ret;
	if (!S_ISDIR(reply->root.mode) || reply->max_io < PAGE_SIZE)
		return -EIO;
	fs->root = (struct vexfs_on){ reply->root.ino, reply->root.generation };
	fs->max_io = min_t(u32, reply->max_io, VEXFS_QUEUE_MAX_DATA);
	vexfs_fs_mounted(fs, sb);
	if (reply->flags & VEXFS_HELLO_READ_ONLY) {
		fs->read_only = true;
		sb->s_flags |= SB_RDONLY;
	}
	return 0;
}

static int vexfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct vexfs_fs *fs = sb->s_fs_info;
	struct vexfs_rep_mount reply;
	struct inode *root;
	int ret;

	sb->s_magic = VEXFS_SUPER_MAGIC;
	sb->s_op = &vexfs_super_ops;
	sb->s_d_op = &vexfs_dentry_ops;
	sb->s_xattr = vexfs_xattr_handlers;
	sb->s_flags |= SB_NOSEC | SB_NOATIME; /* times are the engine's */
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	ret = super_setup_bdi(sb);
	if (!ret)
		ret = vexfs_ask_mount(sb, &reply);
	if (ret)
		return ret;
	sb->s_maxbytes = min_t(u64, reply.max_size, MAX_LFS_FILESIZE);
	sb->s_max_links = reply.max_links;
	if (reply.time_ns && reply.time_ns <= NSEC_PER_SEC)
		sb->s_time_gran = reply.time_ns;
	root = vexfs_iget(sb, &reply.root, 0, 0);
	if (IS_ERR(root))
		return PTR_ERR(root);
	sb->s_root = d_make_root(root);
	return sb->s_root ? kobject_add(&fs->kobj, vexfs_sysfs, "%llu", fs->id) : -ENOMEM;
}

static const struct fs_parameter_spec vexfs_parameters[] = { fsparam_fd("fd", 0), {} };

static int vexfs_parse(struct fs_context *fc, struct fs_parameter *param)
{
	struct fs_parse_result result;
	struct file *file;
	int option = fs_parse(fc, vexfs_parameters, param, &result);

	if (option < 0)
		return option;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE)
		return 0; /* mount(8) repeats what it once gave */
	if (fc->s_fs_info)
		return invalf(fc, "vexfs: fd is given twice");
	file = param->type == fs_value_is_file ? get_file(param->file) : fget(result.uint_32);
	if (!file)
		return invalf(fc, "vexfs: fd is not open");
	if (file->f_cred->user_ns == fc->user_ns)
		fc->s_fs_info = vexfs_device_fs(file);
	fput(file);
	return fc->s_fs_info ? 0 : invalf(fc, "vexfs: fd is not an attached /dev/vexfs");
}

static int vexfs_get_tree(struct fs_context *fc)
{
	if (!fc->s_fs_info)
		return invalf(fc, "vexfs: the option fd is missing");
	return vexfs_fs_claim(fc->s_fs_info) ?: get_tree_nodev(fc, vexfs_fill_super);
}

static int vexfs_reconfigure(struct fs_context *fc)
{
	struct super_block *sb = fc->root->d_sb;
	const struct vexfs_fs *fs = sb->s_fs_info;

	return fs->read_only && !(fc->sb_flags & SB_RDONLY) ? -EROFS : sync_filesystem(sb);
}

static void vexfs_free_context(struct fs_context *fc)
{
	if (fc->s_fs_info)
		vexfs_fs_put(fc->s_fs_info);
}

static const struct fs_context_operations vexfs_context_ops = {
	.parse_param = vexfs_parse,
	.get_tree = vexfs_get_tree,
	.reconfigure = vexfs_reconfigure,
	.free = vexfs_free_context,
};

static int vexfs_init_context(struct fs_context *fc)
{
	fc->ops = &vexfs_context_ops;
	return 0;
}

static void vexfs_kill_super(struct super_block *sb)
{
	struct vexfs_fs *fs = sb->s_fs_info;

	kill_anon_super(sb);
	if (fs->kobj.state_in_sysfs)
		kobject_del(&fs->kobj); /* and nobody reads or writes there any more */
	vexfs_fs_mounted(fs, NULL);
	vexfs_fs_put(fs);
}

static struct file_system_type vexfs_type = {
	.owner = THIS_MODULE,
	.name = "vexfs",
	.init_fs_context = vexfs_init_context,
	.parameters = vexfs_parameters,
	.kill_sb = vexfs_kill_super,
};
MODULE_ALIAS_FS("vexfs");

static int __init vexfs_init(void)
{
	int ret = -ENOMEM;

	vexfs_inode_cache = kmem_cache_create("vexfs_inode", sizeof(struct vexfs_inode), 0,
					      SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, vexfs_init_once);
	vexfs_sysfs = kobject_create_and_add("vexfs", fs_kobj);
	if (vexfs_inode_cache && vexfs_sysfs)
		ret = register_filesystem(&vexfs_type);
	if (!ret) {
		ret = misc_register(&vexfs_device);
		if (!ret)
			return 0;
		unregister_filesystem(&vexfs_type);
	}
	kobject_put(vexfs_sysfs);
	kmem_cache_destroy(vexfs_inode_cache);
	return ret;
}

static void __exit vexfs_exit(void)
{
	misc_deregister(&vexfs_device);
	unregister_filesystem(&vexfs_type);
	kobject_put(vexfs_sysfs);
	rcu_barrier(); /* inodes are freed after a grace period */
	kmem_cache_destroy(vexfs_inode_cache);
}

module_init(vexfs_init);
module_exit(vexfs_exit);

MODULE_DESCRIPTION("VexFS, a filesystem whose files can be found by meaning");
MODULE_AUTHOR("The VexFS authors");
MODULE_LICENSE("GPL");
