// SPDX-License-Identifier: GPL-2.0
/*
 * Application ioctls, on files and directories: bytes that are copied in and out, and nothing else.
 * Only the number says something here: type, size, and whether it changes state.
 */
#include <linux/mount.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "ioctl/vexfs_ioctl.h"
#include "vexfs.h"

#define VEXFS_IOCTL_CHANGES 0x80 /* ops from here on change state */
#define VEXFS_IOCTL_SHORT 512	 /* bytes that are kept on the stack */

/* A failure has its explanation beside the errno: what came is copied out in any case. */
static long vexfs_send_ioctl(struct file *file, unsigned int cmd, void __user *arg, void *data)
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
		VEXFS_CALL(inode, VEXFS_REQ_IOCTL, &body, VEXFS_NONE, .interruptible = true,
			   .kind = VEXFS_KIND_IOCTL(_IOC_NR(cmd)), .fh = vf ? vf->release.fh : 0,
			   .payload[0] = { data, body.bytes }, .out = data, .out_room = body.bytes);
	int ret;

	call.with_groups = true;
	ret = vexfs_call(vexfs_fs_of(inode), &call);
	if (call.out_bytes && copy_to_user(arg, data, call.out_bytes))
		return -EFAULT;
	if (_IOC_NR(cmd) >= VEXFS_IOCTL_CHANGES)
		vexfs_changed(inode);
	return !ret && _IOC_NR(cmd) == VEXFS_OP_SYNC ? vexfs_synced(file) : ret;
}

long vexfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	bool changes = _IOC_NR(cmd) >= VEXFS_IOCTL_CHANGES;
	u64 short_data[VEXFS_IOCTL_SHORT / sizeof(u64)];
	void *data = short_data;
	long ret = 0;

	if (_IOC_TYPE(cmd) != VEXFS_IOC_TYPE || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return -ENOTTY;
	if (_IOC_SIZE(cmd) < VEXFS_ROOM_MIN || _IOC_SIZE(cmd) > VEXFS_MAX_IOCTL)
		return -EINVAL;
	if (_IOC_SIZE(cmd) > sizeof(short_data))
		data = memdup_user(user, _IOC_SIZE(cmd));
	else if (copy_from_user(data, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	if (IS_ERR(data))
		return PTR_ERR(data);
	if (changes)
		ret = mnt_want_write_file(file);
	if (!ret) {
		ret = vexfs_send_ioctl(file, cmd, user, data);
		if (changes)
			mnt_drop_write_file(file);
	}
	if (data != short_data)
		kfree(data);
	return ret;
}
