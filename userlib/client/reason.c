// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/reason.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int refuse(int error, struct vexfs_reason* reason, const char* format, ...) {
    if (reason == NULL)
        return -error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->text, sizeof reason->text, format, arguments);
    va_end(arguments);
    return -error;
}

int refuse_errno(int error, struct vexfs_reason* reason) {
    if (error == ENOTCONN || error == ECONNABORTED)
        return refuse(ENOTCONN, reason, "the engine behind the mount has ended");
    const char* description = strerrordesc_np(error);
    return refuse(error, reason, "%s", description != NULL ? description : "unknown error");
}

int refuse_memory(struct vexfs_reason* reason) {
    return refuse(ENOMEM, reason, "there is no memory");
}
