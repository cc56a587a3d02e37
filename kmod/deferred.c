// SPDX-License-Identifier: GPL-2.0
/*
 * FORGET and RELEASE: what the engine is told without anybody waiting for it. Memory reclaim and
 * dying tasks come here, so they only put a note on a list, made when there was time for that; a
 * worker sends it. Nothing is sent twice, and what finds no engine is dropped with it.
 */
#include "vexfs.h"

#define VEXFS_FORGET_BATCH 32

void vexfs_defer(struct vexfs_fs *fs, struct vexfs_deferred *deferred)
{
	llist_add(&deferred->list, &fs->deferred);
	queue_work(system_unbound_wq, &fs->deferred_work);
}

static void vexfs_send_forgets(struct vexfs_fs *fs, const struct vexfs_node *nodes, u32 count)
{
	struct vexfs_req_forget body = { .count = count };
	struct vexfs_call call =
		VEXFS_CALL_OF(VEXFS_REQ_FORGET, &body, VEXFS_NONE, .no_reply = true,
			      .payload[0] = { nodes, count * sizeof(*nodes) });

	if (count)
		vexfs_call(fs, &call);
}

static void vexfs_send_release(struct vexfs_fs *fs, const struct vexfs_deferred *deferred)
{
	struct vexfs_call call = VEXFS_CALL_OF(
		VEXFS_REQ_RELEASE, VEXFS_NONE, VEXFS_NONE, .no_reply = true, .fh = deferred->fh,
		.node = { deferred->node.ino, deferred->node.generation });

	vexfs_call(fs, &call);
}

void vexfs_deferred_work(struct work_struct *work)
{
	struct vexfs_fs *fs = container_of(work, struct vexfs_fs, deferred_work);
	struct vexfs_node nodes[VEXFS_FORGET_BATCH];
	struct vexfs_deferred *deferred, *next;
	struct llist_node *list = llist_reverse_order(llist_del_all(&fs->deferred));
	u32 count = 0;

	llist_for_each_entry_safe(deferred, next, list, list)
	{
		if (deferred->node.lookups)
			nodes[count++] = deferred->node;
		else
			vexfs_send_release(fs, deferred);
		if (count == VEXFS_FORGET_BATCH) {
			vexfs_send_forgets(fs, nodes, count);
			count = 0;
		}
		kfree(deferred);
	}
	vexfs_send_forgets(fs, nodes, count);
}
