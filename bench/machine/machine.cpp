// SPDX-License-Identifier: Apache-2.0
//
// Reads /proc and /sys.
//
// Threads: one thread.
#include "bench/machine/machine.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/machine/commit.h" // written by the build
#include "bench/machine/counters.h"

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

// The number behind `name`, in KiB, in bytes; 0 if there is no such line.
uint64_t bytes_behind(const char* path, const std::string& name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name)) {
            std::istringstream rest(line.substr(name.size()));
            uint64_t kib = 0;
            return rest >> kib ? kib * 1024 : 0;
        }
    }
    return 0;
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
    const std::string missing = Counters().missing();
    machine.counters =
        missing.empty() ? "cycles, instructions, cache misses" : "none (" + missing + ")";
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
    VEXFS_TRY_VOID(pin_to(processor));
    return Pinned(before);
}

Status pin_to(uint32_t processor) {
    const std::vector<uint32_t> allowed = allowed_processors();
    if (std::find(allowed.begin(), allowed.end(), processor) == allowed.end())
        return fail(Code::kEINVAL, "processor: not one that this process may run on");
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(processor, &only);
    if (::sched_setaffinity(0, sizeof only, &only) != 0)
        return fail(code_from_errno(errno), "processor: pin");
    return ok();
}

Pinned::~Pinned() {
    if (owns_)
        ::sched_setaffinity(0, sizeof before_, &before_);
}

Pinned::Pinned(Pinned&& other) noexcept : before_(other.before_) {
    other.owns_ = false;
}

std::vector<uint32_t> allowed_processors() {
    cpu_set_t allowed;
    std::vector<uint32_t> numbers;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return numbers;
    for (uint32_t i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(i, &allowed))
            numbers.push_back(i);
    }
    return numbers;
}

uint32_t last_processor() {
    const std::vector<uint32_t> allowed = allowed_processors();
    return allowed.empty() ? 0 : allowed.back();
}

uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    uint64_t total = 0;
    uint64_t resident = 0;
    file >> total >> resident;
    return file ? resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

uint64_t pss_bytes() {
    return bytes_behind("/proc/self/smaps_rollup", "Pss:");
}

uint64_t peak_resident_bytes() {
    return bytes_behind("/proc/self/status", "VmHWM:");
}

bool forget_peak() {
    std::ofstream file("/proc/self/clear_refs");
    file << "5" << std::flush; // proc(5)
    return file.good();
}

} // namespace vexfs
