// SPDX-License-Identifier: Apache-2.0
//
// The wire's attributes as stat(2) has them.
//
// Threads: pure functions.
#pragma once

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "ioctl/vexfs_queue.h"

namespace vexfs {

inline timespec timespec_of(const vexfs_time& time) {
    return {time.sec, static_cast<long>(time.nsec)};
}

inline struct stat stat_of(const vexfs_attr& attr) {
    struct stat stat {};
    stat.st_ino = attr.ino;
    stat.st_mode = attr.mode;
    stat.st_nlink = attr.nlink;
    stat.st_uid = attr.uid;
    stat.st_gid = attr.gid;
    stat.st_rdev = makedev(attr.rdev_major, attr.rdev_minor);
    stat.st_size = static_cast<off_t>(attr.size);
    stat.st_blksize = attr.blksize;
    stat.st_blocks = static_cast<blkcnt_t>(attr.blocks);
    stat.st_atim = timespec_of(attr.atime);
    stat.st_mtim = timespec_of(attr.mtime);
    stat.st_ctim = timespec_of(attr.ctime);
    return stat;
}

} // namespace vexfs
