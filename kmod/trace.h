/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, /sys/kernel/tracing/events/vexfs: the way of a request, and of an engine.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vexfs

#if !defined(VEXFS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VEXFS_TRACE_H

#include <linux/tracepoint.h>

#include "vexfs.h"

/* clang-format off */
DECLARE_EVENT_CLASS(vexfs_request,
	TP_PROTO(const struct vexfs_chan *chan, const struct vexfs_call *call, int result),
	TP_ARGS(chan, call, result),
	TP_STRUCT__entry(__field(u64, fs) __field(u64, unique) __field(u64, ino) __field(u32, op)
			 __field(int, result)),
	TP_fast_assign(
		__entry->fs = chan->fs->id; __entry->unique = call->unique;
		__entry->ino = call->node.ino; __entry->op = call->op; __entry->result = result;
	),
	TP_printk("fs=%llu unique=%llu op=%u ino=%llu result=%d", __entry->fs, __entry->unique,
		  __entry->op, __entry->ino, __entry->result)
);

#define VEXFS_REQUEST_EVENT(name)                                                                  \
	DEFINE_EVENT(vexfs_request, name,                                                          \
		TP_PROTO(const struct vexfs_chan *chan, const struct vexfs_call *call, int result), \
		TP_ARGS(chan, call, result))
VEXFS_REQUEST_EVENT(vexfs_queued);
VEXFS_REQUEST_EVENT(vexfs_replied); /* -512: the engine died first */
VEXFS_REQUEST_EVENT(vexfs_abandoned);

DECLARE_EVENT_CLASS(vexfs_engine,
	TP_PROTO(const struct vexfs_fs *fs),
	TP_ARGS(fs),
	TP_STRUCT__entry(__field(u64, fs) __field(u64, epoch) __field(int, state)),
	TP_fast_assign(
		__entry->fs = fs->id; __entry->epoch = fs->epoch; __entry->state = fs->state;
	),
	TP_printk("fs=%llu epoch=%llu state=%d", __entry->fs, __entry->epoch, __entry->state)
);
DEFINE_EVENT(vexfs_engine, vexfs_attached, TP_PROTO(const struct vexfs_fs *fs), TP_ARGS(fs));
DEFINE_EVENT(vexfs_engine, vexfs_ended, TP_PROTO(const struct vexfs_fs *fs), TP_ARGS(fs));
/* clang-format on */

#endif /* VEXFS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH kmod
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
