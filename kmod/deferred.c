// SPDX-License-Identifier: GPL-2.0
/*
 * FORGET and RELEASE: what the engine is told without anybody waiting for it. Memory reclaim and
 * dying tasks come here, so they only put a note on a list, made when there was time for that; a
 * worker sends it. Nothing is sent twice, and what finds no engine is dropped with it.
 */
#include <linux/slab.h>

#include "vexfs.h"

#define VEXFS_FORGET_BATCH \
	((VEXFS_QUEUE_MIN_AREA - sizeof(struct vexfs_req_forget)) / sizeof(struct vexfs_node))

void vexfs_defer(struct vexfs_fs *fs, struct vexfs_deferred *deferred)
{
	spin_lock(&fs->deferred_lock);
	list_add_tail(&deferred->list, &fs->deferred);
	spin_unlock(&fs->deferred_lock);
	queue_work(system_unbound_wq, &fs->deferred_work);
}

static void vexfs_send_forgets(struct vexfs_fs *fs, const struct vexfs_node *nodes, u32 count)
{
	struct vexfs_req_forget body = { .count = count };
	struct vexfs_call call = {
		.op = VEXFS_REQ_FORGET,
		.flags = VEXFS_REQUEST_NOREPLY,
		.body = &body,
		.body_bytes = sizeof(body),
		.payload[0] = { nodes, count * sizeof(*nodes) },
	};

	if (count)
		vexfs_call(fs, &call);
}

static void vexfs_send_release(struct vexfs_fs *fs, const struct vexfs_deferred *deferred)
{
	struct vexfs_call call = {
		.op = VEXFS_REQ_RELEASE,
		.flags = VEXFS_REQUEST_NOREPLY,
		.node = { deferred->node.ino, deferred->node.generation },
		.fh = deferred->fh,
	};

	vexfs_call(fs, &call);
}

void vexfs_deferred_work(struct work_struct *work)
{
	struct vexfs_fs *fs = container_of(work, struct vexfs_fs, deferred_work);
	struct vexfs_node *nodes = (struct vexfs_node *)__get_free_page(GFP_KERNEL);
	struct vexfs_deferred *deferred, *next;
	LIST_HEAD(list);
	u32 count = 0;

	if (!nodes) {
		queue_work(system_unbound_wq, work);
		return;
	}
	spin_lock(&fs->deferred_lock);
	list_splice_init(&fs->deferred, &list);
	spin_unlock(&fs->deferred_lock);
	list_for_each_entry_safe(deferred, next, &list, list) {
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
	free_page((unsigned long)nodes);
}

/* The fs is going: nobody adds to the list any more. */
void vexfs_deferred_drop(struct vexfs_fs *fs)
{
	struct vexfs_deferred *deferred, *next;

	list_for_each_entry_safe(deferred, next, &fs->deferred, list)
		kfree(deferred);
}
