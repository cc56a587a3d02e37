// SPDX-License-Identifier: Apache-2.0
//
// What is in a directory, and what is made there: on a mount and in an image alike.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userlib/client/node.h"

enum { kNamesAtOnce = 64, kFirstEntries = 16 };

struct entries {
    struct vexfs_name* entry;
    size_t count;
    size_t room;
    size_t text_bytes;
};

static int add(struct entries* entries, const char* name, uint64_t ino, uint32_t type) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (entries->count == entries->room) {
        const size_t room = entries->room == 0 ? kFirstEntries : 2 * entries->room;
        struct vexfs_name* const larger = realloc(entries->entry, room * sizeof *larger);
        if (larger == NULL)
            return -ENOMEM;
        entries->entry = larger;
        entries->room = room;
    }
    struct vexfs_name* const entry = &entries->entry[entries->count];
    entry->name = strdup(name);
    if (entry->name == NULL)
        return -ENOMEM;
    entry->ino = ino;
    entry->type = type;
    entry->zero = 0;
    entries->count++;
    entries->text_bytes += strlen(name) + 1;
    return 0;
}

static int add_mounted(const struct channel* directory, struct entries* entries) {
    struct channel own; // a listing moves the offset of its descriptor
    int result = channel_openat(directory, ".", O_RDONLY | O_DIRECTORY, 0, &own);
    if (result != 0)
        return result;
    DIR* const listing = fdopendir(own.file);
    if (listing == NULL) {
        result = -errno;
        channel_close(&own);
        return result;
    }
    while (result == 0) {
        errno = 0;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): the listing is this call's own
        const struct dirent* const entry = readdir(listing);
        if (entry == NULL) {
            result = -errno;
            break;
        }
        result = add(entries, entry->d_name, entry->d_ino, entry->d_type);
    }
    closedir(listing);
    return result;
}

static int add_of_image(const struct channel* directory, struct entries* entries) {
    struct vexfs_local_name* const names = malloc(kNamesAtOnce * sizeof *names);
    int count = names != NULL ? 1 : -ENOMEM;
    for (uint64_t cursor = 0; count > 0;) {
        count =
            image_calls(directory->image)
                ->list(image_local(directory->image), directory->file, cursor, names, kNamesAtOnce);
        int result = 0;
        for (int i = 0; i < count && result == 0; ++i)
            result = add(entries, names[i].name, names[i].ino, names[i].type);
        if (count > 0)
            cursor = names[count - 1].next;
        if (result != 0)
            count = result;
    }
    free(names);
    return count;
}

static int by_name(const void* a, const void* b) {
    return strcmp(((const struct vexfs_name*)a)->name, ((const struct vexfs_name*)b)->name);
}

// One allocation: the struct, the entries, their texts.
static struct vexfs_names* pack(const struct entries* entries) {
    const size_t entry_bytes = entries->count * sizeof *entries->entry;
    struct vexfs_names* const list = malloc(sizeof *list + entry_bytes + entries->text_bytes);
    if (list == NULL)
        return NULL;
    struct vexfs_name* const names = (struct vexfs_name*)(list + 1);
    char* text = (char*)names + entry_bytes;
    for (size_t i = 0; i < entries->count; ++i) {
        const size_t bytes = strlen(entries->entry[i].name) + 1;
        names[i] = entries->entry[i];
        names[i].name = memcpy(text, entries->entry[i].name, bytes);
        text += bytes;
    }
    *list = (struct vexfs_names){(uint32_t)entries->count, 0, names};
    return list;
}

int vexfs_node_list(struct vexfs_node* directory, struct vexfs_names** list,
                    struct vexfs_reason* reason) {
    struct entries entries = {NULL, 0, 0, 0};
    int result = directory->channel.image == NULL ? add_mounted(&directory->channel, &entries)
                                                  : add_of_image(&directory->channel, &entries);
    if (result == 0 && entries.count > 0)
        qsort(entries.entry, entries.count, sizeof *entries.entry, by_name);
    if (result == 0 && (*list = pack(&entries)) == NULL)
        result = -ENOMEM;
    for (size_t i = 0; i < entries.count; ++i)
        free((char*)entries.entry[i].name);
    free(entries.entry);
    return result == 0 ? 0 : refuse_errno(-result, reason);
}

int vexfs_node_make(struct vexfs_node* directory, const char* name, uint32_t mode,
                    struct vexfs_reason* reason) {
    const mode_t permissions = mode & 07777;
    int result = -EINVAL;
    if (strchr(name, '/') != NULL)
        return refuse(EINVAL, reason, "'%s' is no name in a directory", name);
    if (S_ISDIR(mode)) {
        result = channel_mkdirat(&directory->channel, name, permissions);
    } else if (S_ISREG(mode)) {
        struct channel made;
        result = channel_openat(&directory->channel, name, O_WRONLY | O_CREAT | O_EXCL, permissions,
                                &made);
        if (result == 0)
            channel_close(&made);
    }
    return result == 0 ? 0 : refuse_errno(-result, reason);
}
