// SPDX-License-Identifier: GPL-2.0
/*
 * Extended attributes: user, trusted and security. Others are not supported.
 */
#include <linux/capability.h>
#include <linux/slab.h>
#include <linux/xattr.h>

#include "vexfs.h"

static int vexfs_xattr_get(const struct xattr_handler *handler, struct dentry *dentry,
			   struct inode *inode, const char *suffix, void *value, size_t room)
{
	const char *name = xattr_full_name(handler, suffix);
	struct vexfs_req_xattr body = {
		.name_bytes = strlen(name),
		.value_bytes = min_t(size_t, room, XATTR_SIZE_MAX),
	};
	struct vexfs_rep_xattr reply;
	struct vexfs_call call = {
		.op = VEXFS_REQ_GETXATTR,
		.node = vexfs_on(inode),
		.body = &body,
		.body_bytes = sizeof(body),
		.payload[0] = { name, body.name_bytes },
		.reply = &reply,
		.reply_bytes = sizeof(reply),
		.out = value,
		.out_room = body.value_bytes,
	};
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	if (ret)
		return ret;
	if (reply.bytes > XATTR_SIZE_MAX || call.out_bytes != (room ? reply.bytes : 0))
		return -EIO;
	return reply.bytes;
}

static int vexfs_xattr_put(struct inode *inode, const char *name, const void *value, size_t bytes,
			   int flags)
{
	struct vexfs_req_xattr body = {
		.name_bytes = strlen(name),
		.value_bytes = bytes,
		.flags = flags,
	};
	struct vexfs_call call = {
		.op = value ? VEXFS_REQ_SETXATTR : VEXFS_REQ_REMOVEXATTR,
		.node = vexfs_on(inode),
		.body = &body,
		.body_bytes = sizeof(body),
		.payload = { { name, body.name_bytes }, { value, bytes } },
	};
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	vexfs_changed(inode);
	return ret;
}

static int vexfs_xattr_set(const struct xattr_handler *handler, vx_idmap *idmap,
			   struct dentry *dentry, struct inode *inode, const char *suffix,
			   const void *value, size_t bytes, int flags)
{
	return vexfs_xattr_put(inode, xattr_full_name(handler, suffix), value, bytes, flags);
}

ssize_t vexfs_listxattr(struct dentry *dentry, char *list, size_t room)
{
	struct inode *inode = d_inode(dentry);
	struct vexfs_req_xattr body = { .value_bytes = min_t(size_t, room, XATTR_LIST_MAX) };
	struct vexfs_rep_xattr reply;
	struct vexfs_call call = {
		.op = VEXFS_REQ_LISTXATTR,
		.node = vexfs_on(inode),
		.body = &body,
		.body_bytes = sizeof(body),
		.reply = &reply,
		.reply_bytes = sizeof(reply),
		.out = list,
		.out_room = body.value_bytes,
	};
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	if (ret)
		return ret;
	if (reply.bytes > XATTR_LIST_MAX || call.out_bytes != (room ? reply.bytes : 0) ||
	    (call.out_bytes && list[call.out_bytes - 1]))
		return -EIO;
	return reply.bytes;
}

#define VEXFS_XATTR_HANDLER(name_, prefix_)                       \
	static const struct xattr_handler vexfs_xattr_##name_ = { \
		.prefix = prefix_,                                \
		.get = vexfs_xattr_get,                           \
		.set = vexfs_xattr_set,                           \
	}

VEXFS_XATTR_HANDLER(user, XATTR_USER_PREFIX);
VEXFS_XATTR_HANDLER(trusted, XATTR_TRUSTED_PREFIX);
VEXFS_XATTR_HANDLER(security, XATTR_SECURITY_PREFIX);

VX_XATTR_HANDLERS vexfs_xattr_handlers[] = { &vexfs_xattr_user, &vexfs_xattr_trusted,
					     &vexfs_xattr_security, NULL };
