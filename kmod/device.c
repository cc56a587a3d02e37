// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/vexfs: how an engine attaches, maps its queues and waits for requests.
 *
 * file->private_data is the channel of the file, set once. The engine's death shows in ->flush with
 * the files_struct that attached: it runs in exit(2), while ->release may have to wait for a
 * command that is parked in io_uring.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "vexfs.h"

static DEFINE_MUTEX(vexfs_attach_lock); /* setting of private_data */

static struct vexfs_chan *vexfs_chan_of(struct file *file)
{
	return smp_load_acquire((struct vexfs_chan **)&file->private_data);
}

/* Copies a struct that begins with its size. */
static int vexfs_copy_in(void *to, size_t bytes, const void __user *from)
{
	u32 size;

	if (get_user(size, (const u32 __user *)from))
		return -EFAULT;
	if (size < sizeof(size) || size > PAGE_SIZE)
		return -EINVAL;
	return copy_struct_from_user(to, bytes, from, size);
}

/* ---- Attaching ------------------------------------------------------------------------------ */

static u64 vexfs_features(u64 wanted)
{
	u64 known = VEXFS_QUEUE_FEATURE_RECOVERY | VEXFS_QUEUE_FEATURE_URING;

	if (VX_URING_CANCEL)
		known |= VEXFS_QUEUE_FEATURE_CANCEL;
	return wanted & known;
}

static void vexfs_write_headers(struct vexfs_chan *chan)
{
	u32 number;

	for (number = 0; number < chan->queues; number++) {
		struct vexfs_queue *queue = &chan->queue[number];
		struct vexfs_queue_header *header = queue->memory;

		queue->layout.epoch = chan->epoch;
		*header = queue->layout;
	}
}

/* Makes a channel for the fs and makes it that of the file. */
static int vexfs_join(struct file *file, struct vexfs_fs *fs, struct vexfs_attach *attach)
{
	struct vexfs_chan *chan = vexfs_chan_new(fs, attach);
	int ret;

	if (IS_ERR(chan))
		return PTR_ERR(chan);
	chan->features = vexfs_features(attach->features);
	ret = vexfs_fs_attach(fs, chan, attach->flags & VEXFS_RECOVER_LOST);
	if (ret) {
		vexfs_chan_put(chan);
		return ret;
	}
	vexfs_write_headers(chan);
	attach->features = chan->features;
	attach->fs = fs->id;
	attach->epoch = chan->epoch;
	smp_store_release((struct vexfs_chan **)&file->private_data, chan);
	return 0;
}

static int vexfs_may_recover(struct vexfs_fs *fs, const struct vexfs_attach *attach)
{
	if (!ns_capable(fs->user_ns, CAP_SYS_ADMIN) || !uid_eq(fs->owner, current_euid()))
		return -EPERM;
	return memcmp(fs->volume, attach->volume, sizeof(fs->volume)) ? -EINVAL : 0;
}

static int vexfs_attach_to(struct file *file, unsigned int nr, struct vexfs_attach *attach)
{
	struct vexfs_fs *fs;
	int ret = 0;

	if (nr == _IOC_NR(VEXFS_QUEUE_ATTACH)) {
		if (attach->flags || attach->fs)
			return -EINVAL;
		fs = vexfs_fs_new();
		if (!fs)
			return -ENOMEM;
		memcpy(fs->volume, attach->volume, sizeof(fs->volume));
		fs->recovery = attach->features & VEXFS_QUEUE_FEATURE_RECOVERY;
	} else {
		if (attach->flags & ~VEXFS_RECOVER_LOST)
			return -EINVAL;
		fs = vexfs_fs_find(attach->fs);
		if (!fs)
			return -ENOENT;
		ret = vexfs_may_recover(fs, attach);
	}
	if (!ret)
		ret = vexfs_join(file, fs, attach);
	vexfs_fs_put(fs);
	return ret;
}

static long vexfs_attach(struct file *file, unsigned int nr, void __user *arg)
{
	struct vexfs_attach attach;
	int ret = vexfs_copy_in(&attach, sizeof(attach), arg);

	if (ret)
		return ret;
	if (attach.abi != VEXFS_QUEUE_ABI)
		return -EPROTO;
	mutex_lock(&vexfs_attach_lock);
	ret = file->private_data ? -EBUSY : vexfs_attach_to(file, nr, &attach);
	mutex_unlock(&vexfs_attach_lock);
	if (ret)
		return ret;
	/* The size is the caller's: what it did not give room for it does not get. */
	return copy_to_user(arg, &attach, min_t(size_t, attach.size, sizeof(attach))) ? -EFAULT : 0;
}

