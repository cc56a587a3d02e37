// SPDX-License-Identifier: GPL-2.0
/*
 * How the engine waits for requests and has clients woken: WAIT as an ioctl, FETCH and COMMIT by
 * io_uring. The only file that knows io_uring.
 *
 * A FETCH is parked only while nothing is queued behind its `head`, under the lock; whoever queues
 * takes it away under the same lock, and ends it in the task that it belongs to.
 */
#include <linux/nospec.h>

#include "vexfs.h"

struct vexfs_fetch { /* what a FETCH keeps */
	struct vexfs_queue *queue;
	int result;
};

static struct vexfs_fetch *vexfs_fetch_of(struct io_uring_cmd *cmd)
{
	return (struct vexfs_fetch *)cmd->pdu;
}

static void vexfs_fetch_end(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	io_uring_cmd_done(cmd, vexfs_fetch_of(cmd)->result, 0, issue_flags);
}

/* Wakes whoever waits for a request, and lets the lock go first. */
void vexfs_queue_wake_engine(struct vexfs_queue *queue, int result) __releases(&queue->lock)
{
	struct io_uring_cmd *cmd = queue->parked;

	queue->parked = NULL;
	spin_unlock(&queue->lock);
	if (cmd) {
		vexfs_fetch_of(cmd)->result = result;
		io_uring_cmd_complete_in_task(cmd, vexfs_fetch_end);
	}
	if (wq_has_sleeper(&queue->engine_wait))
		wake_up(&queue->engine_wait);
}

void vexfs_queue_kill(struct vexfs_queue *queue)
{
	u32 slot;

	spin_lock(&queue->lock);
	WRITE_ONCE(queue->dead, true);
	vexfs_queue_wake_engine(queue, -ENODEV);
	wake_up_all(&queue->free_wait);
	for (slot = 0; slot < queue->chan->slots; slot++)
		rcuwait_wake_up(&queue->client[slot]);
}

static void vexfs_commit(struct vexfs_queue *queue, u64 mask)
{
	mask &= GENMASK_ULL(queue->chan->slots - 1, 0);
	for (; mask; mask &= mask - 1)
		rcuwait_wake_up(&queue->client[__ffs64(mask)]);
	if (READ_ONCE(queue->orphans)) {
		spin_lock(&queue->lock);
		vexfs_queue_reap_locked(queue);
		spin_unlock(&queue->lock);
	}
}

/* The queue that a command names, or NULL. */
static struct vexfs_queue *vexfs_queue_of(struct vexfs_chan *chan, u32 number, u32 flags)
{
	if (flags || number >= chan->queues)
		return NULL;
	return &chan->queue[array_index_nospec(number, chan->queues)];
}

int vexfs_queue_wait(struct vexfs_chan *chan, struct vexfs_wait *wait)
{
	struct vexfs_queue *queue = vexfs_queue_of(chan, wait->cmd.queue, wait->cmd.flags);
	u32 head = wait->cmd.head;
	long left = MAX_SCHEDULE_TIMEOUT;

	if (!queue || wait->zero)
		return -EINVAL;
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
static int vexfs_fetch_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
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
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
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
	bool fetches = cmd->cmd_op == VEXFS_QUEUE_FETCH;
	struct vexfs_queue *queue;
	u64 mask;
	u32 head;

	if (issue_flags & VX_URING_CANCEL)
		return vexfs_fetch_cancel(cmd, issue_flags);
	mask = READ_ONCE(given->commit_mask);
	head = READ_ONCE(given->head);
	queue = vexfs_queue_of(chan, READ_ONCE(given->queue), READ_ONCE(given->flags));
	if (!fetches && cmd->cmd_op != VEXFS_QUEUE_COMMIT)
		return -ENOTTY;
	if (!queue || (!fetches && head))
		return -EINVAL;
	vexfs_commit(queue, mask);
	return fetches ? vexfs_fetch(queue, cmd, head, issue_flags) : 0;
}
