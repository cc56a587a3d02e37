/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the volume under test, by system calls on a mount or by libvexfs-local.so in an
 * image: the same calls, -1 and errno, so that a case does not know which.
 *
 * Relative paths begin at the directory that was entered.
 *
 * Threads: one thread.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* From now on by the image, which is opened; exits with a sentence if it does not open. */
void use_image(const char* image, int read_only);
/* Closes it. 0 or -1. */
int leave_image(void);
/* In an image only: who calls. */
int image_become(unsigned uid, unsigned gid, unsigned group);
int is_image(void);

int fs_enter(const char* path);
int fs_open(const char* path, int flags);
int fs_create(const char* path, unsigned mode); /* a file that is not there, for writing */
int fs_close(int fd);
int fs_ioctl(int fd, unsigned long number, void* argument);
ssize_t fs_pread(int fd, void* into, size_t bytes, off_t offset);
ssize_t fs_pwrite(int fd, const void* from, size_t bytes, off_t offset);
int fs_ftruncate(int fd, off_t size);
int fs_stat(const char* path, struct stat* found); /* of a link itself */
int fs_mkdir(const char* path, unsigned mode);
int fs_mkfifo(const char* path, unsigned mode);
int fs_symlink(const char* target, const char* path);
ssize_t fs_readlink(const char* path, char* target, size_t room);
int fs_link(const char* path, const char* other);
int fs_unlink(const char* path);
int fs_rmdir(const char* path);
int fs_rename(const char* path, const char* other);
int fs_chmod(const char* path, unsigned mode);
int fs_chown(const char* path, unsigned uid, unsigned gid);
int fs_setxattr(const char* path, const char* name, const void* value, size_t bytes);
ssize_t fs_getxattr(const char* path, const char* name, void* value, size_t room);
int fs_removexattr(const char* path, const char* name);

/* What is listed in a directory, without "." and "..": how many, at most `room`. */
struct listed {
    char name[256];
};
int fs_list(const char* path, struct listed* names, int room);
