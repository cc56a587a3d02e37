// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm-tests/cases/faults/quiet_engine.h"
#include "vm-tests/cases/faults/trial.h"

namespace vexfs {
namespace {

constexpr const char* kDevice = "/dev/vexfs";

void try_open_and_attach(Trial& trial) {
    trial.operation("open of the device", [] {
        const int opened = ::open(kDevice, O_RDWR | O_CLOEXEC);
        const int answer = result_of(opened);
        ::close(opened);
        return answer;
    });
    int device = -1;
    const auto reopen = [&] {
        ::close(device);
        device = ::open(kDevice, O_RDWR | O_CLOEXEC);
    };
    for (const uint32_t queues : {1U, 8U}) {
        vexfs_attach attach{};
        const auto prepare = [&] {
            reopen();
            attach = small_attach();
            attach.queues = queues;
        };
        trial.operation(
            "ATTACH of " + std::to_string(queues) + " queues",
            [&] {
                const int answer = result_of(::ioctl(device, VEXFS_QUEUE_ATTACH, &attach));
                // The copy of the reply failed, and the device is attached all the same.
                if (answer == EFAULT)
                    ::ioctl(device, VEXFS_QUEUE_DETACH, &attach);
                return answer;
            },
            prepare);
    }
    ::close(device);
}

void try_map(Trial& trial) {
    const int device = ::open(kDevice, O_RDWR | O_CLOEXEC);
    vexfs_attach attach = small_attach();
    trial.must("ATTACH", ::ioctl(device, VEXFS_QUEUE_ATTACH, &attach) == 0);
    trial.operation("mmap of a queue", [&] {
        void* const mapped =
            ::mmap(nullptr, attach.map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
        const int answer = mapped == MAP_FAILED ? errno : 0;
        if (answer == 0)
            ::munmap(mapped, attach.map_bytes);
        return answer;
    });
    vexfs_inval inval{1};
    trial.operation("NOTIFY_INVAL",
                    [&] { return result_of(::ioctl(device, VEXFS_QUEUE_NOTIFY_INVAL, &inval)); });
    vexfs_wait wait{};
    wait.timeout_ns = 1'000'000;
    trial.operation(
        "WAIT", [&] { return result_of(::ioctl(device, VEXFS_QUEUE_WAIT, &wait)); }, {}, ETIMEDOUT);
    vexfs_detach detach{};
    trial.operation("DETACH",
                    [&] { return result_of(::ioctl(device, VEXFS_QUEUE_DETACH, &detach)); });
    ::close(device);
}

} // namespace

// What fails before the module's own code runs fails with the loader's many errors.
void try_module(Trial& trial, const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    trial.must("open of the module", file >= 0);
    const auto unload = [] {
        ::syscall(SYS_delete_module, "vexfs", O_NONBLOCK);
    };
    trial.operation("loading the module",
                    [&] { return result_of(::syscall(SYS_finit_module, file, "", 0)); }, unload, 0,
                    {ENOEXEC, EIO, EINVAL, ENOENT, EAGAIN, EBUSY});
    ::close(file);
}

void try_device(Trial& trial) {
    try_open_and_attach(trial);
    try_map(trial);
}

void try_mount(Trial& trial, const std::string& mountpoint) {
    const char* const where = mountpoint.c_str();
    std::unique_ptr<QuietEngine> engine;
    const auto attached = [&] {
        ::umount2(where, MNT_DETACH);
        engine.reset();
        engine = std::make_unique<QuietEngine>();
        trial.must("an engine attaches", engine->device() >= 0);
    };
    const auto mount = [&] {
        const std::string option = "fd=" + std::to_string(engine->device());
        return result_of(::mount("none", where, "vexfs", 0, option.c_str()));
    };
    const auto mounted = [&] {
        attached();
        trial.must("mount", mount() == 0);
    };
    trial.operation("mount", mount, attached);
    trial.operation(
        "umount", [&] { return result_of(::umount2(where, 0)); }, mounted);
    trial.operation(
        "umount -f", [&] { return result_of(::umount2(where, MNT_FORCE)); }, mounted);
    ::umount2(where, MNT_DETACH);
}

} // namespace vexfs
