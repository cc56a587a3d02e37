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

static int vexfs_attach(struct file *file, unsigned int nr, struct vexfs_attach *attach)
{
	int ret;

	if (attach->abi != VEXFS_QUEUE_ABI)
		return -EPROTO;
	mutex_lock(&vexfs_attach_lock);
	ret = file->private_data ? -EBUSY : vexfs_attach_to(file, nr, attach);
	mutex_unlock(&vexfs_attach_lock);
	return ret;
}

/* ---- The other commands --------------------------------------------------------------------- */

static int vexfs_detach(struct vexfs_chan *chan, const struct vexfs_detach *detach)
{
	if (detach->flags & ~VEXFS_DETACH_KEEP)
		return -EINVAL;
	vexfs_chan_kill(chan, detach->flags & VEXFS_DETACH_KEEP);
	return 0;
}

static int vexfs_abort(const struct vexfs_abort *abort)
{
	struct vexfs_fs *fs;

	if (abort->zero)
		return -EINVAL;
	fs = vexfs_fs_find(abort->fs);
	if (!fs)
		return -ENOENT;
	vexfs_fs_abort(fs);
	vexfs_fs_put(fs);
	return 0;
}

static int vexfs_set_params(struct vexfs_fs *fs, const struct vexfs_params *params)
{
	if (params->spin_ns > 50000 || params->abandoned > VEXFS_QUEUE_MAX_SLOTS)
		return -EINVAL;
	spin_lock(&fs->lock);
	fs->recover_ms = params->recover_ms;
	fs->abandoned_max = params->abandoned;
	spin_unlock(&fs->lock);
	return 0;
}

static int vexfs_inval(struct vexfs_fs *fs, const struct vexfs_inval *inval)
{
	if (inval->zero || !inval->ino)
		return -EINVAL;
	vexfs_doubt(fs, inval->ino);
	return 0;
}

static int vexfs_wait(struct vexfs_chan *chan, struct vexfs_wait *wait)
{
	u32 queue = wait->cmd.queue;

	if (wait->zero || wait->zero2 || wait->cmd.flags || queue >= chan->queues)
		return -EINVAL;
	return vexfs_queue_wait(&chan->queue[array_index_nospec(queue, chan->queues)], wait);
}

/* The struct of any command. Each begins with its size. */
union vexfs_command {
	u32 size;
	struct vexfs_attach attach;
	struct vexfs_detach detach;
	struct vexfs_abort abort;
	struct vexfs_params params;
	struct vexfs_inval inval;
	struct vexfs_wait wait;
};

static int vexfs_command(struct file *file, unsigned int nr, union vexfs_command *arg)
{
	struct vexfs_chan *chan = vexfs_chan_of(file);

	if (nr == _IOC_NR(VEXFS_QUEUE_ATTACH) || nr == _IOC_NR(VEXFS_QUEUE_RECOVER))
		return vexfs_attach(file, nr, &arg->attach);
	if (nr == _IOC_NR(VEXFS_QUEUE_ABORT))
		return vexfs_abort(&arg->abort);
	if (!chan)
		return -ENODEV;
	if (nr == _IOC_NR(VEXFS_QUEUE_DETACH))
		return vexfs_detach(chan, &arg->detach);
	if (nr == _IOC_NR(VEXFS_QUEUE_SET_PARAMS))
		return vexfs_set_params(chan->fs, &arg->params);
	if (nr == _IOC_NR(VEXFS_QUEUE_NOTIFY_INVAL))
		return vexfs_inval(chan->fs, &arg->inval);
	return vexfs_wait(chan, &arg->wait);
}

/* Bytes of a command's struct as this module knows it; 0: there is no such command. */
static size_t vexfs_command_bytes(unsigned int nr)
{
	static const u8 bytes[] = {
		[_IOC_NR(VEXFS_QUEUE_ATTACH)] = sizeof(struct vexfs_attach),
		[_IOC_NR(VEXFS_QUEUE_RECOVER)] = sizeof(struct vexfs_attach),
		[_IOC_NR(VEXFS_QUEUE_DETACH)] = sizeof(struct vexfs_detach),
		[_IOC_NR(VEXFS_QUEUE_ABORT)] = sizeof(struct vexfs_abort),
		[_IOC_NR(VEXFS_QUEUE_SET_PARAMS)] = sizeof(struct vexfs_params),
		[_IOC_NR(VEXFS_QUEUE_NOTIFY_INVAL)] = sizeof(struct vexfs_inval),
		[_IOC_NR(VEXFS_QUEUE_WAIT)] = sizeof(struct vexfs_wait),
	};

	return nr < ARRAY_SIZE(bytes) ? bytes[array_index_nospec(nr, ARRAY_SIZE(bytes))] : 0;
}

static long vexfs_device_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	void __user *user = (void __user *)argument;
	size_t bytes = vexfs_command_bytes(_IOC_NR(cmd));
	union vexfs_command arg;
	u32 size;
	int ret;

	if (_IOC_TYPE(cmd) != VEXFS_QUEUE_TYPE || !bytes)
		return -ENOTTY;
	if (get_user(size, (const u32 __user *)user))
		return -EFAULT;
	if (size < sizeof(size) || size > PAGE_SIZE)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, bytes, user, size);
	if (!ret)
		ret = vexfs_command(file, _IOC_NR(cmd), &arg);
	/* The size is the caller's: what it did not give room for it does not get. */
	if (!ret && _IOC_DIR(cmd) & _IOC_READ &&
	    copy_to_user(user, &arg, min_t(size_t, size, bytes)))
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
