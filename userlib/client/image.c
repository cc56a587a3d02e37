// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LIBRARY "libvexfs-local.so.0"

// The linker's, where there is a dynamic one.
extern const char _DYNAMIC[] __attribute__((weak, visibility("hidden")));

struct image {
    struct image* next;
    struct vexfs_local* local;
    dev_t device; // of the image file, or 0 and the number of a block device
    ino_t ino;
    unsigned uses;
    char* path;
};

// What a process has open at most once must be known to all of it.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct image* images;
static const struct vexfs_local_calls* calls;

// Beside this library, or else where the system looks.
static void* load_library(void) {
    char path[4096];
    Dl_info own;
    const char* slash = NULL;
    if (dladdr(&lock, &own) != 0 && own.dli_fname != NULL)
        slash = strrchr(own.dli_fname, '/');
    if (slash != NULL &&
        (size_t)snprintf(path, sizeof path, "%.*s/" LIBRARY, (int)(slash - own.dli_fname),
                         own.dli_fname) < sizeof path) {
        void* const beside = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (beside != NULL)
            return beside;
    }
    return dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

// With the lock held. The library stays loaded: its engine has threads.
static int load(struct vexfs_reason* reason) {
    if (calls != NULL)
        return 0;
    if (_DYNAMIC == NULL)
        return refuse(EOPNOTSUPP, reason, "a program that is linked statically opens no image");
    void* const library = load_library();
    if (library == NULL)
        return refuse(EOPNOTSUPP, reason, "images are opened by " LIBRARY ": %s",
                      dlerror()); // NOLINT(concurrency-mt-unsafe): with the lock held
    const struct vexfs_local_calls* const found = dlsym(library, VEXFS_LOCAL_SYMBOL);
    if (found == NULL || found->abi != VEXFS_LOCAL_ABI || found->size != sizeof *found ||
        strcmp(found->version, VEXFS_VERSION) != 0) {
        const bool readable = found != NULL && found->abi == VEXFS_LOCAL_ABI;
        const int result =
            refuse(EPROTO, reason, LIBRARY " is of release %s, and libvexfs of " VEXFS_VERSION,
                   readable ? found->version : "unknown");
        dlclose(library);
        return result;
    }
    calls = found;
    return 0;
}

// A block device is the same by any of its names.
static void identify(const struct stat* found, dev_t* device, ino_t* ino) {
    *device = S_ISBLK(found->st_mode) ? 0 : found->st_dev;
    *ino = S_ISBLK(found->st_mode) ? found->st_rdev : found->st_ino;
}

static struct image* find(const struct stat* of) {
    dev_t device;
    ino_t ino;
    identify(of, &device, &ino);
    struct image* each = images;
    while (each != NULL && (each->device != device || each->ino != ino))
        each = each->next;
    return each;
}

static int add(const char* path, const struct stat* found,
               const struct vexfs_image_options* options, struct image** added,
               struct vexfs_reason* reason) {
    struct vexfs_reason unwanted = {""};
    struct vexfs_reason* const into = reason != NULL ? reason : &unwanted;
    const bool as = (options->flags & VEXFS_IMAGE_AS) != 0;
    const struct vexfs_local_caller caller = {.all_rights = !as,
                                              .uid = as ? options->uid : 0,
                                              .gid = as ? options->gid : 0,
                                              .count = as ? options->groups : 0,
                                              .groups = options->group};
    int result = load(reason);
    if (result != 0)
        return result;
    struct image* const image = calloc(1, sizeof *image);
    char* const copy = strdup(path);
    if (image == NULL || copy == NULL) {
        free(copy);
        free(image);
        return refuse_memory(reason);
    }
    result = calls->open_image(
        path, (options->flags & VEXFS_IMAGE_WRITE) != 0 ? 0 : VEXFS_LOCAL_READ_ONLY,
        options->memory_bytes, &caller, &image->local, into->text, sizeof into->text);
    if (result != 0) {
        free(copy);
        free(image);
        return result;
    }
    identify(found, &image->device, &image->ino);
    image->path = copy;
    image->next = images;
    images = image;
    *added = image;
    return 0;
}

// With the lock held.
static int release(struct image* image) {
    if (--image->uses > 0)
        return 0;
    struct image** at = &images;
    while (*at != image)
        at = &(*at)->next;
    *at = image->next;
    const int result = calls->close_image(image->local);
    free(image->path);
    free(image);
    return result;
}

// Where the image ends in "IMAGE:/PATH": an image is a file or a block device. 0: there is none.
static size_t image_bytes(const char* target, struct stat* found) {
    if (lstat(target, found) == 0)
        return 0; // a path with a colon
    for (const char* colon = strstr(target, ":/"); colon != NULL; colon = strstr(colon + 1, ":/")) {
        char* const image = strndup(target, (size_t)(colon - target));
        const bool exists = image != NULL && stat(image, found) == 0 &&
                            (S_ISREG(found->st_mode) || S_ISBLK(found->st_mode));
        free(image);
        if (exists)
            return (size_t)(colon - target);
    }
    return 0;
}

int image_of_target(const char* target, struct image** image, const char** path,
                    struct vexfs_reason* reason) {
    static const struct vexfs_image_options read_only = {.flags = 0};
    struct stat found;
    *image = NULL;
    const size_t bytes = image_bytes(target, &found);
    if (bytes == 0)
        return 0;
    char* const name = strndup(target, bytes);
    if (name == NULL)
        return refuse_memory(reason);
    *path = target + bytes + 1;
    pthread_mutex_lock(&lock);
    struct image* used = find(&found);
    const int result = used != NULL ? 0 : add(name, &found, &read_only, &used, reason);
    if (used != NULL)
        ++used->uses;
    pthread_mutex_unlock(&lock);
    free(name);
    *image = used;
    return result;
}

void image_use(struct image* image) {
    if (image == NULL)
        return;
    pthread_mutex_lock(&lock);
    ++image->uses;
    pthread_mutex_unlock(&lock);
}

void image_release(struct image* image) {
    if (image == NULL)
        return;
    pthread_mutex_lock(&lock);
    release(image);
    pthread_mutex_unlock(&lock);
}

const struct vexfs_local_calls* image_calls(const struct image* image) {
    (void)image;
    return calls;
}

struct vexfs_local* image_local(const struct image* image) {
    return image->local;
}

const char* image_path(const struct image* image) {
    return image->path;
}

int vexfs_image_open(const char* path, const struct vexfs_image_options* options,
                     struct vexfs_image** image, struct vexfs_reason* reason) {
    struct stat found;
    if ((options->flags & ~(VEXFS_IMAGE_WRITE | VEXFS_IMAGE_AS)) != 0)
        return refuse(EINVAL, reason, "an unknown flag");
    if (stat(path, &found) != 0)
        return refuse_errno(errno, reason);
    pthread_mutex_lock(&lock);
    struct image* added = NULL;
    int result;
    if (find(&found) != NULL)
        result = refuse(EBUSY, reason, "%s is open in this process already", path);
    else
        result = add(path, &found, options, &added, reason);
    if (added != NULL) {
        added->uses = 1;
        *image = (struct vexfs_image*)added;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int vexfs_image_close(struct vexfs_image* image, struct vexfs_reason* reason) {
    if (image == NULL)
        return 0;
    pthread_mutex_lock(&lock);
    struct image* const closed = (struct image*)image;
    const bool used = closed->uses > 1;
    const int result = used ? 0 : release(closed);
    pthread_mutex_unlock(&lock);
    if (used)
        return refuse(EBUSY, reason, "nodes or volumes of the image are still open");
    return result == 0 ? 0 : refuse(-result, reason, "what was not synced may be lost");
}
