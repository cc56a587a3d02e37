// SPDX-License-Identifier: GPL-2.0
/*
 * Requests in the slots of a queue, see "ONE REQUEST" in vexfs_queue.h.
 *
 * Who owns a slot is in queue->free and queue->orphans, never in the shared memory: a slot in
 * neither is that of the client that took it, from FILLING until it has read the reply. Nothing
 * that the module wrote there is read back, and what the engine writes is read once.
 *
 * A client asks to be committed (waiting = 1), then looks at the state, then sleeps; the engine
 * stores the state and then looks at `waiting`. Both have a full fence in between (the client's is
 * in rcuwait_wait_event()), so one of the two sees the other. It may spin before it: see spin.c.
 */
#include <linux/sched/signal.h>
#include <linux/pagemap.h>
#include <linux/uio.h>
#include <linux/xattr.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
#include "vexfs.h"

#define VEXFS_AGAIN (-VEXFS_QUEUE_MAX_ERRNO - 1) /* to be sent again: no engine answers it */

/* Who waits for a slot has joined the queue of those who do before it looks, under the lock. */
static void vexfs_free_slot_locked(struct vexfs_queue *queue, u32 slot)
{
	queue->free |= BIT_ULL(slot);
	if (waitqueue_active(&queue->free_wait))
		wake_up_all(&queue->free_wait);
}

static void vexfs_free_slot(struct vexfs_queue *queue, u32 slot)
{
	spin_lock(&queue->lock);
	vexfs_free_slot_locked(queue, slot);
	spin_unlock(&queue->lock);
}

/* Frees what the engine has finished and nobody waits for. */
void vexfs_queue_reap_locked(struct vexfs_queue *queue)
{
	u64 rest;

	for (rest = queue->orphans; rest; rest &= rest - 1) {
		u32 slot = __ffs64(rest);

		if (!vexfs_queue_is_done(queue, slot))
			continue;
		queue->orphans &= ~BIT_ULL(slot);
		queue->abandoned &= ~BIT_ULL(slot);
		vexfs_free_slot_locked(queue, slot);
	}
}

