// SPDX-License-Identifier: GPL-2.0
/*
 * Files: their data goes to the engine through a buffer of the kernel, so that no slot is held
 * while memory of the user is touched and a request can be built again.
 *
 * Pages that reads brought are kept and are never dirty: a write waits for the engine and then
 * changes the pages that are there, what else changes data drops them, and a mapping that is shared
 * and writable is refused.
 */
#include <linux/fs.h>
#include <linux/falloc.h> /* after fs.h, whose types it needs */
#include <linux/pagemap.h>
#include <linux/uio.h>

#include "vexfs.h"

static int vexfs_open(struct inode *inode, struct file *file)
{
	struct vexfs_handle *vf = kzalloc(sizeof(*vf), GFP_KERNEL_ACCOUNT);
	struct vexfs_req_open body = { file->f_flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC) };
	struct vexfs_rep_open reply;
	int ret = vf ? generic_file_open(inode, file) : -ENOMEM;

	if (!ret)
		ret = vexfs_ask(inode, VEXFS_REQ_OPEN, &body, &reply);
	if (ret) {
		kfree(vf);
		return ret;
	}
	vf->release.node = (struct vexfs_node){ inode->i_ino, inode->i_generation };
	vf->release.fh = reply.fh;
	vf->flags = reply.flags;
	file->private_data = vf;
	file->f_mode |= FMODE_CAN_ODIRECT;
	if (!(reply.flags & VEXFS_OPEN_KEEP_CACHE) || READ_ONCE(vexfs_i(inode)->uncertain))
		invalidate_inode_pages2(inode->i_mapping);
	return 0;
}

/* The engine is told of the end of what has a handle or may have been written. */
static int vexfs_release(struct inode *inode, struct file *file)
{
	struct vexfs_handle *vf = vexfs_f(file);

	if (vf->release.fh || file->f_mode & FMODE_WRITE)
		vexfs_defer(vexfs_fs_of(inode), &vf->release);
	else
		kfree(vf);
	return 0;
}

/* At most max_io bytes into a buffer of the kernel: how many came, or -errno. */
static ssize_t vexfs_ask_read(struct inode *inode, const struct vexfs_handle *vf, loff_t offset,
			      void *data, u32 bytes)
{
	struct vexfs_req_io body = { .offset = offset, .bytes = bytes };
	bool session = vf && vf->flags & VEXFS_OPEN_SESSION;
	struct vexfs_call call =
		VEXFS_CALL(inode, session ? VEXFS_REQ_SESSION_READ : VEXFS_REQ_READ, &body,
			   VEXFS_NONE, .interruptible = session, .fh = vf ? vf->release.fh : 0,
			   .out = data, .out_room = bytes);
	bool dies =
		fatal_signal_pending(current); /* whose next attempt would abandon a slot more */
	ssize_t ret = dies ? -EINTR : vexfs_call(vexfs_fs_of(inode), &call);

	return ret ? ret : (ssize_t)call.out_bytes;
}

/* One READ past the pages: how many bytes came, or -errno. */
static ssize_t vexfs_read_piece(struct kiocb *iocb, struct iov_iter *to, void *data, u32 bytes)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t came = vexfs_ask_read(inode, vexfs_f(iocb->ki_filp), iocb->ki_pos, data, bytes);

	if (came > 0 && copy_to_iter(data, came, to) != came)
		came = -EFAULT;
	iocb->ki_pos += max_t(ssize_t, came, 0);
	return came;
}

/* Through a buffer of the kernel; a piece of fewer bytes than were asked for is the last. */
static ssize_t vexfs_in_pieces(struct kiocb *iocb, struct iov_iter *iter,
			       ssize_t (*one)(struct kiocb *, struct iov_iter *, void *, u32))
{
	u32 max_io = vexfs_fs_of(file_inode(iocb->ki_filp))->max_io;
	size_t room = min_t(size_t, iov_iter_count(iter), max_io);
	ssize_t done = 0, ret;
	void *data;

	if (!room)
		return 0;
	data = kvmalloc(room, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	do {
		ret = one(iocb, iter, data, min(iov_iter_count(iter), room));
		done += max_t(ssize_t, ret, 0);
	} while (ret == room && iov_iter_count(iter));
	kvfree(data);
	return done ? done : ret;
}

static ssize_t vexfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	bool direct =
		vexfs_f(iocb->ki_filp)->flags & VEXFS_OPEN_DIRECT || iocb->ki_flags & IOCB_DIRECT ||
		READ_ONCE(vexfs_i(inode)->uncertain) ||
		READ_ONCE(vexfs_fs_of(inode)->state) != VEXFS_LIVE; /* and says so, or waits */
	ssize_t ret = direct ? 0 : vexfs_revalidate(inode, VEXFS_ALL);

	if (ret)
		return ret < 0 ? ret : generic_file_read_iter(iocb, to);
	ret = vexfs_in_pieces(iocb, to, vexfs_read_piece);
	vexfs_changed(inode, VEXFS_TIMES);
	return ret;
}

