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
static int open_channel(const char* target, struct channel* opened, struct vexfs_reason* reason) {
    int result = channel_open(target, O_RDWR, opened, reason);
    if (result == -EISDIR || result == -EACCES || result == -EROFS || result == -ETXTBSY)
        result = channel_open(target, O_RDONLY, opened, reason);
    return result != -EACCES ? result : channel_open(target, O_WRONLY, opened, reason);
}

static int open_node(const char* target, struct vexfs_node** node, struct vexfs_reason* reason) {
    struct channel channel;
    struct stat found;
    int result = open_channel(target, &channel, reason);
    if (result != 0)
        return result;
    result = channel_stat(&channel, &found);
    struct vexfs_node* const opened = result == 0 ? calloc(1, sizeof *opened) : NULL;
    if (opened == NULL) {
        channel_close(&channel);
        return result != 0 ? refuse_errno(-result, reason) : refuse_memory(reason);
    }
    opened->channel = channel;
    opened->is_directory = S_ISDIR(found.st_mode);
    opened->ino = found.st_ino;
    pool_begin(&opened->sessions);
    *node = opened;
    return 0;
}

int vexfs_node_open(const char* target, struct vexfs_node** node, struct vexfs_reason* reason) {
    struct image* image = NULL; // open from the first try to the last
    const char* path;
    int result = image_of_target(target, &image, &path, reason);
    if (result == 0)
        result = open_node(target, node, reason);
    image_release(image);
    return result;
}

void vexfs_node_close(struct vexfs_node* node) {
    if (node == NULL)
        return;
    pool_end(&node->sessions);
    channel_close(&node->channel);
    free(node);
}

int vexfs_node_fd(const struct vexfs_node* node) {
    return node->channel.image == NULL ? node->channel.file : -1;
}

uint64_t vexfs_node_ino(const struct vexfs_node* node) {
    return node->ino;
}

// The directory whose session takes the message of a file: that in which the file lies. It is
// meant by its number there.
static int open_parent(const struct vexfs_node* node, struct message* message,
                       struct channel* directory, struct vexfs_reason* reason) {
    char path[PATH_MAX] = ".";
    if (node->channel.image == NULL) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", node->channel.file);
        const ssize_t length = readlink(link, path, sizeof path - 1);
        char* const slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
        if (slash == NULL)
            return refuse(EMSGSIZE, reason, "a message this large needs the file's directory");
        slash[slash == path ? 1 : 0] = '\0';
    }
    const int result = channel_openat(&node->channel, path, O_RDONLY | O_DIRECTORY, 0, directory);
    if (result != 0)
        return refuse_errno(-result, reason);
    if (message->file_at != 0) {
        struct vexfs_file file = {.ino = node->ino};
        memcpy(message->bytes + message->file_at, &file, sizeof file);
    }
    return 0;
}

static int exchange_by_session(struct vexfs_node* node, struct message* message, size_t room,
                               struct reply* reply, uint64_t* needed, struct vexfs_reason* reason) {
    struct channel directory;
    if (node->is_directory)
        return call_session(&node->sessions, &node->channel, message, room, reply, needed, reason);
    int result = open_parent(node, message, &directory, reason);
    if (result != 0)
        return result;
    result = call_session(&node->sessions, &directory, message, room, reply, needed, reason);
    channel_close(&directory);
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
                ? call_ioctl(&node->channel, message,
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
