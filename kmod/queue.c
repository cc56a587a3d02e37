// SPDX-License-Identifier: GPL-2.0
/*
 * Requests in the slots of a queue, see "ONE REQUEST" in vexfs_queue.h.
 *
 * Who owns a slot is in queue->free and queue->orphans, never in the shared memory: a slot in
 * neither is that of the client that took it, from FILLING until it has read the reply. Nothing
 * that the module wrote there is read back, and what the engine writes is read once.
 *
 * A client asks to be committed (waiting = 1), then looks at the state, then sleeps; the engine
 * stores the state and then looks at `waiting`. Both have a full fence in between, so one of the
 * two sees the other. Before it sleeps, a client may spin for an engine that polls: see spin.c.
 */
#include <linux/sched/signal.h>
#include <linux/xattr.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
#include "vexfs.h"

#define VEXFS_CALL_DEAD (-ESHUTDOWN) /* the channel died first: never leaves vexfs_call() */

/* Who waits for a slot has joined the queue of those who do before it looks, under the lock. */
static void vexfs_free_slot_locked(struct vexfs_queue *queue, u32 slot)
{
	queue->free |= BIT_ULL(slot);
	if (waitqueue_active(&queue->free_wait))
		wake_up_all(&queue->free_wait);
}

/* Frees what the engine has finished and nobody waits for. */
void vexfs_queue_reap_locked(struct vexfs_queue *queue)
{
	u64 rest = queue->orphans;

	while (rest) {
		u32 slot = __ffs64(rest);

		rest &= rest - 1;
		if (!vexfs_queue_is_done(queue, slot))
			continue;
		queue->orphans &= ~BIT_ULL(slot);
		queue->abandoned &= ~BIT_ULL(slot);
		vexfs_free_slot_locked(queue, slot);
	}
}

/* Tries to take a slot: its number, -EAGAIN, or VEXFS_CALL_DEAD. */
static int vexfs_try_take(struct vexfs_queue *queue)
{
	int ret = -EAGAIN;

	spin_lock(&queue->lock);
	vexfs_queue_reap_locked(queue);
	if (queue->dead) {
		ret = VEXFS_CALL_DEAD;
	} else if (queue->free) {
		ret = __ffs64(queue->free);
		queue->free &= ~BIT_ULL(ret);
	}
	spin_unlock(&queue->lock);
	return ret;
}

static int vexfs_take(struct vexfs_queue *queue)
{
	int slot;

	if (wait_event_state(queue->free_wait, (slot = vexfs_try_take(queue)) != -EAGAIN,
			     VEXFS_KILLABLE))
		return -EINTR;
	return slot;
}

static u32 vexfs_groups(const struct vexfs_call *call)
{
	return call->with_groups ? current_cred()->group_info->ngroups : 0;
}

static u32 vexfs_in_bytes(const struct vexfs_call *call)
{
	return call->body_bytes + call->payload[0].bytes + call->payload[1].bytes +
	       vexfs_groups(call) * sizeof(u32);
}

/* The supplementary groups of the caller, behind what need not end on a multiple of their size. */
static void vexfs_fill_groups(struct user_namespace *ns, void *to, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++, to += sizeof(u32)) {
		u32 group = from_kgid(ns, current_cred()->group_info->gid[i]);

		memcpy(to, &group, sizeof(group));
	}
}

static void vexfs_fill(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call)
{
	struct user_namespace *ns = queue->chan->fs->user_ns;
	struct vexfs_slot *shared = &queue->memory->slot[slot];
	void *to = queue->areas[slot].in;

	shared->request = (struct vexfs_request){
		.op = call->op,
		.flags = (call->seen ? VEXFS_REQUEST_REPLAY : 0) |
			 (call->no_reply ? VEXFS_REQUEST_NOREPLY : 0) |
			 (call->with_groups ? VEXFS_REQUEST_GROUPS : 0),
		.unique = call->unique,
		.ino = call->node.ino,
		.generation = call->node.generation,
		.groups = vexfs_groups(call),
		.fh = call->fh,
		.uid = from_kuid_munged(ns, current_fsuid()),
		.gid = from_kgid_munged(ns, current_fsgid()),
		.in_bytes = vexfs_in_bytes(call),
		.out_room = call->reply_bytes + call->out_room,
	};
	memcpy(to, call->body, call->body_bytes);
	to += call->body_bytes;
	memcpy(to, call->payload[0].data, call->payload[0].bytes);
	to += call->payload[0].bytes;
	memcpy(to, call->payload[1].data, call->payload[1].bytes);
	vexfs_fill_groups(ns, to + call->payload[1].bytes, vexfs_groups(call));
	shared->client = (struct vexfs_slot_client){};
	smp_store_release(&shared->reply.state, VEXFS_SLOT_REQUEST);
}

/* 0, or VEXFS_CALL_DEAD and the slot is free again. */
static int vexfs_publish(struct vexfs_queue *queue, u32 slot, struct vexfs_call *call)
{
	struct vexfs_queue_memory *memory = queue->memory;

	spin_lock(&queue->lock);
	if (queue->dead) {
		vexfs_free_slot_locked(queue, slot);
		spin_unlock(&queue->lock);
		return VEXFS_CALL_DEAD;
	}
	WRITE_ONCE(memory->sq[queue->tail % ARRAY_SIZE(memory->sq)], slot);
	queue->tail++;
	smp_store_release(&memory->tail.sq_tail, queue->tail);
	call->seen = true;
	if (call->no_reply)
		queue->orphans |= BIT_ULL(slot);
	trace_vexfs_queued(queue->chan, call, 0);
	vexfs_queue_wake_engine(queue, 0);
	return 0;
}

