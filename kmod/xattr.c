// SPDX-License-Identifier: GPL-2.0
/*
 * Extended attributes. Which name spaces there are is the engine's to say.
 */
#include <linux/xattr.h>

#include "vexfs.h"

/* A value, or the list of names: its size, at most `most`; with room for it the bytes too. */
static ssize_t vexfs_ask_xattr(struct inode *inode, u32 op, const char *name, void *value,
			       size_t room, size_t most)
{
	struct vexfs_req_xattr body = { name ? strlen(name) : 0, min(room, most) };
	struct vexfs_rep_xattr reply;
	struct vexfs_call call =
		VEXFS_CALL(inode, op, &body, &reply, .payload[0] = { name, body.name_bytes },
			   .out = value, .out_room = body.value_bytes);
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	if (ret)
		return ret;
	if (reply.bytes > most || call.out_bytes != (room ? reply.bytes : 0))
		return -EIO;
	return reply.bytes;
}

static int vexfs_xattr_get(const struct xattr_handler *handler, struct dentry *dentry,
			   struct inode *inode, const char *name, void *value, size_t room)
{
	return vexfs_ask_xattr(inode, VEXFS_REQ_GETXATTR, name, value, room, XATTR_SIZE_MAX);
}

static int vexfs_xattr_set(const struct xattr_handler *handler, vx_idmap *idmap,
			   struct dentry *dentry, struct inode *inode, const char *name,
			   const void *value, size_t bytes, int flags)
{
	struct vexfs_req_xattr body = { strlen(name), bytes, flags };
	int ret = vexfs_ask(inode, value ? VEXFS_REQ_SETXATTR : VEXFS_REQ_REMOVEXATTR, &body,
			    VEXFS_NONE, .payload = { { name, body.name_bytes }, { value, bytes } });

	vexfs_changed(inode, VEXFS_ALL);
	return ret;
}

ssize_t vexfs_listxattr(struct dentry *dentry, char *list, size_t room)
{
	ssize_t bytes = vexfs_ask_xattr(d_inode(dentry), VEXFS_REQ_LISTXATTR, NULL, list, room,
					XATTR_LIST_MAX);

	return bytes > 0 && room && list[bytes - 1] ? -EIO : bytes;
}

static const struct xattr_handler vexfs_xattr_handler = {
	.prefix = "", /* every name */
	.get = vexfs_xattr_get,
	.set = vexfs_xattr_set,
};

const struct xattr_handler *vexfs_xattr_handlers[] = { &vexfs_xattr_handler, NULL };
