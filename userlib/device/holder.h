// SPDX-License-Identifier: Apache-2.0
//
// Who uses a file or block device: for the message that a busy target deserves.
//
// Linux tells it in three places: /proc/locks (flock), /proc/self/mountinfo (a mounted block
// device) and /sys/block/loop* (a file that is a loop device's backing store). What cannot be seen
// from here, say another container's process, is described as such.
//
// Threads: pure functions of the system's state, which may change at any moment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace vexfs {

struct LockHolder {
    pid_t pid = 0; // 0: a process that cannot be seen from here
    std::string command;
};

// The processes that hold a flock on the open file `descriptor`, as a file. A process that has died
// while I/O of it is in flight still holds its lock and is not listed.
std::vector<LockHolder> lock_holders(int descriptor);

// "process 1234 (vexfsd /srv/a.img)".
std::string describe(const LockHolder& holder);

// Where the block device is mounted, or nothing.
std::optional<std::string> mount_point(dev_t device);

// "/dev/loop3" if the file is the backing store of that loop device.
std::optional<std::string> loop_device_over(dev_t file_system, ino_t inode);

} // namespace vexfs