/* Written: pages that are there have it too. */
static void vexfs_write_pages(struct address_space *mapping, loff_t at, const void *data, u32 bytes)
{
	u32 part;

	for (; bytes && mapping->nrpages; at += part, data += part, bytes -= part) {
		struct page *page = find_lock_page(mapping, at >> PAGE_SHIFT);

		part = min_t(u32, bytes, PAGE_SIZE - offset_in_page(at));
		if (!page)
			continue;
		if (PageUptodate(page))
			memcpy_to_page(page, offset_in_page(at), data, part);
		unlock_page(page);
		put_page(page);
	}
}

/*
 * Pages of the range, and the size, are wrong now. A change that its killed caller left to the
 * engine may come at any time: nothing is believed of such an inode any more.
 */
void vexfs_drop_pages(struct inode *inode, loff_t start, u64 bytes, int ret)
{
	vexfs_changed(inode, VEXFS_ALL);
	if (ret == -EINTR) /* which may not wait for a page that waits for the engine */
		WRITE_ONCE(vexfs_i(inode)->uncertain, true);
	else if (bytes && inode->i_mapping->nrpages)
		invalidate_inode_pages2_range(inode->i_mapping, start >> PAGE_SHIFT,
					      (start + bytes - 1) >> PAGE_SHIFT);
}

/* One WRITE: what was written, or -errno. */
static ssize_t vexfs_write_piece(struct kiocb *iocb, struct iov_iter *from, void *data, u32 room)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file_inode(file);
	bool session = vexfs_f(file)->flags & VEXFS_OPEN_SESSION;
	u32 bytes = copy_from_iter(data, room, from);
	struct vexfs_req_io body = {
		.offset = iocb->ki_pos,
		.bytes = bytes,
		.flags = (iocb->ki_flags & IOCB_APPEND ? VEXFS_IO_APPEND : 0) |
			 (iocb_is_dsync(iocb) ? VEXFS_IO_SYNC : 0),
	};
	struct vexfs_rep_write reply;
	struct vexfs_call call = /* a session has the rights of its opener, and needs no groups */
		VEXFS_CALL_OF(session ? VEXFS_REQ_SESSION_WRITE : VEXFS_REQ_WRITE, &body, &reply,
			      .node = vexfs_on(inode), .fh = vexfs_f(file)->release.fh,
			      .payload[0] = { data, bytes });
	int ret = bytes ? vexfs_call(vexfs_fs_of(inode), &call) : -EFAULT;

	if (!ret && (reply.bytes > bytes || reply.size > S64_MAX || reply.offset > S64_MAX - bytes))
		ret = -EIO;
	if (ret) { /* an append goes where the file ends: all pages */
		vexfs_drop_pages(inode, 0, S64_MAX, ret);
		return ret;
	}
	if (!session) {
		vexfs_write_pages(inode->i_mapping, reply.offset, data, reply.bytes);
		vexfs_resized(inode, reply.size);
	}
	iocb->ki_pos = reply.offset + reply.bytes;
	return reply.bytes;
}

static ssize_t vexfs_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file_inode(file);
	ssize_t ret;

	if (vexfs_f(file)->flags & VEXFS_OPEN_SESSION) /* its pieces come in any order, at once */
		return vexfs_in_pieces(iocb, from, vexfs_write_piece);
	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret > 0)
		ret = file_remove_privs(file) ?: vexfs_in_pieces(iocb, from, vexfs_write_piece);
	inode_unlock(inode);
	return ret;
}

/* All is synced that is there. EIO, once for each open file: an engine died, and some is not. */
int vexfs_synced(struct file *file)
{
	return errseq_check_and_advance(&file_inode(file)->i_sb->s_wb_err, &file->f_sb_err);
}

/* Of a file or a directory: nothing is kept here, so the engine does it all. */
int vexfs_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct inode *inode = file_inode(file);
	struct vexfs_req_fsync body = { .flags = datasync ? VEXFS_FSYNC_DATA : 0 };
	int ret = vexfs_ask(inode, S_ISDIR(inode->i_mode) ? VEXFS_REQ_FSYNCDIR : VEXFS_REQ_FSYNC,
			    &body, VEXFS_NONE);

	return ret ? ret : vexfs_synced(file);
}

static long vexfs_fallocate(struct file *file, int mode, loff_t offset, loff_t length)
{
	struct inode *inode = file_inode(file);
	struct vexfs_req_fallocate body = { .offset = offset, .length = length, .mode = mode };
	int ret;

	inode_lock(inode);
	ret = mode & FALLOC_FL_KEEP_SIZE ? 0 : inode_newsize_ok(inode, offset + length);
	if (!ret)
		ret = file_remove_privs(file)
			      ?: vexfs_ask(inode, VEXFS_REQ_FALLOCATE, &body, VEXFS_NONE);
	vexfs_drop_pages(inode, offset, length, ret);
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE) && offset + length > i_size_read(inode))
		vexfs_resized(inode, offset + length);
	inode_unlock(inode);
	return ret;
}

