// SPDX-License-Identifier: GPL-2.0
/*
 * How long a client spins for its reply before it sleeps, while the engine polls on another CPU.
 *
 * The engine says that it polls, and may lie: what bounds the spin is the clock, and what else this
 * CPU has to do. A kind of request that was spun for in vain is not, the next hundred times.
 */
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>

#include "vexfs.h"

#define VEXFS_SPIN_NS 50000u /* the longest, twice what such requests took */
#define VEXFS_TRY_NS 10000u  /* for what took less, or was never spun for */

/* What may be short, and is not asked under a lock for which others would wait. */
#define VEXFS_SPUN_FOR                                                                            \
	(BIT_ULL(VEXFS_REQ_LOOKUP) | BIT_ULL(VEXFS_REQ_GETATTR) | BIT_ULL(VEXFS_REQ_READLINK) |   \
	 BIT_ULL(VEXFS_REQ_OPEN) | BIT_ULL(VEXFS_REQ_READ) | BIT_ULL(VEXFS_REQ_READDIR) |         \
	 BIT_ULL(VEXFS_REQ_STATFS) | BIT_ULL(VEXFS_REQ_GETXATTR) | BIT_ULL(VEXFS_REQ_LISTXATTR) | \
	 BIT_ULL(VEXFS_REQ_LSEEK) | BIT_ULL(VEXFS_REQ_IOCTL) | BIT_ULL(VEXFS_REQ_SESSION_WRITE) | \
	 BIT_ULL(VEXFS_REQ_SESSION_READ))

/* True if the reply came. What replies took is averaged without a lock: nothing depends on it. */
bool vexfs_spin(struct vexfs_queue *queue, u32 slot, const struct vexfs_call *call)
{
	const struct vexfs_queue_engine *engine = &queue->memory->engine;
	u32 *average = &queue->took_ns[call->kind ? call->kind : call->op];
	u32 took = READ_ONCE(*average);
	u64 most = max(2 * took, VEXFS_TRY_NS), begin = 0, spent = 0;

	if (!queue->chan->polling || !(VEXFS_SPUN_FOR & BIT_ULL(call->op)) ||
	    !READ_ONCE(engine->polling) || READ_ONCE(engine->cpu) == raw_smp_processor_id() ||
	    num_online_cpus() == 1)
		return false;
	if (most > VEXFS_SPIN_NS) {
		WRITE_ONCE(*average, took - took / 64);
		return false;
	}
	do { /* a reply that is there at the first look needs no clock */
		cpu_relax();
		if (vexfs_queue_is_done(queue, slot)) {
			WRITE_ONCE(*average, (7 * took + min(spent, most)) / 8);
			return true;
		}
		if (need_resched() || signal_pending(current) || READ_ONCE(queue->dead) ||
		    !READ_ONCE(engine->polling))
			return false;
		if (!begin)
			begin = local_clock();
		spent = local_clock() - begin;
	} while (spent < most);
	WRITE_ONCE(*average, 4 * VEXFS_SPIN_NS);
	return false;
}
