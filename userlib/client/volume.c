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
    int file;                // what was opened: messages go there
    int root;                // -1: not reached
    struct mount_line mount; // of the root; all NULL then
};

const char* vexfs_version(void) {
    return VEXFS_VERSION;
}

// A message without a body. The reply's goes to `body`.
static int call(int file, unsigned op, void* body, size_t body_bytes, struct vexfs_reason* reason) {
    struct message message;
    struct reply reply;
    uint64_t needed = 0;
    int result = message_begin(&message, op, 0, NULL, 0, 0, reason);
    if (result == 0)
        result = call_ioctl(file, &message, kRoom, &reply, &needed, reason);
    message_end(&message);
    if (result != 0)
        return result;
    reply_body(&reply, body, body_bytes);
    free(reply.bytes);
    return 0;
}

static int say_hello(int file, struct vexfs_hello_reply* hello, struct vexfs_reason* reason) {
    return call(file, VEXFS_OP_HELLO, hello, sizeof *hello, reason);
}

// Only what cannot wait for anybody, and answers ioctls, is opened.
static int open_file(const char* path, int* file, dev_t* device, struct vexfs_reason* reason) {
    struct stat found;
    if (stat(path, &found) != 0)
        return refuse_errno(errno, reason);
    if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))
        return refuse(EINVAL, reason, "this is neither a file nor a directory");
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0)
        return refuse_errno(errno, reason);
    *device = found.st_dev;
    return 0;
}

int vexfs_open(const char* path, struct vexfs_volume** volume, struct vexfs_reason* reason) {
    int file = -1;
    dev_t device = 0;
    int result = open_file(path, &file, &device, reason);
    if (result != 0)
        return result;
    struct vexfs_hello_reply hello;
    result = say_hello(file, &hello, reason);
    struct vexfs_volume* opened = result == 0 ? calloc(1, sizeof *opened) : NULL;
    if (opened == NULL) {
        close(file);
        return result != 0 ? result : refuse_memory(reason);
    }
    opened->file = file;
    opened->root = -1;
    // Without its root a volume answers messages all the same.
    if (find_mount(device, &opened->mount) == 0)
        opened->root = open(opened->mount.point, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *volume = opened;
    return 0;
}

void vexfs_close(struct vexfs_volume* volume) {
    if (volume == NULL)
        return;
    if (volume->root >= 0)
        close(volume->root);
    close(volume->file);
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
    return say_hello(volume->file, hello, reason);
}

int vexfs_sync(const struct vexfs_volume* volume, struct vexfs_reason* reason) {
    char nothing = 0;
    return call(volume->file, VEXFS_OP_SYNC, &nothing, 0, reason);
}

// Its size is known at its end only. The NUL behind it is there; 0 or -errno.
static int read_to_end(int file, char** text, size_t* bytes) {
    size_t room = kFirstBytes;
    char* all = malloc(room);
    size_t done = 0;
    while (all != NULL) {
        const ssize_t count = read(file, all + done, room - done - 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            const int error = errno;
            free(all);
            return -error;
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
    if (volume->root < 0)
        return refuse(ENOENT, reason,
                      "the root of the volume is not mounted where you can reach it");
    char path[64];
    if ((size_t)snprintf(path, sizeof path, ".vexfs/%s", name) >= sizeof path)
        return refuse(EINVAL, reason, "'%s' is no name of a report", name);
    const int file = openat(volume->root, path, O_RDONLY | O_CLOEXEC);
    int result = file < 0 ? -errno : read_to_end(file, text, bytes);
    if (file >= 0)
        close(file);
    if (result == 0)
        return 0;
    struct vexfs_reason cause;
    result = refuse_errno(-result, &cause);
    return refuse(-result, reason, "%s/%s: %s", volume->mount.point, path, cause.text);
}
