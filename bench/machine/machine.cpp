// SPDX-License-Identifier: Apache-2.0
//
// Reads /proc and /sys.
//
// Threads: one thread.
#include "bench/machine/machine.h"

#include <fstream>
#include <sstream>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/machine/commit.h" // written by the build

namespace vexfs {
namespace {

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("model name"))
            return line.substr(std::min(line.size(), line.find(':') + 2));
    }
    return "unknown";
}

std::string cache_sizes() {
    std::string text;
    for (int i = 0; i < 8; ++i) {
        const std::string folder =
            "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
        const std::string kind = first_line(folder + "type");
        if (kind.empty() || kind == "Instruction")
            continue;
        text += (text.empty() ? "L" : ", L") + first_line(folder + "level") +
                (kind == "Data" ? "d " : " ") + first_line(folder + "size");
    }
    return text.empty() ? "unknown" : text;
}

} // namespace

Machine this_machine() {
    Machine machine;
    machine.processor = processor_name();
    machine.processors = static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN));
    machine.caches = cache_sizes();
    machine.memory_bytes = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                           static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    utsname system{};
    if (::uname(&system) == 0)
        machine.kernel = std::string(system.sysname) + " " + system.release;
    machine.compiler = __VERSION__;
    machine.commit = VEXFS_COMMIT;
    return machine;
}

std::string command_line(std::span<const char* const> arguments) {
    std::string text;
    for (const char* argument : arguments) {
        const std::string word = argument;
        const bool plain =
            !word.empty() && word.find_first_of(" \t\n\"'\\$`*?[]()<>|&;#~!") == std::string::npos;
        text += text.empty() ? "" : " ";
        if (plain) {
            text += word;
            continue;
        }
        text += '\'';
        for (char c : word)
            text += c == '\'' ? std::string("'\\''") : std::string(1, c);
        text += '\'';
    }
    return text;
}

Result<Pinned> Pinned::to(uint32_t processor) {
    cpu_set_t before;
    if (::sched_getaffinity(0, sizeof before, &before) != 0)
        return fail(code_from_errno(errno), "processor: affinity");
    if (processor >= CPU_SETSIZE || !CPU_ISSET(processor, &before))
        return fail(Code::kEINVAL, "processor: not one that this process may run on");
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(processor, &only);
    if (::sched_setaffinity(0, sizeof only, &only) != 0)
        return fail(code_from_errno(errno), "processor: pin");
    return Pinned(before);
}

Pinned::~Pinned() {
    if (owns_)
        ::sched_setaffinity(0, sizeof before_, &before_);
}

Pinned::Pinned(Pinned&& other) noexcept : before_(other.before_) {
    other.owns_ = false;
}

uint32_t last_processor() {
    cpu_set_t allowed;
    uint32_t last = 0;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return last;
    for (uint32_t i = 0; i < CPU_SETSIZE; ++i)
        last = CPU_ISSET(i, &allowed) ? i : last;
    return last;
}

uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    uint64_t total = 0;
    uint64_t resident = 0;
    file >> total >> resident;
    return file ? resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

} // namespace vexfs
