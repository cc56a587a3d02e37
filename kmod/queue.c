// SPDX-License-Identifier: GPL-2.0
/*
 * Requests in the slots of a queue, see "ONE REQUEST" in vexfs_queue.h.
 *
 * Who owns a slot is in queue->free and queue->orphans, never in the shared memory: a slot in
 * neither is that of the client that took it, from FILLING until it has read the reply. Nothing
 * that the module wrote there is read back, and what the engine writes is read once.
 *
 * A client asks to be committed before it queues (waiting = 1), so there is no window between its
 * last look at the state and its sleep.
 */
#include <linux/bitmap.h>
#include <linux/cred.h>
#include <linux/nospec.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "vexfs.h"

static struct vexfs_slot *vexfs_slot(struct vexfs_queue *queue, u32 slot)
{
	return queue->memory + queue->layout.slot_offset + (size_t)slot * sizeof(struct vexfs_slot);
}

static void *vexfs_in_area(struct vexfs_queue *queue, u32 slot)
{
	return queue->memory + queue->layout.in_offset + (size_t)slot * queue->layout.in_bytes;
}

static void *vexfs_out_area(struct vexfs_queue *queue, u32 slot)
{
	return queue->memory + queue->layout.out_offset + (size_t)slot * queue->layout.out_bytes;
}

static void *vexfs_arena(struct vexfs_queue *queue, u32 block)
{
	return queue->memory + queue->layout.arena_offset + (size_t)block * VEXFS_QUEUE_ARENA_BLOCK;
}

static bool vexfs_is_done(struct vexfs_queue *queue, u32 slot)
{
	return smp_load_acquire(&vexfs_slot(queue, slot)->reply.state) == VEXFS_SLOT_DONE;
}

/* ---- Taking and freeing: under queue->lock -------------------------------------------------- */

static bool vexfs_take_blocks(struct vexfs_queue *queue, struct vexfs_blocks *blocks, u32 count)
{
	u32 all = queue->layout.arena_blocks;

	blocks->count = 0;
	if (!count)
		return true;
	blocks->first = bitmap_find_next_zero_area(queue->arena, all, 0, count, 0);
	if (blocks->first >= all)
		return false;
	bitmap_set(queue->arena, blocks->first, count);
	blocks->count = count;
	return true;
}

static void vexfs_free_blocks(struct vexfs_queue *queue, struct vexfs_blocks *blocks)
{
	if (blocks->count)
		bitmap_clear(queue->arena, blocks->first, blocks->count);
	blocks->count = 0;
}

static void vexfs_free_slot_locked(struct vexfs_queue *queue, u32 slot)
{
	vexfs_free_blocks(queue, &queue->slot[slot].in);
	vexfs_free_blocks(queue, &queue->slot[slot].out);
	queue->free |= BIT_ULL(slot);
	wake_up_all(&queue->free_wait);
}

/* Frees what the engine has finished and nobody waits for. */
static void vexfs_reap_locked(struct vexfs_queue *queue)
{
	u64 rest = queue->orphans;

	while (rest) {
		u32 slot = __ffs64(rest);

		rest &= rest - 1;
		if (!vexfs_is_done(queue, slot))
			continue;
		queue->orphans &= ~BIT_ULL(slot);
		queue->abandoned &= ~BIT_ULL(slot);
		vexfs_free_slot_locked(queue, slot);
	}
}

struct vexfs_need { /* blocks of the arena that a call needs */
	u32 in;
	u32 out;
};

/* Tries to take a slot: its number, -EAGAIN, or VEXFS_CALL_DEAD. */
static int vexfs_try_take(struct vexfs_queue *queue, const struct vexfs_need *need)
{
	int ret = -EAGAIN;

	spin_lock(&queue->lock);
	vexfs_reap_locked(queue);
	if (queue->dead) {
		ret = VEXFS_CALL_DEAD;
	} else if (queue->free) {
		u32 slot = __ffs64(queue->free);
		struct vexfs_slot_info *info = &queue->slot[slot];

		if (vexfs_take_blocks(queue, &info->in, need->in)) {
			if (vexfs_take_blocks(queue, &info->out, need->out)) {
				queue->free &= ~BIT_ULL(slot);
				ret = slot;
			} else {
				vexfs_free_blocks(queue, &info->in);
			}
		}
	}
	spin_unlock(&queue->lock);
	return ret;
}

static int vexfs_take(struct vexfs_queue *queue, const struct vexfs_need *need)
{
	int slot;

	if (max(need->in, need->out) > queue->layout.arena_blocks ||
	    need->in + need->out > queue->layout.arena_blocks)
		return -EMSGSIZE;
	if (wait_event_state(queue->free_wait, (slot = vexfs_try_take(queue, need)) != -EAGAIN,
			     VEXFS_KILLABLE))
		return -EINTR;
	return slot;
}

