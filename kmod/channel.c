// SPDX-License-Identifier: GPL-2.0
/*
 * A channel: the shared memory of its queues, and its end.
 *
 * References: the file of the engine, fs->chan, and each request in flight. The memory is fresh for
 * each channel and goes with the last of them and of its mappings: what is left of a dead engine
 * scribbles on pages that nobody reads.
 */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "vexfs.h"

#define VEXFS_TAIL_OFFSET 128
#define VEXFS_ENGINE_OFFSET 192
#define VEXFS_SQ_OFFSET 256
#define VEXFS_SLOT_OFFSET 512
#define VEXFS_DEFAULT_QUEUES 8u

static_assert(sizeof(struct vexfs_queue_header) <= VEXFS_TAIL_OFFSET);
static_assert(VEXFS_TAIL_OFFSET + sizeof(struct vexfs_queue_tail) <= VEXFS_ENGINE_OFFSET);
static_assert(VEXFS_ENGINE_OFFSET + sizeof(struct vexfs_queue_engine) <= VEXFS_SQ_OFFSET);
static_assert(VEXFS_SQ_OFFSET + VEXFS_QUEUE_MAX_SLOTS * sizeof(u32) <= VEXFS_SLOT_OFFSET);

static bool vexfs_area_ok(u32 bytes)
{
	return bytes >= VEXFS_QUEUE_MIN_AREA && bytes <= VEXFS_QUEUE_MAX_AREA &&
	       bytes % VEXFS_QUEUE_MIN_AREA == 0;
}

static int vexfs_check_sizes(const struct vexfs_attach *attach)
{
	if (attach->queues > VEXFS_QUEUE_MAX_QUEUES)
		return -EINVAL;
	if (!is_power_of_2(attach->slots) || attach->slots > VEXFS_QUEUE_MAX_SLOTS)
		return -EINVAL;
	if (!vexfs_area_ok(attach->in_bytes) || !vexfs_area_ok(attach->out_bytes))
		return -EINVAL;
	return attach->arena_blocks <= 1024 ? 0 : -EINVAL;
}

/* Where everything lies in a mapping; returns its size. All is small enough for no overflow. */
static size_t vexfs_lay_out(const struct vexfs_attach *attach, struct vexfs_queue_header *layout)
{
	size_t slots = attach->slots;

	*layout = (struct vexfs_queue_header){
		.magic = VEXFS_QUEUE_MAGIC,
		.abi = VEXFS_QUEUE_ABI,
		.slots = attach->slots,
		.slot_stride = sizeof(struct vexfs_slot),
		.in_bytes = attach->in_bytes,
		.out_bytes = attach->out_bytes,
		.arena_blocks = attach->arena_blocks,
		.tail_offset = VEXFS_TAIL_OFFSET,
		.engine_offset = VEXFS_ENGINE_OFFSET,
		.sq_offset = VEXFS_SQ_OFFSET,
		.slot_offset = VEXFS_SLOT_OFFSET,
	};
	layout->in_offset = PAGE_ALIGN(VEXFS_SLOT_OFFSET + slots * sizeof(struct vexfs_slot));
	layout->out_offset = layout->in_offset + slots * attach->in_bytes;
	layout->arena_offset = layout->out_offset + slots * attach->out_bytes;
	return layout->arena_offset + (size_t)attach->arena_blocks * VEXFS_QUEUE_ARENA_BLOCK;
}

static int vexfs_queue_init(struct vexfs_chan *chan, u32 number,
			    const struct vexfs_queue_header *layout)
{
	struct vexfs_queue *queue = &chan->queue[number];
	u32 slot;

	queue->chan = chan;
	queue->number = number;
	queue->layout = *layout;
	queue->layout.queue = number;
	spin_lock_init(&queue->lock);
	queue->free = GENMASK_ULL(layout->slots - 1, 0);
	init_waitqueue_head(&queue->engine_wait);
	init_waitqueue_head(&queue->free_wait);
	for (slot = 0; slot < layout->slots; slot++)
		init_waitqueue_head(&queue->slot[slot].wait);
	queue->arena = bitmap_zalloc(max(layout->arena_blocks, 1u), GFP_KERNEL_ACCOUNT);
	queue->memory = vmalloc_user(chan->map_bytes);
	return queue->arena && queue->memory ? 0 : -ENOMEM;
}

/* Replaces what was asked for by what was made. */
struct vexfs_chan *vexfs_chan_new(struct vexfs_fs *fs, struct vexfs_attach *attach)
{
	struct vexfs_queue_header layout;
	struct vexfs_chan *chan;
	u32 number;
	int ret = vexfs_check_sizes(attach);

	if (ret)
		return ERR_PTR(ret);
	if (!attach->queues)
		attach->queues = min(num_online_cpus(), VEXFS_DEFAULT_QUEUES);
	chan = kvzalloc(struct_size(chan, queue, attach->queues), GFP_KERNEL_ACCOUNT);
	if (!chan)
		return ERR_PTR(-ENOMEM);
	kref_init(&chan->ref);
	kref_get(&fs->ref);
	chan->fs = fs;
	chan->owner = current->files;
	chan->tgid = get_pid(task_tgid(current));
	chan->pid_ns = get_pid_ns(task_active_pid_ns(current));
	chan->queues = attach->queues;
	chan->map_bytes = vexfs_lay_out(attach, &layout);
	attach->map_bytes = chan->map_bytes;
	for (number = 0; number < chan->queues; number++) {
		ret = vexfs_queue_init(chan, number, &layout);
		if (ret) {
			vexfs_chan_put(chan);
			return ERR_PTR(ret);
		}
	}
	return chan;
}

struct vexfs_chan *vexfs_chan_get(struct vexfs_chan *chan)
{
	kref_get(&chan->ref);
	return chan;
}

static void vexfs_chan_release(struct kref *ref)
{
	struct vexfs_chan *chan = container_of(ref, struct vexfs_chan, ref);
	u32 number;

	for (number = 0; number < chan->queues; number++) {
		vfree(chan->queue[number].memory);
		bitmap_free(chan->queue[number].arena);
	}
	put_pid_ns(chan->pid_ns);
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
