// SPDX-License-Identifier: GPL-2.0
/*
 * Files: their data goes past the page cache to the engine, through a buffer of the kernel, so that
 * no slot is held while memory of the user is touched and a request can be built again.
 *
 * Pages are cached for mappings alone and are never dirty: a mapping that is shared and writable is
 * refused, and whatever changes data drops the pages it changes.
 */
#include <linux/fs.h>
#include <linux/falloc.h> /* after fs.h, whose types it needs */
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/uio.h>

#include "vexfs.h"

static struct vexfs_handle *vexfs_f(const struct file *file)
{
	return file->private_data;
}

bool vexfs_file_is_session(const struct file *file)
{
	return vexfs_f(file)->flags & VEXFS_OPEN_SESSION;
}

static int vexfs_open(struct inode *inode, struct file *file)
{
	struct vexfs_handle *vf = kzalloc(sizeof(*vf), GFP_KERNEL_ACCOUNT);
	struct vexfs_req_open body = {
		.flags = file->f_flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC),
	};
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
	if (!(reply.flags & VEXFS_OPEN_KEEP_CACHE))
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
	ssize_t ret = vexfs_call(vexfs_fs_of(inode), &call);

	return ret ? ret : (ssize_t)call.out_bytes;
}

static ssize_t vexfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file_inode(file);
	u32 room = min_t(size_t, iov_iter_count(to), vexfs_fs_of(inode)->max_io);
	ssize_t done = 0, came;
	void *data;

	if (!room)
		return 0;
	data = kvmalloc(room, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	do { /* fewer bytes: the end of the file, or of what is asked for */
		came = vexfs_ask_read(inode, vexfs_f(file), iocb->ki_pos, data,
				      min_t(size_t, iov_iter_count(to), room));
		if (came > 0 && copy_to_iter(data, came, to) != came)
			came = -EFAULT;
		if (came > 0) {
			iocb->ki_pos += came;
			done += came;
		}
	} while (came == room && iov_iter_count(to));
	kvfree(data);
	vexfs_changed(inode); /* its atime */
	return done ? done : came;
}

/* Pages of the range are wrong now. */
static void vexfs_drop_pages(struct inode *inode, loff_t start, u64 bytes)
{
	if (bytes && inode->i_mapping->nrpages)
		invalidate_inode_pages2_range(inode->i_mapping, start >> PAGE_SHIFT,
					      (start + bytes - 1) >> PAGE_SHIFT);
}

/* One WRITE out of a buffer of the kernel: what was written, or -errno. */
static ssize_t vexfs_ask_write(struct kiocb *iocb, const void *data, u32 bytes)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file_inode(file);
	bool session = vexfs_file_is_session(file);
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
	int ret = vexfs_call(vexfs_fs_of(inode), &call);

	if (ret)
		return ret;
	if (reply.bytes > bytes || reply.size > S64_MAX || reply.offset > S64_MAX - bytes)
		return -EIO;
	if (!session) {
		vexfs_resized(inode, reply.size);
		vexfs_drop_pages(inode, reply.offset, reply.bytes);
	}
	iocb->ki_pos = reply.offset + reply.bytes;
	return reply.bytes;
}

static ssize_t vexfs_write_all(struct kiocb *iocb, struct iov_iter *from)
{
	u32 room =
		min_t(size_t, iov_iter_count(from), vexfs_fs_of(file_inode(iocb->ki_filp))->max_io);
	void *data = kvmalloc(room, GFP_KERNEL_ACCOUNT);
	ssize_t done = 0, ret;

	if (!data)
		return -ENOMEM;
	do {
		u32 bytes = copy_from_iter(data, min_t(size_t, iov_iter_count(from), room), from);

		ret = bytes ? vexfs_ask_write(iocb, data, bytes) : -EFAULT;
		done += max_t(ssize_t, ret, 0);
	} while (ret == room && iov_iter_count(from));
	kvfree(data);
	return done ? done : ret;
}

static ssize_t vexfs_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file_inode(file);
	ssize_t ret;

	if (vexfs_file_is_session(file)) /* its pieces come in any order, at once */
		return iov_iter_count(from) ? vexfs_write_all(iocb, from) : 0;
	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret > 0)
		ret = file_remove_privs(file) ?: vexfs_write_all(iocb, from);
	inode_unlock(inode);
	return ret;
}

