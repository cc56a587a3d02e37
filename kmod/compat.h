/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between the kernels that the module builds for, 6.1 and 6.12. The only file that
 * knows a version.
 */
#ifndef VEXFS_COMPAT_H
#define VEXFS_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/splice.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
typedef struct mnt_idmap vx_idmap;
#else
typedef struct user_namespace vx_idmap;
#endif

static inline void vx_fillattr(vx_idmap *idmap, u32 mask, struct inode *inode, struct kstat *stat)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	generic_fillattr(idmap, mask, inode, stat);
#else
	generic_fillattr(idmap, inode, stat);
#endif
}

static inline void vx_set_times(struct inode *inode, struct timespec64 atime,
				struct timespec64 mtime, struct timespec64 ctime)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	inode_set_atime_to_ts(inode, atime);
	inode_set_mtime_to_ts(inode, mtime);
	inode_set_ctime_to_ts(inode, ctime);
#else
	inode->i_atime = atime;
	inode->i_mtime = mtime;
	inode->i_ctime = ctime;
#endif
}

/* A copy through pipes, for what the engine cannot copy by itself. */
static inline ssize_t vx_copy_range(struct file *in, loff_t in_pos, struct file *out,
				    loff_t out_pos, size_t bytes)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return splice_copy_file_range(in, in_pos, out, out_pos, bytes);
#else
	return generic_copy_file_range(in, in_pos, out, out_pos, bytes, 0);
#endif
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define vx_splice_read copy_splice_read
#else
#define vx_splice_read generic_file_splice_read
#endif

static inline void vx_change_vm_flags(struct vm_area_struct *vma, unsigned long set,
				      unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/* The 16 bytes of the submission entry: memory that its owner may change at any time. */
static inline const void *vx_uring_payload(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return io_uring_sqe_cmd(cmd->sqe);
#else
	return cmd->cmd;
#endif
}

/*
 * Where the kernel can take a parked command back. After the mark the command ends by
 * io_uring_cmd_done() alone.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define VX_URING_CANCEL IO_URING_F_CANCEL
#define vx_uring_mark_cancelable io_uring_cmd_mark_cancelable
#else
#define VX_URING_CANCEL 0u
static inline void vx_uring_mark_cancelable(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
}
#endif

#endif /* VEXFS_COMPAT_H */
