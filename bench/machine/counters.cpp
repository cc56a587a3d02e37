// SPDX-License-Identifier: Apache-2.0
#include "bench/machine/counters.h"

#include <cerrno>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

namespace vexfs {
namespace {

constexpr const char* kParanoid = "/proc/sys/kernel/perf_event_paranoid";

// -1 and errno if the kernel or the machine has no such counter, or keeps it to itself.
FileDescriptor open_event(uint64_t event, int leader) {
    perf_event_attr attributes{};
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.size = sizeof attributes;
    attributes.config = event;
    attributes.disabled = leader < 0 ? 1 : 0;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    attributes.read_format = PERF_FORMAT_GROUP;
    return FileDescriptor(static_cast<int>(
        ::syscall(SYS_perf_event_open, &attributes, 0, -1, leader, PERF_FLAG_FD_CLOEXEC)));
}

uint64_t context_switches() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return static_cast<uint64_t>(usage.ru_nvcsw) + static_cast<uint64_t>(usage.ru_nivcsw);
}

} // namespace

Counters::Counters() : cycles_(open_event(PERF_COUNT_HW_CPU_CYCLES, -1)) {
    int error = errno;
    if (cycles_.raw() >= 0) {
        instructions_ = open_event(PERF_COUNT_HW_INSTRUCTIONS, cycles_.raw());
        cache_misses_ = open_event(PERF_COUNT_HW_CACHE_MISSES, cycles_.raw());
        if (instructions_.raw() >= 0 && cache_misses_.raw() >= 0)
            return;
        error = errno;
        cycles_ = FileDescriptor();
    }
    const bool forbidden = error == EACCES || error == EPERM;
    missing_ = std::string("perf_event_open: ") + name_of(code_from_errno(error)) +
               (forbidden ? std::string(", see ") + kParanoid
                          : ", the machine or its host hides the counters");
}

void Counters::start() {
    switches_before_ = context_switches();
    if (cycles_.raw() < 0)
        return;
    ::ioctl(cycles_.raw(), PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
    ::ioctl(cycles_.raw(), PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
}

Counts Counters::stop() {
    Counts counts;
    if (cycles_.raw() >= 0) {
        ::ioctl(cycles_.raw(), PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
        uint64_t values[4] = {}; // how many, and those
        counts.has_events = ::read(cycles_.raw(), values, sizeof values) == sizeof values;
        counts.cycles = values[1];
        counts.instructions = values[2];
        counts.cache_misses = values[3];
    }
    counts.context_switches = context_switches() - switches_before_;
    return counts;
}

} // namespace vexfs