/* ---- The other commands --------------------------------------------------------------------- */

static long vexfs_detach(struct vexfs_chan *chan, void __user *arg)
{
	struct vexfs_detach detach;
	int ret = vexfs_copy_in(&detach, sizeof(detach), arg);

	if (ret)
		return ret;
	if (detach.flags & ~VEXFS_DETACH_KEEP)
		return -EINVAL;
	vexfs_chan_kill(chan, detach.flags & VEXFS_DETACH_KEEP);
	return 0;
}

static long vexfs_abort(void __user *arg)
{
	struct vexfs_abort abort;
	struct vexfs_fs *fs;
	int ret = vexfs_copy_in(&abort, sizeof(abort), arg);

	if (ret)
		return ret;
	if (abort.zero)
		return -EINVAL;
	fs = vexfs_fs_find(abort.fs);
	if (!fs)
		return -ENOENT;
	vexfs_fs_abort(fs);
	vexfs_fs_put(fs);
	return 0;
}

static long vexfs_set_params(struct vexfs_chan *chan, void __user *arg)
{
	struct vexfs_fs *fs = chan->fs;
	struct vexfs_params params;
	int ret = vexfs_copy_in(&params, sizeof(params), arg);

	if (ret)
		return ret;
	if (params.spin_ns > 50000 || params.abandoned > VEXFS_QUEUE_MAX_SLOTS)
		return -EINVAL;
	spin_lock(&fs->lock);
	fs->recover_ms = params.recover_ms;
	fs->abandoned_max = params.abandoned;
	spin_unlock(&fs->lock);
	return 0;
}

static long vexfs_wait(struct vexfs_chan *chan, struct vexfs_wait __user *arg)
{
	struct vexfs_wait wait;
	int ret = vexfs_copy_in(&wait, sizeof(wait), arg);

	if (ret)
		return ret;
	if (wait.zero || wait.zero2 || wait.cmd.flags || wait.cmd.queue >= chan->queues)
		return -EINVAL;
	ret = vexfs_queue_wait(&chan->queue[array_index_nospec(wait.cmd.queue, chan->queues)],
			       &wait);
	if (ret)
		return ret;
	return put_user(wait.tail, &arg->tail) ? -EFAULT : 0;
}

static long vexfs_device_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	struct vexfs_chan *chan = vexfs_chan_of(file);
	void __user *arg = (void __user *)argument;
	unsigned int nr = _IOC_NR(cmd);

	if (_IOC_TYPE(cmd) != VEXFS_QUEUE_TYPE)
		return -ENOTTY;
	switch (nr) {
	case _IOC_NR(VEXFS_QUEUE_ATTACH):
	case _IOC_NR(VEXFS_QUEUE_RECOVER):
		return vexfs_attach(file, nr, arg);
	case _IOC_NR(VEXFS_QUEUE_ABORT):
		return vexfs_abort(arg);
	}
	if (!chan)
		return -ENODEV;
	switch (nr) {
	case _IOC_NR(VEXFS_QUEUE_DETACH):
		return vexfs_detach(chan, arg);
	case _IOC_NR(VEXFS_QUEUE_SET_PARAMS):
		return vexfs_set_params(chan, arg);
	case _IOC_NR(VEXFS_QUEUE_WAIT):
		return vexfs_wait(chan, arg);
	default:
		return -ENOTTY;
	}
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
	vx_change_vm_flags(vma, VM_DONTCOPY | VM_DONTDUMP | VM_DONTEXPAND, VM_MAYEXEC);
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

static struct miscdevice vexfs_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vexfs",
	.fops = &vexfs_device_ops,
	.mode = 0600,
};

/* The channel of an open /dev/vexfs, or NULL. */
struct vexfs_chan *vexfs_device_chan(struct file *file)
{
	return file->f_op == &vexfs_device_ops ? vexfs_chan_of(file) : NULL;
}

int vexfs_device_init(void)
{
	return misc_register(&vexfs_device);
}

void vexfs_device_exit(void)
{
	misc_deregister(&vexfs_device);
}
