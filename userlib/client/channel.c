// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static ssize_t or_errno(ssize_t result) {
    return result < 0 ? -errno : result;
}

// Only what cannot wait for anybody, and answers ioctls, is opened.
static int open_path(const char* path, int flags, struct vexfs_reason* reason) {
    struct stat found;
    if (stat(path, &found) != 0)
        return refuse_errno(errno, reason);
    if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))
        return refuse(EINVAL, reason, "this is neither a file nor a directory");
    const int file = open(path, flags | O_CLOEXEC | O_NONBLOCK);
    return file >= 0 ? file : refuse_errno(errno, reason);
}

int channel_open(const char* target, int flags, struct channel* opened,
                 struct vexfs_reason* reason) {
    const char* path = NULL;
    const int result = image_of_target(target, &opened->image, &path, reason);
    if (result != 0)
        return result;
    if (opened->image == NULL) {
        opened->file = open_path(target, flags, reason);
        return opened->file < 0 ? opened->file : 0;
    }
    opened->file = image_calls(opened->image)
                       ->open(image_local(opened->image), VEXFS_LOCAL_AT_ROOT, path, flags, 0);
    if (opened->file >= 0)
        return 0;
    image_release(opened->image);
    return refuse_errno(-opened->file, reason);
}

int channel_openat(const struct channel* at, const char* path, int flags, mode_t mode,
                   struct channel* opened) {
    int file;
    if (at->image == NULL)
        file = (int)or_errno(openat(at->file, path, flags | O_CLOEXEC, mode));
    else
        file = image_calls(at->image)->open(image_local(at->image), at->file, path, flags, mode);
    *opened = (struct channel){file < 0 ? -1 : file, at->image};
    if (file < 0)
        return file;
    image_use(at->image);
    return 0;
}

void channel_close(const struct channel* channel) {
    if (channel->file < 0)
        return;
    if (channel->image == NULL)
        close(channel->file);
    else
        image_calls(channel->image)->close(image_local(channel->image), channel->file);
    image_release(channel->image);
}

int channel_ioctl(const struct channel* channel, unsigned long number, void* argument) {
    if (channel->image == NULL)
        return (int)or_errno(ioctl(channel->file, number, argument));
    return image_calls(channel->image)
        ->ioctl(image_local(channel->image), channel->file, number, argument);
}

ssize_t channel_pread(const struct channel* channel, void* into, size_t bytes, off_t offset) {
    if (channel->image == NULL)
        return or_errno(pread(channel->file, into, bytes, offset));
    return image_calls(channel->image)
        ->pread(image_local(channel->image), channel->file, into, bytes, offset);
}

ssize_t channel_pwrite(const struct channel* channel, const void* from, size_t bytes,
                       off_t offset) {
    if (channel->image == NULL)
        return or_errno(pwrite(channel->file, from, bytes, offset));
    return image_calls(channel->image)
        ->pwrite(image_local(channel->image), channel->file, from, bytes, offset);
}

int channel_stat(const struct channel* channel, struct stat* found) {
    if (channel->image == NULL)
        return (int)or_errno(fstat(channel->file, found));
    return image_calls(channel->image)->fstat(image_local(channel->image), channel->file, found);
}

int channel_mkdirat(const struct channel* at, const char* path, mode_t mode) {
    if (at->image == NULL)
        return (int)or_errno(mkdirat(at->file, path, mode));
    return image_calls(at->image)->mkdir(image_local(at->image), at->file, path, mode);
}
