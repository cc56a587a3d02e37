// SPDX-License-Identifier: GPL-2.0
/*
 * Extended attributes. Which name spaces there are is the engine's to say.
 */
#include <linux/slab.h>
#include <linux/xattr.h>

#include "vexfs.h"

static int vexfs_xattr_get(const struct xattr_handler *handler, struct dentry *dentry,
			   struct inode *inode, const char *name, void *value, size_t room)
{
	struct vexfs_req_xattr body = {
		.name_bytes = strlen(name),
		.value_bytes = min_t(size_t, room, XATTR_SIZE_MAX),
	};
	struct vexfs_rep_xattr reply;
	struct vexfs_call call = VEXFS_CALL(inode, VEXFS_REQ_GETXATTR, &body, &reply,
					    .payload[0] = { name, body.name_bytes }, .out = value,
					    .out_room = body.value_bytes);
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	if (ret)
		return ret;
	if (reply.bytes > XATTR_SIZE_MAX || call.out_bytes != (room ? reply.bytes : 0))
		return -EIO;
	return reply.bytes;
}

static int vexfs_xattr_set(const struct xattr_handler *handler, vx_idmap *idmap,
			   struct dentry *dentry, struct inode *inode, const char *name,
			   const void *value, size_t bytes, int flags)
{
	struct vexfs_req_xattr body = {
		.name_bytes = strlen(name),
		.value_bytes = bytes,
		.flags = flags,
	};
	int ret = vexfs_ask(inode, value ? VEXFS_REQ_SETXATTR : VEXFS_REQ_REMOVEXATTR, &body,
			    VEXFS_NONE, .payload = { { name, body.name_bytes }, { value, bytes } });

	vexfs_changed(inode);
	return ret;
}

ssize_t vexfs_listxattr(struct dentry *dentry, char *list, size_t room)
{
	struct inode *inode = d_inode(dentry);
	struct vexfs_req_xattr body = { .value_bytes = min_t(size_t, room, XATTR_LIST_MAX) };
	struct vexfs_rep_xattr reply;
	struct vexfs_call call = VEXFS_CALL(inode, VEXFS_REQ_LISTXATTR, &body, &reply, .out = list,
					    .out_room = body.value_bytes);
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	if (ret)
		return ret;
	if (reply.bytes > XATTR_LIST_MAX || call.out_bytes != (room ? reply.bytes : 0) ||
	    (call.out_bytes && list[call.out_bytes - 1]))
		return -EIO;
	return reply.bytes;
}

static const struct xattr_handler vexfs_xattr_handler = {
	.prefix = "", /* every name */
	.get = vexfs_xattr_get,
	.set = vexfs_xattr_set,
};

VX_XATTR_HANDLERS vexfs_xattr_handlers[] = { &vexfs_xattr_handler, NULL };
