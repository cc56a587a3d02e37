// SPDX-License-Identifier: GPL-2.0
/*
 * A channel: the shared memory of its queues, and its end.
 *
 * References: the file of the engine, fs->chan, and each request in flight. The memory is fresh for
 * each channel and goes with the last of them and of its mappings: what is left of a dead engine
 * scribbles on pages that nobody reads.
 */
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>

#include "vexfs.h"

#define VEXFS_DEFAULT_QUEUES 8u

static_assert(sizeof(struct vexfs_queue_memory) % PAGE_SIZE == 0); /* and so are the areas */

/* Replaces what was asked for by what was made. */
struct vexfs_chan *vexfs_chan_new(struct vexfs_fs *fs, struct vexfs_attach *attach)
{
	struct vexfs_queue *queue;
	struct vexfs_chan *chan;

	if (attach->queues > VEXFS_QUEUE_MAX_QUEUES || !attach->slots ||
	    attach->slots > VEXFS_QUEUE_MAX_SLOTS)
		return ERR_PTR(-EINVAL);
	if (!attach->queues)
		attach->queues = min(num_online_cpus(), VEXFS_DEFAULT_QUEUES);
	chan = kvzalloc(struct_size(chan, queue, attach->queues), GFP_KERNEL_ACCOUNT);
	if (!chan)
		return ERR_PTR(-ENOMEM);
	kref_init(&chan->ref);
	chan->fs = vexfs_fs_get(fs);
	chan->owner = current->files;
	chan->tgid = get_pid(task_tgid(current));
	chan->queues = attach->queues;
	chan->slots = attach->slots;
	chan->map_bytes =
		sizeof(struct vexfs_queue_memory) + chan->slots * sizeof(struct vexfs_areas);
	attach->map_bytes = chan->map_bytes;
	for (queue = chan->queue; queue < chan->queue + chan->queues; queue++) {
		queue->chan = chan;
		spin_lock_init(&queue->lock);
		queue->free = GENMASK_ULL(chan->slots - 1, 0);
		init_waitqueue_head(&queue->engine_wait);
		init_waitqueue_head(&queue->free_wait);
		queue->memory = vmalloc_user(chan->map_bytes);
		if (!queue->memory) {
			vexfs_chan_put(chan);
			return ERR_PTR(-ENOMEM);
		}
		queue->areas = (struct vexfs_areas *)(queue->memory + 1);
	}
	return chan;
}

static void vexfs_chan_release(struct kref *ref)
{
	struct vexfs_chan *chan = container_of(ref, struct vexfs_chan, ref);
	u32 number;

	for (number = 0; number < chan->queues; number++)
		vfree(chan->queue[number].memory);
	put_pid(chan->tgid);
	vexfs_fs_put(chan->fs);
	kvfree(chan);
}

void vexfs_chan_put(struct vexfs_chan *chan)
{
	kref_put(&chan->ref, vexfs_chan_release);
}

/*
 * Ends the channel. Everybody who waits in it is woken and finds it dead. May be called any number
 * of times, from anywhere that may not sleep too, but not with a lock of the channel.
 */
void vexfs_chan_kill(struct vexfs_chan *chan, bool keep)
{
	u32 number;

	for (number = 0; number < chan->queues; number++)
		vexfs_queue_kill(&chan->queue[number]);
	vexfs_fs_detach(chan->fs, chan, keep);
}
