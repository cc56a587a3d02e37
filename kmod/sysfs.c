// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/fs/vexfs/ID/: what a filesystem tells of itself while it is mounted. A write to `abort` ends
 * it, as umount -f does.
 */
#include <linux/sysfs.h>

#include "vexfs.h"

static const char *const vexfs_state_names[] = { "new", "mounting", "live", "orphaned", "dead" };

/* Slots that are taken, also those that nobody waits for. */
static u32 vexfs_slots_taken(struct vexfs_fs *fs)
{
	u32 number, count = 0;

	spin_lock(&fs->lock);
	for (number = 0; fs->chan && number < fs->chan->queues; number++)
		count += fs->chan->slots - hweight64(READ_ONCE(fs->chan->queue[number].free));
	spin_unlock(&fs->lock);
	return count;
}

#define VEXFS_SHOW(name, format, value)                                                           \
	static ssize_t name##_show(struct kobject *kobj, struct kobj_attribute *attr, char *text) \
	{                                                                                         \
		struct vexfs_fs *fs = container_of(kobj, struct vexfs_fs, kobj);                  \
                                                                                                  \
		return sysfs_emit(text, format, value);                                           \
	}                                                                                         \
	static struct kobj_attribute vexfs_##name = __ATTR_RO(name)

VEXFS_SHOW(state, "%s\n", vexfs_state_names[READ_ONCE(fs->state)]);
VEXFS_SHOW(epoch, "%llu\n", READ_ONCE(fs->epoch));
VEXFS_SHOW(recoveries, "%llu\n", READ_ONCE(fs->epoch) - 1);
VEXFS_SHOW(in_flight, "%u\n", vexfs_slots_taken(fs));
VEXFS_SHOW(policy, "%s\n", fs->recovery ? "wait" : "fail");

static ssize_t abort_store(struct kobject *kobj, struct kobj_attribute *attr, const char *text,
			   size_t bytes)
{
	vexfs_fs_abort(container_of(kobj, struct vexfs_fs, kobj));
	return bytes;
}
static struct kobj_attribute vexfs_abort = __ATTR_WO(abort);

static struct attribute *vexfs_attrs[] = {
	&vexfs_state.attr,
	&vexfs_epoch.attr,
	&vexfs_recoveries.attr,
	&vexfs_in_flight.attr,
	&vexfs_policy.attr,
	&vexfs_abort.attr,
	NULL,
};
ATTRIBUTE_GROUPS(vexfs);

const struct kobj_type vexfs_fs_type = {
	.release = vexfs_fs_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = vexfs_groups,
};
