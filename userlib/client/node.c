// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userlib/client/call.h"

enum { kSmallRoom = 4096 }; // one page is cheaper for the kernel than four

// A file is opened for writing too, if that is allowed: rows are put by it.
static int open_descriptor(const char* path, const struct stat* found) {
    const int flags = O_CLOEXEC | O_NONBLOCK;
    if (S_ISDIR(found->st_mode))
        return open(path, O_RDONLY | O_DIRECTORY | flags);
    const int file = open(path, O_RDWR | flags);
    if (file >= 0 || (errno != EACCES && errno != EROFS && errno != ETXTBSY))
        return file;
    const int readable = open(path, O_RDONLY | flags);
    return readable >= 0 || errno != EACCES ? readable : open(path, O_WRONLY | flags);
}

int vexfs_node_open(const char* path, struct vexfs_node** node, struct vexfs_reason* reason) {
    struct stat found;
    if (stat(path, &found) != 0)
        return refuse_errno(errno, reason);
    if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))
        return refuse(EINVAL, reason, "this is neither a file nor a directory");
    const int file = open_descriptor(path, &found);
    if (file < 0 || fstat(file, &found) != 0) {
        const int error = errno;
        if (file >= 0)
            close(file);
        return refuse_errno(error, reason);
    }
    struct vexfs_node* const opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        close(file);
        return refuse_memory(reason);
    }
    opened->file = file;
    opened->is_directory = S_ISDIR(found.st_mode);
    opened->ino = found.st_ino;
    pool_begin(&opened->sessions);
    *node = opened;
    return 0;
}

void vexfs_node_close(struct vexfs_node* node) {
    if (node == NULL)
        return;
    pool_end(&node->sessions);
    close(node->file);
    free(node);
}

int vexfs_node_fd(const struct vexfs_node* node) {
    return node->file;
}

uint64_t vexfs_node_ino(const struct vexfs_node* node) {
    return node->ino;
}

// The directory whose session takes the message of a file: that in which the file lies. It is
// meant by its number there.
static int open_parent(const struct vexfs_node* node, struct message* message,
                       struct vexfs_reason* reason) {
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", node->file);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    char* const slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    if (slash == NULL)
        return refuse(EMSGSIZE, reason, "a message this large needs the file's directory");
    slash[slash == path ? 1 : 0] = '\0';
    const int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return refuse_errno(errno, reason);
    if (message->file_at != 0) {
        struct vexfs_file file = {.ino = node->ino};
        memcpy(message->bytes + message->file_at, &file, sizeof file);
    }
    return directory;
}

static int exchange_by_session(struct vexfs_node* node, struct message* message, size_t room,
                               struct reply* reply, uint64_t* needed, struct vexfs_reason* reason) {
    if (node->is_directory)
        return call_session(&node->sessions, node->file, message, room, reply, needed, reason);
    const int directory = open_parent(node, message, reason);
    if (directory < 0)
        return directory;
    const int result =
        call_session(&node->sessions, directory, message, room, reply, needed, reason);
    close(directory);
    return result;
}

int exchange(struct vexfs_node* node, struct message* message, uint64_t room, struct reply* reply,
             struct vexfs_reason* reason) {
    if (room > VEXFS_MAX_MESSAGE)
        room = VEXFS_MAX_MESSAGE;
    if (room < VEXFS_ROOM_MIN)
        room = VEXFS_ROOM_MIN;
    for (bool again = false;; again = true) {
        uint64_t needed = 0;
        const uint64_t larger = room > message->size ? room : message->size;
        const int result =
            larger <= VEXFS_MAX_IOCTL
                ? call_ioctl(node->file, message,
                             larger <= kSmallRoom ? kSmallRoom : VEXFS_MAX_IOCTL, reply, &needed,
                             reason)
                : exchange_by_session(node, message, VEXFS_PAD8(room), reply, &needed, reason);
        if (result != -EMSGSIZE || again || needed > VEXFS_MAX_MESSAGE || needed <= room)
            return result;
        room = needed; // it grew beyond what was foreseen: paths are as long as they are
    }
}

int choose_file(const struct vexfs_which* which, struct vexfs_file* file,
                struct vexfs_reason* reason) {
    memset(file, 0, sizeof *file);
    if (which == NULL)
        return 0;
    if (which->name == NULL) {
        file->ino = which->ino;
        return 0;
    }
    if (which->ino != 0)
        return refuse(EINVAL, reason, "a file is meant by its name or by its number, not by both");
    const size_t bytes = strlen(which->name);
    if (bytes == 0)
        return refuse(EINVAL, reason, "the name of a file is empty");
    if (bytes > VEXFS_MAX_NAME)
        return refuse(ENAMETOOLONG, reason, "a name is longer than %d bytes", VEXFS_MAX_NAME);
    file->name = (__u32)bytes;
    return 0;
}