/* The fence between `waiting` and the look at the state is that of rcuwait_wait_event(). */
static int vexfs_sleep(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call)
{
	struct vexfs_slot_client *shared = &queue->memory->slot[slot].client;
	struct rcuwait *wait = &queue->client[slot];

	might_sleep(); /* an engine that is to run here goes first, and there may be no sleep */
	WRITE_ONCE(shared->waiting, 1);
	if (call->interruptible) {
		if (!rcuwait_wait_event(wait, vexfs_queue_is_over(queue, slot),
					TASK_INTERRUPTIBLE | TASK_FREEZABLE))
			return 0;
		WRITE_ONCE(shared->cancel, 1);
	}
	return rcuwait_wait_event(wait, vexfs_queue_is_over(queue, slot), VEXFS_KILLABLE);
}

/* The client goes and leaves its slot to the engine. One that leaves half of them is ended. */
static void vexfs_abandon(struct vexfs_queue *queue, u32 slot)
{
	bool hopeless;

	spin_lock(&queue->lock);
	queue->orphans |= BIT_ULL(slot);
	queue->abandoned |= BIT_ULL(slot);
	vexfs_queue_reap_locked(queue);
	hopeless = hweight64(queue->abandoned) > (queue->chan->slots + 1) / 2;
	spin_unlock(&queue->lock);
	if (hopeless)
		vexfs_chan_kill(queue->chan, true);
}

/* A reply that says what cannot be is the end of the channel. */
static int vexfs_collect(struct vexfs_queue *queue, u32 slot, struct vexfs_call *call)
{
	struct vexfs_slot_reply *reply = &queue->memory->slot[slot].reply;
	const void *from = queue->areas[slot].out;
	s32 result = READ_ONCE(reply->result);
	u32 bytes = READ_ONCE(reply->out_bytes);
	bool empty = result && call->op != VEXFS_REQ_IOCTL;
	u32 least = empty ? 0 : call->reply_bytes, most = empty ? 0 : least + call->out_room;

	if (result > 0 || result < -VEXFS_QUEUE_MAX_ERRNO || bytes < least || bytes > most) {
		pr_err_ratelimited("vexfs: fs %llu: the engine broke the protocol of the queue\n",
				   queue->chan->fs->id);
		vexfs_chan_kill(queue->chan, true);
		return -EIO;
	}
	if (empty)
		return result;
	memcpy(call->reply, from, call->reply_bytes);
	call->out_bytes = bytes - call->reply_bytes;
	memcpy(call->out, from + call->reply_bytes, call->out_bytes);
	return result;
}

/* Data or a value, and structs and names beside it, fit an area: only groups may be too many. */
static_assert(VEXFS_QUEUE_AREA >= VEXFS_QUEUE_MAX_DATA + PAGE_SIZE);
static_assert(VEXFS_QUEUE_AREA >= XATTR_SIZE_MAX + PAGE_SIZE);
static_assert(sizeof_field(struct vexfs_areas, in) == VEXFS_QUEUE_AREA);
static_assert(sizeof_field(struct vexfs_areas, out) == VEXFS_QUEUE_AREA);

/* One try on one channel: the engine's result, EINTR, EACCES, EIO or VEXFS_CALL_DEAD. */
static int vexfs_queue_call(struct vexfs_chan *chan, struct vexfs_call *call)
{
	struct vexfs_queue *queue = &chan->queue[raw_smp_processor_id() % chan->queues];
	int slot, ret;

	if (vexfs_in_bytes(call) > VEXFS_QUEUE_AREA)
		return -EACCES;
	slot = vexfs_take(queue);
	if (slot < 0)
		return slot;
	vexfs_fill(queue, slot, call);
	ret = vexfs_publish(queue, slot, call);
	if (ret || call->no_reply)
		return ret;
	if (!vexfs_spin(queue, slot, call) && vexfs_sleep(queue, slot, call)) {
		trace_vexfs_abandoned(chan, call, -EINTR);
		vexfs_abandon(queue, slot);
		vexfs_doubt(chan->fs, call->node.ino); /* whatever it still does there */
		return -EINTR;
	}
	ret = vexfs_queue_is_done(queue, slot) ? vexfs_collect(queue, slot, call) : VEXFS_CALL_DEAD;
	trace_vexfs_replied(chan, call, ret);
	spin_lock(&queue->lock);
	vexfs_free_slot_locked(queue, slot);
	spin_unlock(&queue->lock);
	return ret;
}

/* What mount(2) and umount(2) ask is asked by the engine's own process too. */
static bool vexfs_is_own(const struct vexfs_chan *chan, u32 op)
{
	if (op == VEXFS_REQ_MOUNT || op == VEXFS_REQ_UNMOUNT || op == VEXFS_REQ_SYNCFS)
		return false;
	return task_tgid(current) == chan->tgid;
}

/*
 * Sends a request and waits for its reply: 0 or -errno. ENOTCONN: there is no engine. EINTR: the
 * caller was killed, or a signal ended it. EDEADLK: the engine would serve itself. EIO: the reply
 * breaks the rules.
 */
int vexfs_call(struct vexfs_fs *fs, struct vexfs_call *call)
{
	struct vexfs_chan *chan;
	int ret;

	call->unique = atomic64_inc_return(&fs->unique);
	do {
		chan = vexfs_fs_chan(fs);
		if (IS_ERR(chan))
			return PTR_ERR(chan);
		ret = vexfs_is_own(chan, call->op) ? -EDEADLK : vexfs_queue_call(chan, call);
		vexfs_chan_put(chan);
	} while (ret == VEXFS_CALL_DEAD);
	return ret;
}
