/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of a program that knows one directory, answered by the image that VEXFS_IMAGE
 * names, in its own process: the linker puts these in the place of open(2), ioctl(2) and close(2).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm-tests/cases/abi/files.h"

int __wrap_open64(const char* path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long number, ...);
int __wrap_close(int fd);

int __wrap_open64(const char* path, int flags, ...) {
    const char* const image = getenv("VEXFS_IMAGE");

    if (image == NULL) {
        fprintf(stderr, "VEXFS_IMAGE names no image\n");
        exit(2);
    }
    use_image(image, 1);
    return fs_open(path, flags);
}

int __wrap_ioctl(int fd, unsigned long number, ...) {
    va_list arguments;

    va_start(arguments, number);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return fs_ioctl(fd, number, argument);
}

int __wrap_close(int fd) {
    const int result = fs_close(fd);

    leave_image();
    return result;
}
