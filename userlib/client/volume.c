// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userlib/client/call.h"
#include "userlib/client/mount_table.h"

enum { kRoom = 1024, kFirstBytes = 16 * 1024 };

struct vexfs_volume {
    struct channel channel;  // what was opened: messages go there
    struct channel root;     // no file: not reached
    struct mount_line mount; // of the root; all NULL then
};

const char* vexfs_version(void) {
    return VEXFS_VERSION;
}

// A message without a body. The reply's goes to `body`.
static int call(const struct channel* channel, unsigned op, void* body, size_t body_bytes,
                struct vexfs_reason* reason) {
    struct message message;
    struct reply reply;
    uint64_t needed = 0;
    int result = message_begin(&message, op, 0, NULL, 0, 0, reason);
    if (result == 0)
        result = call_ioctl(channel, &message, kRoom, &reply, &needed, reason);
    message_end(&message);
    if (result != 0)
        return result;
    reply_body(&reply, body, body_bytes);
    free(reply.bytes);
    return 0;
}

static int say_hello(const struct channel* channel, struct vexfs_hello_reply* hello,
                     struct vexfs_reason* reason) {
    return call(channel, VEXFS_OP_HELLO, hello, sizeof *hello, reason);
}

// Of an image: what stands for the line of a mount table.
static int describe_image(const struct image* image, struct mount_line* mount) {
    const char* const path = image_path(image);
    const size_t bytes = strlen(path);
    char* const line = malloc(2 * bytes + sizeof "\0:/");
    if (line == NULL)
        return -ENOMEM;
    memcpy(line, path, bytes + 1);
    (void)snprintf(line + bytes + 1, bytes + sizeof ":/", "%s:/", path);
    mount->line = line;
    mount->point = line + bytes + 1;
    mount->type = "vexfs.image";
    mount->source = line;
    return 0;
}

static int find_root(const struct channel* channel, struct vexfs_volume* volume) {
    struct stat found;
    if (channel->image != NULL) {
        const int result = describe_image(channel->image, &volume->mount);
        return result != 0 ? result
                           : channel_openat(channel, "/", O_RDONLY | O_DIRECTORY, 0, &volume->root);
    }
    int result = channel_stat(channel, &found);
    if (result == 0)
        result = find_mount(found.st_dev, &volume->mount);
    if (result == 0)
        volume->root.file = open(volume->mount.point, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return result;
}

int vexfs_open(const char* target, struct vexfs_volume** volume, struct vexfs_reason* reason) {
    struct channel channel;
    int result = channel_open(target, O_RDONLY, &channel, reason);
    if (result != 0)
        return result;
    struct vexfs_hello_reply hello;
    result = say_hello(&channel, &hello, reason);
    struct vexfs_volume* const opened = result == 0 ? calloc(1, sizeof *opened) : NULL;
    if (opened == NULL) {
        channel_close(&channel);
        return result != 0 ? result : refuse_memory(reason);
    }
    opened->channel = channel;
    opened->root.file = -1;
    find_root(&channel, opened); // without its root a volume answers messages all the same
    *volume = opened;
    return 0;
}

void vexfs_close(struct vexfs_volume* volume) {
    if (volume == NULL)
        return;
    channel_close(&volume->root);
    channel_close(&volume->channel);
    free(volume->mount.line);
    free(volume);
}

const char* vexfs_root(const struct vexfs_volume* volume) {
    return volume->mount.point;
}

const char* vexfs_source(const struct vexfs_volume* volume) {
    return volume->mount.source;
}

const char* vexfs_type(const struct vexfs_volume* volume) {
    return volume->mount.type;
}

int vexfs_hello(const struct vexfs_volume* volume, struct vexfs_hello_reply* hello,
                struct vexfs_reason* reason) {
    return say_hello(&volume->channel, hello, reason);
}

int vexfs_sync(const struct vexfs_volume* volume, struct vexfs_reason* reason) {
    char nothing = 0;
    return call(&volume->channel, VEXFS_OP_SYNC, &nothing, 0, reason);
}

// Its size is known at its end only. The NUL behind it is there; 0 or -errno.
static int read_to_end(const struct channel* file, char** text, size_t* bytes) {
    size_t room = kFirstBytes;
    char* all = malloc(room);
    size_t done = 0;
    while (all != NULL) {
        const ssize_t count = channel_pread(file, all + done, room - done - 1, (off_t)done);
        if (count == -EINTR)
            continue;
        if (count < 0) {
            free(all);
            return (int)count;
        }
        if (count == 0) {
            all[done] = '\0';
            *text = all;
            *bytes = done;
            return 0;
        }
        done += (size_t)count;
        if (done + 1 < room)
            continue;
        room *= 2;
        char* larger = realloc(all, room);
        if (larger == NULL)
            free(all);
        all = larger;
    }
    return -ENOMEM;
}

int vexfs_report(const struct vexfs_volume* volume, const char* name, char** text, size_t* bytes,
                 struct vexfs_reason* reason) {
    if (strchr(name, '/') != NULL)
        return refuse(EINVAL, reason, "'%s' is no name of a report", name);
    if (volume->root.file < 0)
        return refuse(ENOENT, reason,
                      "the root of the volume is not mounted where you can reach it");
    char path[64];
    if ((size_t)snprintf(path, sizeof path, ".vexfs/%s", name) >= sizeof path)
        return refuse(EINVAL, reason, "'%s' is no name of a report", name);
    struct channel file;
    int result = channel_openat(&volume->root, path, O_RDONLY, 0, &file);
    if (result == 0) {
        result = read_to_end(&file, text, bytes);
        channel_close(&file);
    }
    if (result == 0)
        return 0;
    struct vexfs_reason cause;
    result = refuse_errno(-result, &cause);
    return refuse(-result, reason, "%s/%s: %s", volume->mount.point, path, cause.text);
}
