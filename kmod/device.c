// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/vexfs: how an engine attaches, maps its queues and waits for requests.
 *
 * file->private_data is the channel of the file, set once. The engine's death shows in ->flush with
 * the files_struct that attached: it runs in exit(2), while ->release may have to wait for a
 * command that is parked in io_uring.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "vexfs.h"

/* What is granted of the features that are asked for. */
#define VEXFS_FEATURES                                                                            \
	(VEXFS_QUEUE_FEATURE_RECOVERY | VEXFS_QUEUE_FEATURE_POLLING | VEXFS_QUEUE_FEATURE_URING | \
	 (VX_URING_CANCEL ? VEXFS_QUEUE_FEATURE_CANCEL : 0))

static DEFINE_MUTEX(vexfs_attach_lock); /* setting of private_data */

static struct vexfs_chan *vexfs_chan_of(struct file *file)
{
	return smp_load_acquire((struct vexfs_chan **)&file->private_data);
}

/* Makes a channel for the fs and makes it that of the file. */
static int vexfs_join(struct file *file, struct vexfs_fs *fs, struct vexfs_attach *attach)
{
	struct vexfs_chan *chan = vexfs_chan_new(fs, attach);
	int ret;

	if (IS_ERR(chan))
		return PTR_ERR(chan);
	attach->features &= VEXFS_FEATURES;
	chan->polling = attach->features & VEXFS_QUEUE_FEATURE_POLLING;
	ret = vexfs_fs_attach(fs, chan, attach->flags & VEXFS_ATTACH_LOST);
	if (ret) {
		vexfs_chan_put(chan);
		return ret;
	}
	attach->fs = fs->id;
	attach->epoch = chan->epoch;
	smp_store_release((struct vexfs_chan **)&file->private_data, chan);
	return 0;
}

/* Who made a fs may bring it its next engine; a new one is that of whoever makes it. */
static int vexfs_attach_to(struct file *file, struct vexfs_attach *attach)
{
	bool recovery = attach->features & VEXFS_QUEUE_FEATURE_RECOVERY;
	struct vexfs_fs *fs =
		attach->fs ? vexfs_fs_find(attach->fs) : vexfs_fs_new(attach->volume, recovery);
	int ret;

	if (!fs)
		return attach->fs ? -ENOENT : -ENOMEM;
	if (!ns_capable(fs->user_ns, CAP_SYS_ADMIN) || !uid_eq(fs->owner, current_euid()))
		ret = -EPERM;
	else if (memcmp(fs->volume, attach->volume, sizeof(fs->volume)))
		ret = -EINVAL;
	else
		ret = vexfs_join(file, fs, attach);
	vexfs_fs_put(fs);
	return ret;
}

static int vexfs_attach(struct file *file, struct vexfs_attach *attach)
{
	int ret;

	if (attach->abi != VEXFS_QUEUE_ABI)
		return -EPROTO;
	if (attach->size != sizeof(*attach) ||
	    attach->flags & ~(attach->fs ? VEXFS_ATTACH_LOST : 0) ||
	    memchr_inv(attach->zero, 0, sizeof(attach->zero)))
		return -EINVAL;
	mutex_lock(&vexfs_attach_lock);
	ret = file->private_data ? -EBUSY : vexfs_attach_to(file, attach);
	mutex_unlock(&vexfs_attach_lock);
	return ret;
}

union vexfs_command { /* the struct of any command */
	struct vexfs_attach attach;
	struct vexfs_detach detach;
	struct vexfs_inval inval;
	struct vexfs_wait wait;
};

static int vexfs_command(struct file *file, unsigned int cmd, union vexfs_command *arg)
{
	struct vexfs_chan *chan = vexfs_chan_of(file);

	if (cmd == VEXFS_QUEUE_ATTACH)
		return vexfs_attach(file, &arg->attach);
	if (!chan)
		return -ENODEV;
	switch (cmd) {
	case VEXFS_QUEUE_DETACH:
		if (arg->detach.flags & ~VEXFS_DETACH_KEEP || arg->detach.zero)
			return -EINVAL;
		WRITE_ONCE(chan->in_order, true);
		vexfs_chan_kill(chan, arg->detach.flags & VEXFS_DETACH_KEEP);
		return 0;
	case VEXFS_QUEUE_NOTIFY_INVAL:
		vexfs_doubt(chan->fs, arg->inval.ino);
		return arg->inval.ino ? 0 : -EINVAL;
	case VEXFS_QUEUE_WAIT:
		return vexfs_queue_wait(chan, &arg->wait);
	default:
		return -ENOTTY;
	}
}

static long vexfs_device_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	void __user *user = (void __user *)argument;
	union vexfs_command arg;
	int ret;

	if (_IOC_TYPE(cmd) != VEXFS_QUEUE_TYPE || _IOC_SIZE(cmd) > sizeof(arg))
		return -ENOTTY;
	if (copy_from_user(&arg, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	ret = vexfs_command(file, cmd, &arg);
	if (!ret && _IOC_DIR(cmd) & _IOC_READ && copy_to_user(user, &arg, _IOC_SIZE(cmd)))
		ret = -EFAULT;
	return ret;
}

static int vexfs_device_uring(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct vexfs_chan *chan = vexfs_chan_of(cmd->file);

	return chan ? vexfs_queue_uring(chan, cmd, issue_flags) : -ENODEV;
}

static int vexfs_device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vexfs_chan *chan = vexfs_chan_of(file);
	unsigned long bytes = vma->vm_end - vma->vm_start;
	unsigned long pages, number;

	if (!chan)
		return -ENODEV;
	pages = chan->map_bytes >> PAGE_SHIFT;
	number = vma->vm_pgoff / pages;
	if (!(vma->vm_flags & VM_SHARED) || bytes != chan->map_bytes || vma->vm_pgoff % pages ||
	    number >= chan->queues)
		return -EINVAL;
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTDUMP | VM_DONTEXPAND, VM_MAYEXEC);
	number = array_index_nospec(number, chan->queues);
	return remap_vmalloc_range(vma, chan->queue[number].memory, 0);
}

static int vexfs_device_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL; /* misc_open() put the device there */
	return capable(CAP_SYS_ADMIN) ? nonseekable_open(inode, file) : -EPERM;
}

static int vexfs_device_flush(struct file *file, fl_owner_t id)
{
	struct vexfs_chan *chan = vexfs_chan_of(file);

	if (chan && chan->owner == id)
		vexfs_chan_kill(chan, true);
	return 0;
}

static int vexfs_device_release(struct inode *inode, struct file *file)
{
	struct vexfs_chan *chan = vexfs_chan_of(file);

	if (chan) {
		vexfs_chan_kill(chan, true);
		vexfs_chan_put(chan);
	}
	return 0;
}

static const struct file_operations vexfs_device_ops = {
	.owner = THIS_MODULE,
	.open = vexfs_device_open,
	.flush = vexfs_device_flush,
	.release = vexfs_device_release,
	.unlocked_ioctl = vexfs_device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = vexfs_device_uring,
	.mmap = vexfs_device_mmap,
};

struct miscdevice vexfs_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vexfs",
	.fops = &vexfs_device_ops,
	.mode = 0600,
};

/* The fs that an open file is attached to, with a reference; NULL if it is to none. */
struct vexfs_fs *vexfs_device_fs(struct file *file)
{
	struct vexfs_chan *chan = file->f_op == &vexfs_device_ops ? vexfs_chan_of(file) : NULL;

	return chan ? vexfs_fs_get(chan->fs) : NULL;
}
