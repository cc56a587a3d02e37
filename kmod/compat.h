/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module is written for Linux 6.12. What older kernels, down to 6.1, call otherwise or do not
 * have gets its later name here: the only file that knows a version.
 */
#ifndef VEXFS_COMPAT_H
#define VEXFS_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/splice.h>
#include <linux/version.h>

/*
 * Where the kernel can take a parked command back. After the mark the command ends by
 * io_uring_cmd_done() alone. The payload is memory that its owner may change at any time.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#include <linux/io_uring/cmd.h>
#define VX_URING_CANCEL IO_URING_F_CANCEL
#define vx_uring_payload(cmd) io_uring_sqe_cmd((cmd)->sqe)
#else
#include <linux/io_uring.h>
#define VX_URING_CANCEL 0u
#define vx_uring_payload(command) ((const void *)(command)->cmd)
#define io_uring_cmd_mark_cancelable(command, issue_flags)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
typedef struct mnt_idmap vx_idmap;
#else
typedef struct user_namespace vx_idmap;
#define vm_flags_mod(vma, set, clear) ((vma)->vm_flags = ((vma)->vm_flags | (set)) & ~(clear))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define copy_splice_read generic_file_splice_read
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define generic_fillattr(idmap, mask, inode, stat) generic_fillattr(idmap, inode, stat)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define inode_set_atime_to_ts(inode, time) ((inode)->i_atime = (time))
#define inode_set_mtime_to_ts(inode, time) ((inode)->i_mtime = (time))
#define inode_set_ctime_to_ts(inode, time) ((inode)->i_ctime = (time))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define splice_copy_file_range(in, in_pos, out, out_pos, bytes) \
	generic_copy_file_range(in, in_pos, out, out_pos, bytes, 0)
#endif

#endif /* VEXFS_COMPAT_H */