static void vexfs_free_slot(struct vexfs_queue *queue, u32 slot)
{
	spin_lock(&queue->lock);
	vexfs_free_slot_locked(queue, slot);
	spin_unlock(&queue->lock);
}

/* ---- Filling and queueing ------------------------------------------------------------------- */

static u32 vexfs_groups(const struct vexfs_call *call)
{
	return call->with_groups ? current_cred()->group_info->ngroups : 0;
}

static u32 vexfs_payload_bytes(const struct vexfs_call *call)
{
	return call->payload[0].bytes + call->payload[1].bytes + vexfs_groups(call) * sizeof(u32);
}

static struct vexfs_need vexfs_need_of(struct vexfs_queue *queue, const struct vexfs_call *call)
{
	struct vexfs_need need = {};
	u32 payload = vexfs_payload_bytes(call);

	if (call->body_bytes + payload > queue->layout.in_bytes)
		need.in = DIV_ROUND_UP(payload, VEXFS_QUEUE_ARENA_BLOCK);
	if (call->reply_bytes + call->out_room > queue->layout.out_bytes)
		need.out = DIV_ROUND_UP(call->out_room, VEXFS_QUEUE_ARENA_BLOCK);
	return need;
}

static void vexfs_fill_header(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call)
{
	struct vexfs_chan *chan = queue->chan;
	struct vexfs_slot_info *info = &queue->slot[slot];

	vexfs_slot(queue, slot)->request = (struct vexfs_request){
		.op = call->op,
		.flags = call->flags | (call->seen ? VEXFS_REQUEST_REPLAY : 0) |
			 (call->with_groups ? VEXFS_REQUEST_GROUPS : 0) |
			 (info->in.count ? VEXFS_REQUEST_IN_ARENA : 0) |
			 (info->out.count ? VEXFS_REQUEST_OUT_ARENA : 0),
		.unique = call->unique,
		.ino = call->node.ino,
		.generation = call->node.generation,
		.pid = task_tgid_nr_ns(current, chan->pid_ns),
		.fh = call->fh,
		.groups = vexfs_groups(call),
		.uid = from_kuid_munged(chan->fs->user_ns, current_fsuid()),
		.gid = from_kgid_munged(chan->fs->user_ns, current_fsgid()),
		.in_bytes = call->body_bytes + vexfs_payload_bytes(call),
		.out_room = call->reply_bytes + call->out_room,
		.in_block = info->in.count ? info->in.first : 0,
		.out_block = info->out.count ? info->out.first : 0,
		.queued_ns = ktime_get_ns(),
	};
}

/* The supplementary groups of the caller, behind what need not end on a multiple of their size. */
static void vexfs_fill_groups(struct vexfs_queue *queue, void *to, u32 count)
{
	struct user_namespace *ns = queue->chan->fs->user_ns;
	u32 i;

	for (i = 0; i < count; i++, to += sizeof(u32)) {
		u32 group = from_kgid(ns, current_cred()->group_info->gid[i]);

		memcpy(to, &group, sizeof(group));
	}
}

static void vexfs_fill(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call)
{
	struct vexfs_slot_info *info = &queue->slot[slot];
	struct vexfs_slot *shared = vexfs_slot(queue, slot);
	void *to = vexfs_in_area(queue, slot);

	vexfs_fill_header(queue, slot, call);
	memcpy(to, call->body, call->body_bytes);
	to = info->in.count ? vexfs_arena(queue, info->in.first) : to + call->body_bytes;
	memcpy(to, call->payload[0].data, call->payload[0].bytes);
	to += call->payload[0].bytes;
	memcpy(to, call->payload[1].data, call->payload[1].bytes);
	vexfs_fill_groups(queue, to + call->payload[1].bytes, vexfs_groups(call));
	shared->client = (struct vexfs_slot_client){ .waiting = 1 };
	smp_store_release(&shared->reply.state, VEXFS_SLOT_REQUEST);
}

static void vexfs_uring_end(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	io_uring_cmd_done(cmd, *(int *)cmd->pdu, 0, issue_flags);
}

/* Ends a parked FETCH from the context of anybody. */
static void vexfs_uring_wake(struct io_uring_cmd *cmd, int result)
{
	*(int *)cmd->pdu = result;
	io_uring_cmd_complete_in_task(cmd, vexfs_uring_end);
}

