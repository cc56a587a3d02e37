// SPDX-License-Identifier: GPL-2.0
/*
 * The groups of callers. A set of them travels once per channel and has a number from then on.
 *
 * The sets last used are kept, and those that a request in flight names.
 */
#include <linux/cred.h>
#include <linux/slab.h>

#include "vexfs.h"

#define VEXFS_CREDS_MAX 256
#define VEXFS_GROUPS_BATCH ((VEXFS_QUEUE_MIN_AREA - sizeof(struct vexfs_req_cred)) / sizeof(u32))

struct vexfs_cred {
	struct list_head list;
	u64 id;
	u64 epoch;	    /* of the channel that knows it */
	unsigned int users; /* requests in flight */
	kuid_t uid;
	kgid_t gid;
	struct group_info *groups;
};

void vexfs_creds_init(struct vexfs_creds *creds)
{
	mutex_init(&creds->lock);
	INIT_LIST_HEAD(&creds->list);
}

static void vexfs_cred_free(struct vexfs_creds *creds, struct vexfs_cred *cred)
{
	list_del(&cred->list);
	creds->count--;
	put_group_info(cred->groups);
	kfree(cred);
}

void vexfs_creds_free(struct vexfs_creds *creds)
{
	struct vexfs_cred *cred, *next;

	list_for_each_entry_safe(cred, next, &creds->list, list)
		vexfs_cred_free(creds, cred);
}

static bool vexfs_same_groups(const struct group_info *a, const struct group_info *b)
{
	return a == b || (a->ngroups == b->ngroups &&
			  !memcmp(a->gid, b->gid, a->ngroups * sizeof(a->gid[0])));
}

static struct vexfs_cred *vexfs_cred_find(struct vexfs_creds *creds, const struct cred *of)
{
	struct vexfs_cred *cred;

	list_for_each_entry(cred, &creds->list, list)
		if (uid_eq(cred->uid, of->fsuid) && gid_eq(cred->gid, of->fsgid) &&
		    vexfs_same_groups(cred->groups, of->group_info))
			return cred;
	return NULL;
}

static struct vexfs_cred *vexfs_cred_add(struct vexfs_creds *creds, const struct cred *of)
{
	struct vexfs_cred *cred = kzalloc(sizeof(*cred), GFP_KERNEL_ACCOUNT);

	if (!cred)
		return NULL;
	cred->id = ++creds->last_id;
	cred->uid = of->fsuid;
	cred->gid = of->fsgid;
	cred->groups = get_group_info(of->group_info);
	list_add(&cred->list, &creds->list);
	creds->count++;
	return cred;
}

static int vexfs_send_groups(struct vexfs_chan *chan, u32 op, const struct vexfs_req_cred *body,
			     const u32 *groups)
{
	struct vexfs_call call = {
		.op = op,
		.flags = op == VEXFS_REQ_CRED_DROP ? VEXFS_REQUEST_NOREPLY : 0,
		.unique = atomic64_inc_return(&chan->fs->unique),
		.body = body,
		.body_bytes = sizeof(*body),
		.payload[0] = { groups, body->groups * sizeof(*groups) },
	};

	return vexfs_queue_call(chan, &call);
}

static int vexfs_cred_tell(struct vexfs_chan *chan, struct vexfs_cred *cred)
{
	u32 *groups = kmalloc_array(VEXFS_GROUPS_BATCH, sizeof(*groups), GFP_KERNEL_ACCOUNT);
	struct vexfs_req_cred body = { .cred = cred->id, .total = cred->groups->ngroups };
	int ret = 0;
	u32 i;

	if (!groups)
		return -ENOMEM;
	do {
		body.groups = min_t(u32, body.total - body.first, VEXFS_GROUPS_BATCH);
		for (i = 0; i < body.groups; i++)
			groups[i] = from_kgid(chan->fs->user_ns, cred->groups->gid[body.first + i]);
		ret = vexfs_send_groups(chan, VEXFS_REQ_CRED, &body, groups);
		body.first += body.groups;
	} while (!ret && body.first < body.total);
	kfree(groups);
	if (!ret)
		cred->epoch = chan->epoch;
	return ret;
}

/* Drops the set that was not used for longest. */
static void vexfs_cred_trim(struct vexfs_chan *chan, struct vexfs_creds *creds)
{
	struct vexfs_req_cred body = {};
	struct vexfs_cred *cred;

	if (creds->count <= VEXFS_CREDS_MAX)
		return;
	list_for_each_entry_reverse(cred, &creds->list, list) {
		if (cred->users)
			continue;
		body.cred = cred->id;
		if (cred->epoch == chan->epoch)
			vexfs_send_groups(chan, VEXFS_REQ_CRED_DROP, &body, NULL);
		vexfs_cred_free(creds, cred);
		return;
	}
}

/* The set of the caller, known to the engine of the channel, until it is put. */
struct vexfs_cred *vexfs_cred_get(struct vexfs_chan *chan, u64 *id)
{
	struct vexfs_creds *creds = &chan->fs->creds;
	struct vexfs_cred *cred;
	int ret = mutex_lock_killable(&creds->lock);

	if (ret)
		return ERR_PTR(ret);
	cred = vexfs_cred_find(creds, current_cred());
	if (!cred)
		cred = vexfs_cred_add(creds, current_cred());
	if (!cred)
		ret = -ENOMEM;
	if (!ret && cred->epoch != chan->epoch)
		ret = vexfs_cred_tell(chan, cred);
	if (!ret) {
		cred->users++;
		*id = cred->id;
		list_move(&cred->list, &creds->list);
		vexfs_cred_trim(chan, creds);
	}
	mutex_unlock(&creds->lock);
	return ret ? ERR_PTR(ret) : cred;
}

void vexfs_cred_put(struct vexfs_chan *chan, struct vexfs_cred *cred)
{
	struct vexfs_creds *creds = &chan->fs->creds;

	mutex_lock(&creds->lock);
	cred->users--;
	mutex_unlock(&creds->lock);
}