static ssize_t vexfs_copy_file_range(struct file *in, loff_t offset, struct file *out,
				     loff_t to_offset, size_t bytes, unsigned int flags)
{
	struct inode *from = file_inode(in), *to = file_inode(out);
	struct vexfs_req_copy body = { offset, to->i_ino, to->i_generation,
				       0,      to_offset, min_t(size_t, bytes, MAX_RW_COUNT) };
	struct vexfs_rep_write reply;
	int ret = -EXDEV;

	if (from->i_sb == to->i_sb && !vexfs_f(in)->release.fh && !vexfs_f(out)->release.fh) {
		inode_lock(to);
		ret = file_remove_privs(out)
			      ?: vexfs_ask(from, VEXFS_REQ_COPY_RANGE, &body, &reply);
		if (!ret && (reply.bytes > body.length || reply.size > S64_MAX))
			ret = -EIO;
		vexfs_drop_pages(to, to_offset, body.length, ret);
		vexfs_changed(from, VEXFS_TIMES);
		if (!ret && reply.bytes)
			vexfs_resized(to, reply.size);
		inode_unlock(to);
	}
	if (ret == -EXDEV || ret == -EOPNOTSUPP)
		return splice_copy_file_range(in, offset, out, to_offset, bytes);
	return ret ? ret : reply.bytes;
}

static loff_t vexfs_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	struct vexfs_req_lseek body = { .offset = offset, .whence = whence };
	struct vexfs_rep_lseek reply;
	int ret = whence == SEEK_END ? vexfs_revalidate(inode, VEXFS_ALL) : 0;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return ret < 0 ? ret : generic_file_llseek(file, offset, whence);
	ret = offset < 0 ? -ENXIO : vexfs_ask(inode, VEXFS_REQ_LSEEK, &body, &reply);
	return ret ? ret : vfs_setpos(file, reply.offset, inode->i_sb->s_maxbytes);
}

/* Bytes of the file, and zeros behind its end. */
static int vexfs_read_whole(struct inode *inode, loff_t offset, void *data, u32 bytes)
{
	ssize_t came = vexfs_ask_read(inode, NULL, offset, data, bytes);

	if (came >= 0)
		memset(data + came, 0, bytes - came);
	vexfs_changed(inode, VEXFS_TIMES);
	return min_t(ssize_t, came, 0);
}

static int vexfs_read_folio(struct file *file, struct folio *folio)
{
	void *data = kmap_local_folio(folio, 0); /* of one page: there are no larger ones */
	int ret = vexfs_read_whole(folio->mapping->host, folio_pos(folio), data, PAGE_SIZE);

	kunmap_local(data);
	flush_dcache_folio(folio);
	if (!ret)
		folio_mark_uptodate(folio);
	folio_unlock(folio);
	return ret;
}

/* Pages that it leaves are read one by one, when they are wanted. */
static void vexfs_readahead(struct readahead_control *ahead)
{
	struct inode *inode = ahead->mapping->host;
	loff_t at = readahead_pos(ahead), end = at + readahead_length(ahead);
	u32 room = min_t(u64, end - at, round_down(vexfs_fs_of(inode)->max_io, PAGE_SIZE));
	void *data = kvmalloc(room, GFP_KERNEL_ACCOUNT);
	int ret = data ? 0 : -ENOMEM;

	while (!ret && at < end) {
		u32 bytes = min_t(u64, end - at, room), from;

		ret = vexfs_read_whole(inode, at, data, bytes);
		for (from = 0; !ret && from < bytes; from += PAGE_SIZE) {
			struct folio *folio = readahead_folio(ahead);

			memcpy_to_page(folio_page(folio, 0), 0, data + from, PAGE_SIZE);
			folio_mark_uptodate(folio);
			folio_unlock(folio);
		}
		at += bytes;
	}
	kvfree(data);
}

const struct address_space_operations vexfs_mapping_ops = {
	.read_folio = vexfs_read_folio,
	.readahead = vexfs_readahead,
	.dirty_folio = noop_dirty_folio,
};

static int vexfs_mmap(struct file *file, struct vm_area_struct *vma)
{
	bool shared = vma->vm_flags & VM_SHARED;

	if (vexfs_f(file)->flags & VEXFS_OPEN_DIRECT || (shared && vma->vm_flags & VM_WRITE))
		return -ENODEV;
	if (shared)
		vm_flags_mod(vma, 0, VM_MAYWRITE);
	return generic_file_mmap(file, vma);
}

const struct file_operations vexfs_file_ops = {
	.owner = THIS_MODULE,
	.open = vexfs_open,
	.release = vexfs_release,
	.llseek = vexfs_llseek,
	.read_iter = vexfs_read_iter,
	.write_iter = vexfs_write_iter,
	.mmap = vexfs_mmap,
	.fsync = vexfs_fsync,
	.fallocate = vexfs_fallocate,
	.copy_file_range = vexfs_copy_file_range,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.unlocked_ioctl = vexfs_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
