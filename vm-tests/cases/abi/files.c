/* SPDX-License-Identifier: Apache-2.0 */
#include "vm-tests/cases/abi/files.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "userlib/frontend/local/vexfs_local.h"

#define LIBRARY "libvexfs-local.so.0"

static const struct vexfs_local_calls* calls; /* NULL: a mount */
static struct vexfs_local* opened;            /* with the rights of root */
static struct vexfs_local* image;             /* the same as whoever calls */
static char entered[PATH_MAX];                /* "" is the root */

/* As a system call ends. */
static ssize_t ended(ssize_t result) {
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

static void give_up(const char* what, const char* why) {
    fprintf(stderr, "vexfs-abi: %s: %s\n", what, why);
    exit(1);
}

/* `room` has PATH_MAX bytes. */
static const char* place(const char* path, char* room) {
    const size_t prefix = strlen(entered);
    const size_t bytes = strlen(path) + 1;

    if (path[0] == '/')
        return path;
    if (prefix + 1 + bytes > PATH_MAX)
        give_up(path, "too long");
    memcpy(room, entered, prefix);
    room[prefix] = '/';
    memcpy(room + prefix + 1, path, bytes);
    return room;
}

#define PLACE(path) place(path, (char[PATH_MAX]){0})

void use_image(const char* path, int read_only) {
    const struct vexfs_local_caller root = {0, 0, 0, 0, NULL};
    char reason[512] = "";
    void* const library = dlopen(LIBRARY, RTLD_NOW);

    calls = library != NULL ? dlsym(library, VEXFS_LOCAL_SYMBOL) : NULL;
    if (calls == NULL || calls->abi != VEXFS_LOCAL_ABI)
        give_up(LIBRARY, calls == NULL ? dlerror() : "is of another release");
    if (calls->open_image(path, read_only ? VEXFS_LOCAL_READ_ONLY : 0, 0, &root, &opened, reason,
                          sizeof reason) != 0)
        give_up(path, reason);
    image = opened;
    entered[0] = '\0';
}

int leave_image(void) {
    if (image != opened)
        calls->close_image(image);
    return (int)ended(calls->close_image(opened));
}

int image_become(unsigned uid, unsigned gid, unsigned group) {
    const uint32_t groups[1] = {group};
    const struct vexfs_local_caller caller = {0, uid, gid, group != 0 ? 1 : 0, groups};

    if (image != opened)
        calls->close_image(image);
    image = opened;
    return (int)ended(calls->as(opened, &caller, &image));
}

int is_image(void) {
    return calls != NULL;
}

int fs_enter(const char* path) {
    char room[PATH_MAX];

    if (calls == NULL)
        return chdir(path);
    if (strcmp(path, "/") == 0)
        entered[0] = '\0';
    else
        memmove(entered, place(path, room), strlen(PLACE(path)) + 1);
    return 0;
}

int fs_open(const char* path, int flags) {
    if (calls == NULL)
        return open(path, flags | O_CLOEXEC);
    return (int)ended(calls->open(image, VEXFS_LOCAL_AT_ROOT, PLACE(path), flags, 0));
}

int fs_create(const char* path, unsigned mode) {
    const int flags = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC;

    if (calls == NULL)
        return open(path, flags, mode);
    return (int)ended(calls->open(image, VEXFS_LOCAL_AT_ROOT, PLACE(path), flags, mode));
}

int fs_close(int fd) {
    return calls == NULL ? close(fd) : (int)ended(calls->close(image, fd));
}

int fs_ioctl(int fd, unsigned long number, void* argument) {
    return calls == NULL ? ioctl(fd, number, argument)
                         : (int)ended(calls->ioctl(image, fd, number, argument));
}

ssize_t fs_pread(int fd, void* into, size_t bytes, off_t offset) {
    return calls == NULL ? pread(fd, into, bytes, offset)
                         : ended(calls->pread(image, fd, into, bytes, offset));
}

ssize_t fs_pwrite(int fd, const void* from, size_t bytes, off_t offset) {
    return calls == NULL ? pwrite(fd, from, bytes, offset)
                         : ended(calls->pwrite(image, fd, from, bytes, offset));
}

int fs_ftruncate(int fd, off_t size) {
    return calls == NULL ? ftruncate(fd, size) : (int)ended(calls->ftruncate(image, fd, size));
}

int fs_stat(const char* path, struct stat* found) {
    return calls == NULL ? lstat(path, found) : (int)ended(calls->lstat(image, PLACE(path), found));
}

int fs_mkdir(const char* path, unsigned mode) {
    return calls == NULL ? mkdir(path, mode)
                         : (int)ended(calls->mkdir(image, VEXFS_LOCAL_AT_ROOT, PLACE(path), mode));
}

int fs_mkfifo(const char* path, unsigned mode) {
    return calls == NULL ? mkfifo(path, mode)
                         : (int)ended(calls->mknod(image, PLACE(path), S_IFIFO | mode, 0));
}

int fs_symlink(const char* target, const char* path) {
    return calls == NULL ? symlink(target, path)
                         : (int)ended(calls->symlink(image, target, PLACE(path)));
}

ssize_t fs_readlink(const char* path, char* target, size_t room) {
    return calls == NULL ? readlink(path, target, room)
                         : ended(calls->readlink(image, PLACE(path), target, room));
}

int fs_link(const char* path, const char* other) {
    return calls == NULL ? link(path, other)
                         : (int)ended(calls->link(image, PLACE(path), PLACE(other)));
}

int fs_unlink(const char* path) {
    return calls == NULL ? unlink(path) : (int)ended(calls->unlink(image, PLACE(path)));
}

int fs_rmdir(const char* path) {
    return calls == NULL ? rmdir(path) : (int)ended(calls->rmdir(image, PLACE(path)));
}

int fs_rename(const char* path, const char* other) {
    return calls == NULL ? rename(path, other)
                         : (int)ended(calls->rename(image, PLACE(path), PLACE(other)));
}

int fs_chmod(const char* path, unsigned mode) {
    return calls == NULL ? chmod(path, mode) : (int)ended(calls->chmod(image, PLACE(path), mode));
}

int fs_chown(const char* path, unsigned uid, unsigned gid) {
    return calls == NULL ? chown(path, uid, gid)
                         : (int)ended(calls->chown(image, PLACE(path), uid, gid));
}

int fs_setxattr(const char* path, const char* name, const void* value, size_t bytes) {
    return calls == NULL ? setxattr(path, name, value, bytes, 0)
                         : (int)ended(calls->setxattr(image, PLACE(path), name, value, bytes, 0));
}

ssize_t fs_getxattr(const char* path, const char* name, void* value, size_t room) {
    return calls == NULL ? getxattr(path, name, value, room)
                         : ended(calls->getxattr(image, PLACE(path), name, value, room));
}

int fs_removexattr(const char* path, const char* name) {
    return calls == NULL ? removexattr(path, name)
                         : (int)ended(calls->removexattr(image, PLACE(path), name));
}

static int add(const char* name, struct listed* names, int count) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return count;
    snprintf(names[count].name, sizeof names[count].name, "%s", name);
    return count + 1;
}

static int list_of_image(const char* path, struct listed* names, int room) {
    const int fd = fs_open(path, O_RDONLY | O_DIRECTORY);
    struct vexfs_local_name entry;
    uint64_t cursor = 0;
    int count = 0;
    int result = fd;

    while (result >= 0 && count < room) {
        result = calls->list(image, fd, cursor, &entry, 1);
        if (result != 1)
            break;
        count = add(entry.name, names, count);
        cursor = entry.next;
    }
    if (fd >= 0)
        fs_close(fd);
    return result < 0 ? (int)ended(result) : count;
}

int fs_list(const char* path, struct listed* names, int room) {
    struct dirent* entry;
    DIR* listing;
    int count = 0;

    if (calls != NULL)
        return list_of_image(path, names, room);
    listing = opendir(path);
    if (listing == NULL)
        return -1;
    while (count < room && (entry = readdir(listing)) != NULL)
        count = add(entry->d_name, names, count);
    closedir(listing);
    return count;
}
