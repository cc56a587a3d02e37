// SPDX-License-Identifier: GPL-2.0
/*
 * A filesystem as such: its states, and which channel serves it.
 *
 * NEW -> MOUNTING -> LIVE (mounted) -> ORPHANED (engine gone, recovery on) -> LIVE; any -> DEAD,
 * for good. References: one of the superblock, one of each channel. fs->chan has one of the
 * channel, which vexfs_fs_detach() gives back: so a pair of the two ends when the engine does.
 */
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include "trace.h"
#include "vexfs.h"

#define VEXFS_RECOVER_SECONDS 60 /* an ORPHANED fs is DEAD after it */

static DEFINE_MUTEX(vexfs_list_lock); /* both of these */
static LIST_HEAD(vexfs_list);
static u64 vexfs_last_id;

static void vexfs_fs_expire(struct work_struct *work)
{
	struct vexfs_fs *fs = container_of(to_delayed_work(work), struct vexfs_fs, expiry);

	spin_lock(&fs->lock);
	if (fs->state == VEXFS_ORPHANED)
		fs->state = VEXFS_DEAD;
	spin_unlock(&fs->lock);
	wake_up_all(&fs->attach_wait);
}

struct vexfs_fs *vexfs_fs_new(const u8 *volume, bool recovery)
{
	struct vexfs_fs *fs = kzalloc(sizeof(*fs), GFP_KERNEL_ACCOUNT);

	if (!fs)
		return NULL;
	kobject_init(&fs->kobj, &vexfs_fs_type);
	fs->user_ns = get_user_ns(current_user_ns());
	fs->owner = current_euid();
	memcpy(fs->volume, volume, sizeof(fs->volume));
	fs->recovery = recovery;
	spin_lock_init(&fs->lock);
	init_waitqueue_head(&fs->attach_wait);
	INIT_DELAYED_WORK(&fs->expiry, vexfs_fs_expire);
	init_llist_head(&fs->deferred);
	INIT_WORK(&fs->deferred_work, vexfs_deferred_work);
	mutex_lock(&vexfs_list_lock);
	fs->id = ++vexfs_last_id;
	list_add_tail(&fs->all, &vexfs_list);
	mutex_unlock(&vexfs_list_lock);
	return fs;
}

/* The fs of that id, with a reference, or NULL. */
struct vexfs_fs *vexfs_fs_find(u64 id)
{
	struct vexfs_fs *fs, *found = NULL;

	mutex_lock(&vexfs_list_lock);
	list_for_each_entry(fs, &vexfs_list, all)
		if (fs->id == id && kobject_get_unless_zero(&fs->kobj))
			found = fs;
	mutex_unlock(&vexfs_list_lock);
	return found;
}

void vexfs_fs_release(struct kobject *kobj)
{
	struct vexfs_fs *fs = container_of(kobj, struct vexfs_fs, kobj);

	mutex_lock(&vexfs_list_lock);
	list_del(&fs->all);
	mutex_unlock(&vexfs_list_lock);
	cancel_delayed_work_sync(&fs->expiry);
	cancel_work_sync(&fs->deferred_work);
	vexfs_deferred_work(&fs->deferred_work); /* frees what is left: it finds no engine */
	put_user_ns(fs->user_ns);
	kfree(fs);
}

/*
 * Makes a channel the one that serves. A fs without an engine is LIVE again. `lost`: what the
 * kernel knows of names and attributes may be what the engine does not know any more.
 */
int vexfs_fs_attach(struct vexfs_fs *fs, struct vexfs_chan *chan, bool lost)
{
	int ret = 0;

	spin_lock(&fs->lock);
	if (fs->chan || fs->state == VEXFS_DEAD) {
		ret = fs->chan ? -EBUSY : -ENOTCONN;
	} else {
		fs->chan = vexfs_chan_get(chan);
		chan->epoch = ++fs->epoch;
		if (lost)
			fs->trust = atomic64_inc_return(&fs->changes);
		if (fs->state == VEXFS_ORPHANED)
			fs->state = VEXFS_LIVE;
		trace_vexfs_attached(fs);
	}
	spin_unlock(&fs->lock);
	if (!ret) {
		cancel_delayed_work(&fs->expiry);
		wake_up_all(&fs->attach_wait);
	}
	return ret;
}

/*
 * The channel is dead. `keep`: a mounted fs that can be recovered waits for the next one. What was
 * not synced when an engine ended without a word may be lost: the next sync tells, see file.c.
 */
void vexfs_fs_detach(struct vexfs_fs *fs, struct vexfs_chan *chan, bool keep)
{
	bool served, waits;

	spin_lock(&fs->lock);
	served = fs->chan == chan;
	waits = served && fs->state == VEXFS_LIVE && keep && fs->recovery;
	if (served) {
		fs->chan = NULL;
		fs->state = waits ? VEXFS_ORPHANED : VEXFS_DEAD;
		if (fs->sb && !chan->in_order)
			errseq_set(&fs->sb->s_wb_err, -EIO);
		trace_vexfs_ended(fs);
	}
	spin_unlock(&fs->lock);
	if (!served)
		return;
	if (waits)
		schedule_delayed_work(&fs->expiry, VEXFS_RECOVER_SECONDS * HZ);
	wake_up_all(&fs->attach_wait);
	vexfs_chan_put(chan);
}

void vexfs_fs_abort(struct vexfs_fs *fs)
{
	struct vexfs_chan *chan;

	spin_lock(&fs->lock);
	chan = fs->chan ? vexfs_chan_get(fs->chan) : NULL;
	fs->state = VEXFS_DEAD;
	spin_unlock(&fs->lock);
	wake_up_all(&fs->attach_wait);
	if (chan) {
		vexfs_chan_kill(chan, false);
		vexfs_chan_put(chan);
	}
}

/* For one superblock, once. */
int vexfs_fs_claim(struct vexfs_fs *fs)
{
	enum vexfs_state was;

	spin_lock(&fs->lock);
	was = fs->state;
	if (was == VEXFS_NEW)
		fs->state = VEXFS_MOUNTING;
	spin_unlock(&fs->lock);
	return was == VEXFS_NEW ? 0 : was == VEXFS_DEAD ? -ENOTCONN : -EBUSY;
}

/*
 * The engine answered MOUNT: from here on there is something to keep when it dies. Or, with NULL,
 * the superblock is gone: there is nothing left to serve.
 */
void vexfs_fs_mounted(struct vexfs_fs *fs, struct super_block *sb)
{
	spin_lock(&fs->lock);
	fs->sb = sb;
	if (!sb)
		fs->state = VEXFS_DEAD;
	else if (fs->state == VEXFS_MOUNTING)
		fs->state = VEXFS_LIVE;
	spin_unlock(&fs->lock);
}

/* The channel that serves, with a reference. Waits while the fs is ORPHANED. */
struct vexfs_chan *vexfs_fs_chan(struct vexfs_fs *fs)
{
	struct vexfs_chan *chan;
	enum vexfs_state state;

	for (;;) {
		spin_lock(&fs->lock);
		chan = fs->chan ? vexfs_chan_get(fs->chan) : NULL;
		state = fs->state;
		spin_unlock(&fs->lock);
		if (chan)
			return chan;
		if (state != VEXFS_ORPHANED)
			return ERR_PTR(-ENOTCONN);
		if (wait_event_state(fs->attach_wait, READ_ONCE(fs->state) != VEXFS_ORPHANED,
				     VEXFS_KILLABLE))
			return ERR_PTR(-EINTR);
	}
}
