// SPDX-License-Identifier: Apache-2.0
//
// vexfs-perf MOUNTPOINT OUT.json: counts the instructions of an ioctl there and back, by each of
// the ways to a server in user space, in a machine whose clock goes by instructions.
//
// A system call that does nothing is the measure of it all. The shortest of many batches counts:
// the others had the timer's interrupt in them. While the kernel is busy with itself, as it is for
// a while after it booted, batches differ a lot: they are run again until they do not. Exit status:
// 77 if the clock does not count instructions.
//
// With two CPUs it is the way to a server that polls on the other one, beside those through FUSE on
// the same. In a machine that runs its CPUs by turns a PAUSE ends the turn, so each side's turns of
// its loop are counted, and nothing else.
//
// With --attach it only runs a command while so many filesystems have an engine.
//
// Threads: one; the servers are processes.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "ioctl/vexfs_ioctl.h"
#include "vm-tests/cases/perf/attach_many.h"
#include "vm-tests/cases/perf/echo.h"

namespace vexfs {

pid_t fork_server() {
    const pid_t child = ::fork();
    if (child == 0)
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

bool stay_on_cpu(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

pid_t no_server(const char* step) {
    std::fprintf(stderr, "%s: %s\n", step, strerrorname_np(errno));
    return -1;
}

namespace {

constexpr unsigned kBatches = 60;
constexpr unsigned kAttempts = 100;
constexpr unsigned kCallsOfBatch = 50;
constexpr int kSkipped = 77;

struct Path {
    const char* name; // in JSON
    const char* text;
    std::function<pid_t(const std::string&)> serve;
    uint64_t instructions = 0;
};

// Ticks of the clock for one call, in the shortest batch.
template <typename Call>
double ticks_of(unsigned calls, const Call& call) {
    std::array<uint64_t, kBatches> ticks{};
    for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
        for (uint64_t& batch : ticks) {
            const uint64_t begin = __rdtsc();
            for (unsigned i = 0; i < calls; ++i)
                call();
            batch = __rdtsc() - begin;
        }
        std::sort(ticks.begin(), ticks.end());
        if (ticks[kBatches / 2] < ticks[0] + ticks[0] / 20)
            break;
        ::sleep(1); // of the machine's time, in which the kernel may come to its end
    }
    return static_cast<double>(ticks[0]) / calls;
}

// Ticks of an instruction: a power of two, if the clock counts them; else 0.
double ticks_of_instruction() {
    constexpr unsigned kTurns = 20'000;
    const double ticks = ticks_of(1, [] {
        unsigned turns = kTurns;
        asm volatile("1: dec %0\n\tjnz 1b" : "+r"(turns));
    });
    for (double guess = 1; guess <= 64; guess *= 2)
        if (ticks > guess * 2 * kTurns * 0.99 && ticks < guess * 2 * kTurns * 1.01)
            return guess;
    return 0;
}

// False: the ioctl failed, or something else came back.
bool echoes(int file) {
    std::array<unsigned char, kMessageBytes> message;
    for (size_t i = 0; i < message.size(); ++i)
        message[i] = static_cast<unsigned char>(i);
    const auto sent = message;
    return ::ioctl(file, VEXFS_IOC(VEXFS_OP_HELLO, kMessageBytes), message.data()) == 0 &&
           message == sent;
}

bool measure(Path& path, const std::string& mountpoint, double tick) {
    const pid_t server = path.serve(mountpoint);
    if (server < 0)
        return false;
    const int file = ::open(mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = file >= 0;
    for (unsigned i = 0; i < kCallsOfBatch && good; ++i)
        good = echoes(file);
    if (good) {
        std::array<unsigned char, kMessageBytes> message{};
        path.instructions = static_cast<uint64_t>(
            ticks_of(kCallsOfBatch,
                     [&] {
                         const unsigned long cmd = VEXFS_IOC(VEXFS_OP_HELLO, kMessageBytes);
                         good = ::ioctl(file, cmd, message.data()) == 0 && good;
                     }) /
            tick);
    }
    ::close(file);
    ::umount2(mountpoint.c_str(), MNT_DETACH);
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
    if (!good)
        std::fprintf(stderr, "%s: an ioctl was not answered as it should be\n", path.text);
    return good;
}

bool write_json(const char* name, const std::vector<Path>& paths) {
    std::FILE* const out = std::fopen(name, "we");
    if (out == nullptr)
        return false;
    utsname machine{};
    ::uname(&machine);
    std::fprintf(out, "{\n  \"kernel\": \"%s\"", machine.release);
    for (const Path& path : paths)
        std::fprintf(out, ",\n  \"%s\": %llu", path.name,
                     static_cast<unsigned long long>(path.instructions));
    std::fputs("\n}\n", out);
    return std::fclose(out) == 0;
}

std::vector<Path> ways() {
    const auto module = [](const char* name, const char* text, Waiting waiting) {
        return Path{name, text, [waiting](const std::string& at) {
                        return serve_by_module(at, waiting);
                    }};
    };
    std::vector<Path> paths{{"getppid", "a system call that does nothing (getppid)", nullptr}};
    if (::sysconf(_SC_NPROCESSORS_ONLN) == 1) {
        paths.push_back(
            module("module_ioctl", "module, its server sleeps in WAIT", Waiting::kIoctl));
        paths.push_back(module("module_uring", "module, its server sleeps in FETCH by io_uring",
                               Waiting::kUring));
    } else {
        paths.push_back(
            module("module_polled", "module, its server polls on another CPU", Waiting::kPolling));
    }
    paths.push_back({"fuse_raw", "FUSE, its server reads and writes /dev/fuse", serve_by_fuse});
    paths.push_back(
        {"libfuse", "FUSE, its server uses libfuse, low-level calls", serve_by_libfuse});
    return paths;
}

int run(const std::string& mountpoint, const char* json) {
    if (!stay_on_cpu(0))
        return 1;
    const double tick = ticks_of_instruction();
    if (tick == 0) {
        std::puts("skipped: the clock of this machine does not count instructions");
        return kSkipped;
    }
    std::vector<Path> paths = ways();
    for (Path& path : paths) {
        if (path.serve == nullptr)
            path.instructions = static_cast<uint64_t>(
                ticks_of(kCallsOfBatch, [] { ::syscall(SYS_getppid); }) / tick);
        else if (!measure(path, mountpoint, tick))
            return 1;
        std::printf("= %8llu instructions: %s\n",
                    static_cast<unsigned long long>(path.instructions), path.text);
    }
    const auto polled = std::find_if(paths.begin(), paths.end(), [](const Path& path) {
        return std::string_view(path.name) == "module_polled";
    });
    if (polled != paths.end()) {
        const auto of_server = static_cast<uint64_t>(ticks_of_polling_server() / tick);
        const uint64_t of_client = polled->instructions - of_server;
        std::printf("= %8llu instructions of these on the client's CPU\n",
                    static_cast<unsigned long long>(of_client));
        paths.insert(polled + 1, Path{"module_polled_client", "", nullptr, of_client});
    }
    return write_json(json, paths) ? 0 : 1;
}

} // namespace
} // namespace vexfs

int main(int count, char** arguments) {
    const auto number = [arguments](int i) {
        return static_cast<uint32_t>(std::strtoul(arguments[i], nullptr, 10));
    };
    if (count == 3)
        return vexfs::run(arguments[1], arguments[2]);
    if (count == 6 && std::string_view(arguments[1]) == "--attach")
        return vexfs::run_attached({number(2), number(3), number(4)}, arguments[5]);
    std::fputs("usage: vexfs-perf MOUNTPOINT OUT.json\n"
               "       vexfs-perf --attach FILESYSTEMS QUEUES SLOTS COMMAND\n",
               stderr);
    return 2;
}
