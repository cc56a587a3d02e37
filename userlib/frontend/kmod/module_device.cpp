// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/module_device.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr const char* kPath = "/dev/vexfs";

std::string text_of(int error) {
    return std::strerror(error); // NOLINT(concurrency-mt-unsafe): before there are threads
}

std::string reason_of(int error, const vexfs_attach& attach) {
    switch (error) {
    case EPROTO:
        return "the kernel module is of another release than vexfsd";
    case EBUSY:
        return "file system " + std::to_string(attach.fs) + " has an engine already";
    case ENOENT:
        return "the kernel module has no file system " + std::to_string(attach.fs);
    case EINVAL:
        return "the kernel module refuses: another volume, or sizes that it does not know";
    default:
        return "the kernel module refuses: " + text_of(error);
    }
}

} // namespace

Result<ModuleDevice> ModuleDevice::open(std::string& explanation) {
    const int descriptor = ::open(kPath, O_RDWR | O_CLOEXEC);
    if (descriptor >= 0)
        return ModuleDevice(descriptor);
    const int error = errno;
    explanation = std::string(kPath) + ": " + text_of(error);
    if (error == ENOENT || error == ENXIO || error == ENODEV)
        explanation += " (is the kernel module loaded?)";
    return fail(code_from_errno(error), "module: open");
}

ModuleDevice::ModuleDevice(ModuleDevice&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), mappings_(std::move(other.mappings_)) {}

ModuleDevice::~ModuleDevice() {
    for (const MutableBytes& mapping : mappings_)
        ::munmap(mapping.data(), mapping.size());
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

Status ModuleDevice::attach(vexfs_attach& attach, std::string& explanation) {
    attach.size = sizeof attach;
    attach.abi = VEXFS_QUEUE_ABI;
    const vexfs_attach asked = attach;
    if (::ioctl(descriptor_, VEXFS_QUEUE_ATTACH, &attach) != 0) {
        const int error = errno;
        explanation = reason_of(error, asked);
        return fail(code_from_errno(error), "module: attach");
    }
    if (attach.queues == 0 || attach.queues > VEXFS_QUEUE_MAX_QUEUES || attach.map_bytes == 0) {
        explanation = "the kernel module attached with impossible sizes";
        return fail(Code::kEPROTO, "module: attach");
    }
    return ok();
}

Result<MutableBytes> ModuleDevice::map(const vexfs_attach& attach, uint32_t queue) {
    const auto bytes = static_cast<size_t>(attach.map_bytes);
    mappings_.reserve(mappings_.size() + 1);
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_,
                                static_cast<off_t>(queue * attach.map_bytes));
    if (memory == MAP_FAILED)
        return fail(code_from_errno(errno), "module: mapping a queue");
    mappings_.emplace_back(static_cast<std::byte*>(memory), bytes);
    return mappings_.back();
}

Status ModuleDevice::forget_attributes(uint64_t ino) const {
    const vexfs_inval inval{ino};
    return ::ioctl(descriptor_, VEXFS_QUEUE_NOTIFY_INVAL, &inval) == 0
               ? ok()
               : Status(fail(code_from_errno(errno), "module: notify"));
}

Status ModuleDevice::detach(bool keep) const {
    const vexfs_detach detach{keep ? VEXFS_DETACH_KEEP : 0, 0};
    return ::ioctl(descriptor_, VEXFS_QUEUE_DETACH, &detach) == 0
               ? ok()
               : Status(fail(code_from_errno(errno), "module: detach"));
}

} // namespace vexfs
