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
#include <linux/cred.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/xattr.h>

#include "vexfs.h"

#define VEXFS_CALL_DEAD (-ESHUTDOWN) /* the channel died first: never leaves vexfs_call() */

static bool vexfs_is_done(struct vexfs_queue *queue, u32 slot)
{
	return smp_load_acquire(&queue->memory->slot[slot].reply.state) == VEXFS_SLOT_DONE;
}

static void vexfs_free_slot_locked(struct vexfs_queue *queue, u32 slot)
{
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

/* Tries to take a slot: its number, -EAGAIN, or VEXFS_CALL_DEAD. */
static int vexfs_try_take(struct vexfs_queue *queue)
{
	int ret = -EAGAIN;

	spin_lock(&queue->lock);
	vexfs_reap_locked(queue);
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
	shared->client = (struct vexfs_slot_client){ .waiting = 1 };
	smp_store_release(&shared->reply.state, VEXFS_SLOT_REQUEST);
}

struct vexfs_fetch { /* what a FETCH keeps */
	struct vexfs_queue *queue;
	int result;
};

static struct vexfs_fetch *vexfs_fetch_of(struct io_uring_cmd *cmd)
{
	return (struct vexfs_fetch *)cmd->pdu;
}

static void vexfs_uring_end(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	io_uring_cmd_done(cmd, vexfs_fetch_of(cmd)->result, 0, issue_flags);
}

/* Ends a parked FETCH from the context of anybody. */
static void vexfs_uring_wake(struct io_uring_cmd *cmd, int result)
{
	vexfs_fetch_of(cmd)->result = result;
	io_uring_cmd_complete_in_task(cmd, vexfs_uring_end);
}

/* 0, or VEXFS_CALL_DEAD and the slot is free again. */
static int vexfs_publish(struct vexfs_queue *queue, u32 slot, struct vexfs_call *call)
{
	struct vexfs_queue_memory *memory = queue->memory;
	struct io_uring_cmd *cmd;

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
	cmd = queue->parked;
	queue->parked = NULL;
	spin_unlock(&queue->lock);
	if (cmd)
		vexfs_uring_wake(cmd, 0);
	else
		wake_up(&queue->engine_wait);
	return 0;
}

static bool vexfs_is_over(struct vexfs_queue *queue, u32 slot)
{
	return vexfs_is_done(queue, slot) || READ_ONCE(queue->dead);
}

static int vexfs_wait_for_engine(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call)
{
	wait_queue_head_t *wait = &queue->reply_wait[slot];

	if (call->interruptible) {
		if (!wait_event_state(*wait, vexfs_is_over(queue, slot),
				      (TASK_INTERRUPTIBLE | TASK_FREEZABLE)))
			return 0;
		WRITE_ONCE(queue->memory->slot[slot].client.cancel, 1);
	}
	return wait_event_state(*wait, vexfs_is_over(queue, slot), VEXFS_KILLABLE);
}

/* The client goes and leaves its slot to the engine. One that leaves half of them is ended. */
static void vexfs_abandon(struct vexfs_queue *queue, u32 slot)
{
	bool hopeless;

	spin_lock(&queue->lock);
	queue->orphans |= BIT_ULL(slot);
	queue->abandoned |= BIT_ULL(slot);
	vexfs_reap_locked(queue);
	hopeless = hweight64(queue->abandoned) > (queue->chan->slots + 1) / 2;
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
	struct vexfs_slot_reply *reply = &queue->memory->slot[slot].reply;
	const void *from = queue->areas[slot].out;
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
	if (vexfs_wait_for_engine(queue, slot, call)) {
		vexfs_abandon(queue, slot);
		vexfs_doubt(chan->fs, call->node.ino); /* whatever it still does there */
		return -EINTR;
	}
	ret = vexfs_is_done(queue, slot) ? vexfs_collect(queue, slot, call) : VEXFS_CALL_DEAD;
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
	for (slot = 0; slot < queue->chan->slots; slot++)
		wake_up_all(&queue->reply_wait[slot]);
}

static void vexfs_commit(struct vexfs_queue *queue, u64 mask)
{
	mask &= GENMASK_ULL(queue->chan->slots - 1, 0);
	while (mask) {
		wake_up(&queue->reply_wait[__ffs64(mask)]);
		mask &= mask - 1;
	}
	if (READ_ONCE(queue->orphans)) {
		spin_lock(&queue->lock);
		vexfs_reap_locked(queue);
		spin_unlock(&queue->lock);
	}
}

int vexfs_queue_wait(struct vexfs_queue *queue, struct vexfs_wait *wait)
{
	u32 head = wait->cmd.head;
	long left = MAX_SCHEDULE_TIMEOUT;

	vexfs_commit(queue, wait->cmd.commit_mask);
	if (wait->timeout_ns)
		left = nsecs_to_jiffies(min_t(u64, wait->timeout_ns, NSEC_PER_SEC * 3600ull)) + 1;
	left = wait_event_interruptible_timeout(
		queue->engine_wait, READ_ONCE(queue->tail) != head || READ_ONCE(queue->dead), left);
	if (left < 0)
		return -EINTR;
	if (READ_ONCE(queue->dead))
		return -ENODEV;
	wait->tail = READ_ONCE(queue->tail);
	return left ? 0 : -ETIMEDOUT;
}

/* The kernel takes the command back: again and again, so it may be parked no more. */
static int vexfs_uring_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct vexfs_queue *queue = vexfs_fetch_of(cmd)->queue;
	bool found;

	spin_lock(&queue->lock);
	found = queue->parked == cmd;
	if (found)
		queue->parked = NULL;
	spin_unlock(&queue->lock);
	if (found)
		io_uring_cmd_done(cmd, -ECANCELED, 0, issue_flags);
	return 0;
}

static int vexfs_fetch(struct vexfs_queue *queue, struct io_uring_cmd *cmd, u32 head,
		       unsigned int issue_flags)
{
	int ret = -EIOCBQUEUED;

	vexfs_fetch_of(cmd)->queue = queue;
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
		return vexfs_uring_cancel(cmd, issue_flags);
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