/* 0, or VEXFS_CALL_DEAD and the slot is free again. */
static int vexfs_publish(struct vexfs_queue *queue, u32 slot, struct vexfs_call *call)
{
	u32 *sq = queue->memory + queue->layout.sq_offset;
	struct vexfs_queue_tail *tail = queue->memory + queue->layout.tail_offset;
	struct io_uring_cmd *cmd;

	spin_lock(&queue->lock);
	if (queue->dead) {
		vexfs_free_slot_locked(queue, slot);
		spin_unlock(&queue->lock);
		return VEXFS_CALL_DEAD;
	}
	WRITE_ONCE(sq[queue->tail & (queue->layout.slots - 1)], slot);
	queue->tail++;
	smp_store_release(&tail->sq_tail, queue->tail);
	call->seen = true;
	if (call->flags & VEXFS_REQUEST_NOREPLY)
		queue->orphans |= BIT_ULL(slot);
	cmd = queue->parked;
	queue->parked = NULL;
	spin_unlock(&queue->lock);
	if (cmd)
		vexfs_uring_wake(cmd, 0);
	else
		wake_up(&queue->engine_wait);
	return 0;
}

/* ---- Waiting and reading the reply ---------------------------------------------------------- */

static bool vexfs_is_over(struct vexfs_queue *queue, u32 slot)
{
	return vexfs_is_done(queue, slot) || READ_ONCE(queue->dead);
}

static int vexfs_wait_for_engine(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call)
{
	wait_queue_head_t *wait = &queue->slot[slot].wait;

	if (call->flags & VEXFS_REQUEST_INTR) {
		if (!wait_event_state(*wait, vexfs_is_over(queue, slot),
				      (TASK_INTERRUPTIBLE | TASK_FREEZABLE)))
			return 0;
		WRITE_ONCE(vexfs_slot(queue, slot)->client.cancel, 1);
	}
	return wait_event_state(*wait, vexfs_is_over(queue, slot), VEXFS_KILLABLE);
}

/* The client goes and leaves its slot to the engine. One that never answers is ended. */
static void vexfs_abandon(struct vexfs_queue *queue, u32 slot)
{
	unsigned int limit = READ_ONCE(queue->chan->fs->abandoned_max);
	bool hopeless;

	if (!limit)
		limit = (queue->layout.slots + 1) / 2;
	spin_lock(&queue->lock);
	queue->orphans |= BIT_ULL(slot);
	queue->abandoned |= BIT_ULL(slot);
	vexfs_reap_locked(queue);
	hopeless = hweight64(queue->abandoned) > limit;
	spin_unlock(&queue->lock);
	if (hopeless)
		vexfs_chan_kill(queue->chan, true);
}

/* A reply that says what cannot be is the end of the channel. */
static int vexfs_lie(struct vexfs_queue *queue)
{
	pr_err_ratelimited("vexfs: fs %llu: the engine broke the protocol of the queue\n",
			   queue->chan->fs->id);
	vexfs_chan_kill(queue->chan, true);
	return -EIO;
}

static int vexfs_collect(struct vexfs_queue *queue, u32 slot, struct vexfs_call *call)
{
	struct vexfs_slot_info *info = &queue->slot[slot];
	struct vexfs_slot_reply *reply = &vexfs_slot(queue, slot)->reply;
	void *from = vexfs_out_area(queue, slot);
	s32 result = READ_ONCE(reply->result);
	u32 bytes = READ_ONCE(reply->out_bytes);

	if (result > 0 || result < -VEXFS_QUEUE_MAX_ERRNO ||
	    bytes > call->reply_bytes + call->out_room)
		return vexfs_lie(queue);
	if (result && call->op != VEXFS_REQ_IOCTL)
		return bytes ? vexfs_lie(queue) : result;
	if (bytes < call->reply_bytes)
		return vexfs_lie(queue);
	memcpy(call->reply, from, call->reply_bytes);
	from = info->out.count ? vexfs_arena(queue, info->out.first) : from + call->reply_bytes;
	call->out_bytes = bytes - call->reply_bytes;
	memcpy(call->out, from, call->out_bytes);
	return result;
}

/* One try on one channel: the engine's result, EINTR, EMSGSIZE, EIO or VEXFS_CALL_DEAD. */
int vexfs_queue_call(struct vexfs_chan *chan, struct vexfs_call *call)
{
	struct vexfs_queue *queue = &chan->queue[raw_smp_processor_id() % chan->queues];
	struct vexfs_need need = vexfs_need_of(queue, call);
	int slot = vexfs_take(queue, &need);
	int ret;

	if (slot < 0)
		return slot;
	vexfs_fill(queue, slot, call);
	ret = vexfs_publish(queue, slot, call);
	if (ret || call->flags & VEXFS_REQUEST_NOREPLY)
		return ret;
	if (vexfs_wait_for_engine(queue, slot, call)) {
		vexfs_abandon(queue, slot);
		return -EINTR;
	}
	ret = vexfs_is_done(queue, slot) ? vexfs_collect(queue, slot, call) : VEXFS_CALL_DEAD;
	vexfs_free_slot(queue, slot);
	return ret;
}

