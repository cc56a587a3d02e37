// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ioctl/vexfs_ioctl.h"
#include "vm-tests/cases/faults/trial.h"

namespace vexfs {
namespace {

constexpr size_t kRoom = 4096;

struct Message {
    vexfs_msg head;
    std::array<char, kRoom - sizeof(vexfs_msg)> rest;
};

// The op without a body: most are refused for it by the engine, in the same way each time.
Message empty_message(uint16_t op) {
    Message message{};
    message.head.size = sizeof message.head;
    message.head.room = sizeof message;
    message.head.op = op;
    message.head.version = VEXFS_ABI_VERSION;
    return message;
}

int send(int file, uint16_t op) {
    Message message = empty_message(op);
    return result_of(::ioctl(file, VEXFS_IOC(op, sizeof message), &message));
}

void try_ioctls(Trial& trial, const char* what, int file) {
    for (const unsigned op :
         {VEXFS_OP_HELLO, VEXFS_OP_SCHEMA_GET, VEXFS_OP_GET, VEXFS_OP_SEARCH, VEXFS_OP_EXPLAIN,
          VEXFS_OP_PATH, VEXFS_OP_STAT, VEXFS_OP_JOB_LIST, VEXFS_OP_SYNC, VEXFS_OP_PART_PUT,
          VEXFS_OP_PART_GET, VEXFS_OP_URING, VEXFS_OP_SCHEMA_SET, VEXFS_OP_PUT, VEXFS_OP_DROP,
          VEXFS_OP_JOB, VEXFS_OP_SNAPSHOT}) {
        const auto number = static_cast<uint16_t>(op);
        const int expected = send(file, number);
        trial.operation(
            "ioctl " + std::to_string(op) + " on " + what, [&] { return send(file, number); }, {},
            expected);
    }
}

void try_session(Trial& trial, const std::string& mountpoint) {
    const std::string path = mountpoint + "/.vexfs/call";
    int session = -1;
    const auto reopened = [&] {
        ::close(session);
        session = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        trial.must("a session", session >= 0);
    };
    trial.operation(
        "open of a session",
        [&] {
            session = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
            return result_of(session);
        },
        [&] { ::close(session); });
    Message message = empty_message(VEXFS_OP_HELLO);
    const auto write = [&] {
        return ::pwrite(session, &message, sizeof message.head, 0);
    };
    trial.operation(
        "a message by write", [&] { return result_of(write()); }, reopened);
    trial.operation(
        "its answer by read",
        [&] { return result_of(::pread(session, &message, sizeof message, 0)); },
        [&] {
            reopened();
            message = empty_message(VEXFS_OP_HELLO);
            trial.must("a message", write() == sizeof message.head);
        });
    trial.operation(
        "ftruncate of a session", [&] { return result_of(::ftruncate(session, 0)); }, reopened);
    ::close(session);
}

// Of every filesystem that sysfs tells of.
void try_sysfs(Trial& trial) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/sys/fs/vexfs"), ::closedir);
    trial.must("/sys/fs/vexfs", folder != nullptr);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own
    while (const dirent* const found = folder ? ::readdir(folder.get()) : nullptr) {
        if (found->d_name[0] == '.')
            continue;
        for (const char* const name : {"state", "epoch", "recoveries", "in_flight", "policy"}) {
            const std::string path = std::string("/sys/fs/vexfs/") + found->d_name + "/" + name;
            trial.operation(path, [&] {
                std::array<char, 64> text{};
                const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
                const int answer =
                    result_of(file < 0 ? -1 : ::read(file, text.data(), text.size()));
                ::close(file);
                return answer;
            });
        }
    }
}

} // namespace

void try_messages(Trial& trial, const std::string& mountpoint) {
    const std::string folder = mountpoint + "/messages";
    trial.must("mkdir", ::mkdir(folder.c_str(), 0755) == 0);
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int file = ::open((folder + "/file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    trial.must("files for messages", directory >= 0 && file >= 0);
    try_ioctls(trial, "a directory", directory);
    try_ioctls(trial, "a file", file);
    ::close(file);
    ::close(directory);
    try_session(trial, mountpoint);
    try_sysfs(trial);
}

} // namespace vexfs
