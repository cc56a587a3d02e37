// SPDX-License-Identifier: GPL-2.0
/*
 * Application ioctls, on files and directories: bytes that are copied in and out, and nothing else.
 * Only the number says something here: type, size, and whether it changes state.
 */
#include <linux/mount.h>
#include <linux/uaccess.h>

#include "ioctl/vexfs_ioctl.h"
#include "vexfs.h"

#define VEXFS_IOCTL_CHANGES 0x80 /* ops from here on change state */

/* A failure has its explanation beside the errno: what came is copied out in any case. */
static int vexfs_send_ioctl(struct file *file, unsigned int cmd, void __user *user)
{
	struct inode *inode = file_inode(file);
	struct vexfs_req_ioctl body = {
		.cmd = cmd,
		.bytes = _IOC_SIZE(cmd),
		.mode = (file->f_mode & FMODE_READ ? VEXFS_FILE_READ : 0) |
			(file->f_mode & FMODE_WRITE ? VEXFS_FILE_WRITE : 0),
	};
	const struct vexfs_handle *vf = S_ISREG(inode->i_mode) ? file->private_data : NULL;
	struct vexfs_call call =
		VEXFS_CALL_OF(VEXFS_REQ_IOCTL, &body, VEXFS_NONE, .node = vexfs_on(inode),
			      .with_groups = true, .interruptible = true,
			      .kind = VEXFS_KIND_IOCTL(_IOC_NR(cmd)), .fh = vf ? vf->release.fh : 0,
			      .user = user, .payload[0].bytes = body.bytes, .out_room = body.bytes);
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	if (call.out) {
		if (copy_to_user(user, call.out, call.out_bytes))
			ret = -EFAULT;
		kfree(call.out);
	}
	return ret;
}

long vexfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	bool changes = _IOC_NR(cmd) >= VEXFS_IOCTL_CHANGES;
	int ret;

	if (_IOC_TYPE(cmd) != VEXFS_IOC_TYPE || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return -ENOTTY;
	if (_IOC_SIZE(cmd) < VEXFS_ROOM_MIN || _IOC_SIZE(cmd) > VEXFS_MAX_IOCTL)
		return -EINVAL;
	ret = changes ? mnt_want_write_file(file) : 0;
	if (ret)
		return ret;
	ret = vexfs_send_ioctl(file, cmd, (void __user *)arg);
	if (changes) {
		vexfs_changed(file_inode(file), VEXFS_ALL);
		mnt_drop_write_file(file);
	}
	return !ret && _IOC_NR(cmd) == VEXFS_OP_SYNC ? vexfs_synced(file) : ret;
}
