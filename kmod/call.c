// SPDX-License-Identifier: GPL-2.0
/*
 * A request from its maker's side: over the deaths of engines, to its reply.
 */
#include <linux/sched.h>

#include "vexfs.h"

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