int vexfs_session_truncate(struct file *file)
{
	return vexfs_ask(file_inode(file), VEXFS_REQ_SESSION_TRUNCATE, VEXFS_NONE, VEXFS_NONE,
			 .fh = vexfs_f(file)->release.fh);
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
	if (!ret) {
		vexfs_changed(inode);
		vexfs_drop_pages(inode, offset, length);
		if (!(mode & FALLOC_FL_KEEP_SIZE) && offset + length > i_size_read(inode))
			vexfs_resized(inode, offset + length);
	}
	inode_unlock(inode);
	return ret;
}

static ssize_t vexfs_ask_copy(struct inode *from, loff_t offset, struct inode *to, loff_t to_offset,
			      size_t bytes)
{
	struct vexfs_req_copy body = {
		.offset = offset,
		.ino = to->i_ino,
		.generation = to->i_generation,
		.to_offset = to_offset,
		.length = bytes,
	};
	struct vexfs_rep_write reply;
	int ret = vexfs_ask(from, VEXFS_REQ_COPY_RANGE, &body, &reply);

	if (ret)
		return ret;
	if (reply.bytes > bytes || reply.size > S64_MAX)
		return -EIO;
	if (reply.bytes)
		vexfs_resized(to, reply.size);
	vexfs_drop_pages(to, to_offset, reply.bytes);
	vexfs_changed(from);
	return reply.bytes;
}

static ssize_t vexfs_copy_file_range(struct file *in, loff_t offset, struct file *out,
				     loff_t to_offset, size_t bytes, unsigned int flags)
{
	struct inode *to = file_inode(out);
	ssize_t ret = -EXDEV;

	if (file_inode(in)->i_sb == to->i_sb && !vexfs_f(in)->release.fh &&
	    !vexfs_f(out)->release.fh) {
		inode_lock(to);
		ret = file_remove_privs(out)
			      ?: vexfs_ask_copy(file_inode(in), offset, to, to_offset,
						min_t(size_t, bytes, MAX_RW_COUNT));
		inode_unlock(to);
	}
	if (ret == -EXDEV || ret == -EOPNOTSUPP)
		ret = splice_copy_file_range(in, offset, out, to_offset, bytes);
	return ret;
}

static loff_t vexfs_seek_data(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	struct vexfs_req_lseek body = { .offset = offset, .whence = whence };
	struct vexfs_rep_lseek reply;
	int ret = offset < 0 ? -ENXIO : vexfs_ask(inode, VEXFS_REQ_LSEEK, &body, &reply);

	return ret ? ret : vfs_setpos(file, reply.offset, inode->i_sb->s_maxbytes);
}

static loff_t vexfs_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t ret = 0;

	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return vexfs_seek_data(file, offset, whence);
	if (whence == SEEK_END)
		ret = vexfs_revalidate(file_inode(file));
	return ret ? ret : generic_file_llseek(file, offset, whence);
}

static int vexfs_read_folio(struct file *file, struct folio *folio)
{
	size_t room = folio_size(folio);
	void *data = kmap_local_folio(folio, 0); /* of one page: there are no larger ones */
	ssize_t came = vexfs_ask_read(folio->mapping->host, NULL, folio_pos(folio), data, room);

	if (came >= 0)
		memset(data + came, 0, room - came);
	kunmap_local(data);
	flush_dcache_folio(folio);
	if (came >= 0)
		folio_mark_uptodate(folio);
	folio_unlock(folio);
	return min_t(ssize_t, came, 0);
}

const struct address_space_operations vexfs_mapping_ops = {
	.read_folio = vexfs_read_folio,
	.dirty_folio = noop_dirty_folio,
};

static int vexfs_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vexfs_f(file)->flags & VEXFS_OPEN_DIRECT)
		return -ENODEV;
	if (vma->vm_flags & VM_SHARED) {
		if (vma->vm_flags & VM_WRITE)
			return -ENODEV;
		vm_flags_mod(vma, 0, VM_MAYWRITE);
	}
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