/* Tries to take a slot: its number, -EAGAIN, or VEXFS_AGAIN. */
static int vexfs_try_take(struct vexfs_queue *queue)
{
	int ret = -EAGAIN;

	spin_lock(&queue->lock);
	if (queue->orphans)
		vexfs_queue_reap_locked(queue);
	if (queue->dead) {
		ret = VEXFS_AGAIN;
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

/*
 * Copies between a slot and memory of the caller, as far as that is there: a page fault may take
 * for ever, or need a slot itself. False: not all of it is.
 */
static bool vexfs_copy(unsigned int direction, void *slot, void __user *user, u32 bytes)
{
	struct iov_iter iter;
	size_t copied;

	iov_iter_ubuf(&iter, direction, user, bytes);
	pagefault_disable();
	copied = direction == ITER_SOURCE ? _copy_from_iter(slot, bytes, &iter)
					  : _copy_to_iter(slot, bytes, &iter);
	pagefault_enable();
	return copied == bytes;
}

/* False: the payload is not all there, and the request not made. */
static bool vexfs_fill(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call,
		       u32 groups, u32 in_bytes)
{
	struct user_namespace *ns = queue->chan->fs->user_ns;
	struct vexfs_slot *shared = &queue->memory->slot[slot];
	void *to = queue->areas[slot].in;
	bool first = ns == &init_user_ns; /* where an id is what it is */
	u32 i;

	shared->request = (struct vexfs_request){
		.op = call->op,
		.flags = (call->seen ? VEXFS_REQUEST_REPLAY : 0) |
			 (call->no_reply ? VEXFS_REQUEST_NOREPLY : 0) |
			 (call->with_groups ? VEXFS_REQUEST_GROUPS : 0),
		.unique = call->unique,
		.ino = call->node.ino,
		.generation = call->node.generation,
		.groups = groups,
		.fh = call->fh,
		.uid = first ? __kuid_val(current_fsuid()) : from_kuid_munged(ns, current_fsuid()),
		.gid = first ? __kgid_val(current_fsgid()) : from_kgid_munged(ns, current_fsgid()),
		.in_bytes = in_bytes,
		.out_room = call->reply_bytes + call->out_room,
	};
	memcpy(to, call->body, call->body_bytes);
	to += call->body_bytes;
	if (call->op != VEXFS_REQ_IOCTL)
		memcpy(to, call->payload[0].data, call->payload[0].bytes);
	else if (!vexfs_copy(ITER_SOURCE, to, call->user, call->payload[0].bytes))
		return false;
	to += call->payload[0].bytes;
	if (call->payload[1].bytes)
		memcpy(to, call->payload[1].data, call->payload[1].bytes);
	to += call->payload[1].bytes;
	for (i = 0; i < groups; i++) { /* behind what need not end on a multiple of their size */
		u32 group = from_kgid(ns, current_cred()->group_info->gid[i]);

		memcpy(to + i * sizeof(group), &group, sizeof(group));
	}
	WRITE_ONCE(shared->client.waiting, 0); /* nothing else is ever written there */
	WRITE_ONCE(shared->client.cancel, 0);
	smp_store_release(&shared->reply.state, VEXFS_SLOT_REQUEST);
	return true;
}

/* 0, or VEXFS_AGAIN. */
static int vexfs_publish(struct vexfs_queue *queue, u32 slot, struct vexfs_call *call)
{
	struct vexfs_queue_memory *memory = queue->memory;

	spin_lock(&queue->lock);
	if (queue->dead) { /* nobody takes its slots any more */
		spin_unlock(&queue->lock);
		return VEXFS_AGAIN;
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
	void *from = queue->areas[slot].out;
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
	if (call->reply_bytes)
		memcpy(call->reply, from, call->reply_bytes);
	from += call->reply_bytes;
	call->out_bytes = bytes - call->reply_bytes;
	if (call->op != VEXFS_REQ_IOCTL) {
		memcpy(call->out, from, call->out_bytes);
	} else if (!vexfs_copy(ITER_DEST, from, call->user, call->out_bytes)) {
		call->out = kmemdup(from, call->out_bytes, GFP_NOIO | __GFP_ACCOUNT);
		return call->out ? result : -ENOMEM;
	}
	return result;
}

/* Data or a value, and structs and names beside it, fit an area: only groups may be too many. */
static_assert(VEXFS_QUEUE_AREA >= VEXFS_QUEUE_MAX_DATA + PAGE_SIZE);
static_assert(VEXFS_QUEUE_AREA >= XATTR_SIZE_MAX + PAGE_SIZE);

/* One try on one channel: the engine's result, EINTR, EACCES, EIO or VEXFS_AGAIN. */
static int vexfs_queue_call(struct vexfs_chan *chan, struct vexfs_call *call)
{
	struct vexfs_queue *queue = &chan->queue[raw_smp_processor_id() % chan->queues];
	u32 groups = call->with_groups ? current_cred()->group_info->ngroups : 0;
	u32 in_bytes = call->body_bytes + call->payload[0].bytes + call->payload[1].bytes +
		       groups * sizeof(u32);
	int slot, ret;

	if (in_bytes > VEXFS_QUEUE_AREA)
		return -EACCES;
	slot = vexfs_take(queue);
	if (slot < 0)
		return slot;
	if (!vexfs_fill(queue, slot, call, groups, in_bytes)) {
		vexfs_free_slot(queue, slot);
		return fault_in_readable(call->user, call->payload[0].bytes) ? -EFAULT
									     : VEXFS_AGAIN;
	}
	ret = vexfs_publish(queue, slot, call);
	if (ret || call->no_reply)
		return ret;
	if (!vexfs_spin(queue, slot, call) && vexfs_sleep(queue, slot, call)) {
		trace_vexfs_abandoned(chan, call, -EINTR);
		vexfs_abandon(queue, slot);
		vexfs_doubt(chan->fs, call->node.ino); /* whatever it still does there */
		return -EINTR;
	}
	ret = vexfs_queue_is_done(queue, slot) ? vexfs_collect(queue, slot, call) : VEXFS_AGAIN;
	trace_vexfs_replied(chan, call, ret);
	vexfs_free_slot(queue, slot);
	return ret;
}

/* What mount(2) and umount(2) ask is asked by the engine's own process too. */
static bool vexfs_is_own(const struct vexfs_chan *chan, u32 op)
{
	return task_tgid(current) == chan->tgid && op != VEXFS_REQ_MOUNT &&
	       op != VEXFS_REQ_UNMOUNT && op != VEXFS_REQ_SYNCFS;
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
	} while (ret == VEXFS_AGAIN);
	return ret;
}