/* ---- The engine's side ---------------------------------------------------------------------- */

void vexfs_queue_kill(struct vexfs_queue *queue)
{
	struct io_uring_cmd *cmd;
	u32 slot;

	spin_lock(&queue->lock);
	WRITE_ONCE(queue->dead, true);
	cmd = queue->parked;
	queue->parked = NULL;
	spin_unlock(&queue->lock);
	if (cmd)
		vexfs_uring_wake(cmd, -ENODEV);
	wake_up_all(&queue->engine_wait);
	wake_up_all(&queue->free_wait);
	for (slot = 0; slot < queue->layout.slots; slot++)
		wake_up_all(&queue->slot[slot].wait);
}

static void vexfs_commit(struct vexfs_queue *queue, u64 mask)
{
	mask &= GENMASK_ULL(queue->layout.slots - 1, 0);
	while (mask) {
		wake_up(&queue->slot[__ffs64(mask)].wait);
		mask &= mask - 1;
	}
	if (READ_ONCE(queue->orphans)) {
		spin_lock(&queue->lock);
		vexfs_reap_locked(queue);
		spin_unlock(&queue->lock);
	}
}

static bool vexfs_has_news(struct vexfs_queue *queue, u32 head)
{
	return READ_ONCE(queue->tail) != head || READ_ONCE(queue->dead);
}

int vexfs_queue_wait(struct vexfs_queue *queue, struct vexfs_wait *wait)
{
	u32 head = wait->cmd.head;
	long left = MAX_SCHEDULE_TIMEOUT;

	vexfs_commit(queue, wait->cmd.commit_mask);
	if (wait->timeout_ns)
		left = nsecs_to_jiffies(min_t(u64, wait->timeout_ns, NSEC_PER_SEC * 3600ull)) + 1;
	left = wait_event_interruptible_timeout(queue->engine_wait, vexfs_has_news(queue, head),
						left);
	if (left < 0)
		return -EINTR;
	if (READ_ONCE(queue->dead))
		return -ENODEV;
	wait->tail = READ_ONCE(queue->tail);
	return left ? 0 : -ETIMEDOUT;
}

/* The kernel takes the command back: again and again, so it may be parked no more. */
static int vexfs_uring_cancel(struct vexfs_chan *chan, struct io_uring_cmd *cmd,
			      unsigned int issue_flags)
{
	u32 number;
	bool found = false;

	for (number = 0; number < chan->queues && !found; number++) {
		struct vexfs_queue *queue = &chan->queue[number];

		spin_lock(&queue->lock);
		found = queue->parked == cmd;
		if (found)
			queue->parked = NULL;
		spin_unlock(&queue->lock);
	}
	if (found)
		io_uring_cmd_done(cmd, -ECANCELED, 0, issue_flags);
	return 0;
}

static int vexfs_fetch(struct vexfs_queue *queue, struct io_uring_cmd *cmd, u32 head,
		       unsigned int issue_flags)
{
	int ret = -EIOCBQUEUED;

	vx_uring_mark_cancelable(cmd, issue_flags);
	spin_lock(&queue->lock);
	if (queue->dead)
		ret = -ENODEV;
	else if (queue->tail != head)
		ret = 0;
	else if (queue->parked)
		ret = -EBUSY;
	else
		queue->parked = cmd;
	spin_unlock(&queue->lock);
	if (ret != -EIOCBQUEUED)
		io_uring_cmd_done(cmd, ret, 0, issue_flags);
	return -EIOCBQUEUED;
}

int vexfs_queue_uring(struct vexfs_chan *chan, struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct vexfs_cmd *given = vx_uring_payload(cmd);
	struct vexfs_queue *queue;
	u64 mask;
	u32 head;
	u16 number;

	if (issue_flags & VX_URING_CANCEL)
		return vexfs_uring_cancel(chan, cmd, issue_flags);
	mask = READ_ONCE(given->commit_mask);
	head = READ_ONCE(given->head);
	number = READ_ONCE(given->queue);
	if (number >= chan->queues || READ_ONCE(given->flags))
		return -EINVAL;
	queue = &chan->queue[array_index_nospec(number, chan->queues)];
	switch (cmd->cmd_op) {
	case VEXFS_QUEUE_COMMIT:
		if (head)
			return -EINVAL;
		vexfs_commit(queue, mask);
		return 0;
	case VEXFS_QUEUE_FETCH:
		vexfs_commit(queue, mask);
		return vexfs_fetch(queue, cmd, head, issue_flags);
	default:
		return -ENOTTY;
	}
}
