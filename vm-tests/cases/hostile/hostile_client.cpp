// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ioctl/vexfs_ioctl.h"
#include "ioctl/vexfs_queue.h"
#include "vm-tests/cases/hostile/hostile.h"

namespace vexfs {

namespace {

constexpr size_t kMemoryBytes = 65536;

unsigned long random_command(Random& chance) {
    static constexpr std::array<unsigned long, 3> kOfDevice{VEXFS_QUEUE_ATTACH, VEXFS_QUEUE_DETACH,
                                                            VEXFS_QUEUE_NOTIFY_INVAL};
    if (one_in(chance, 4))
        return kOfDevice[chance.below(kOfDevice.size())];
    const unsigned type = one_in(chance, 8) ? chance.next() % 256 : VEXFS_IOC_TYPE;
    const unsigned direction = one_in(chance, 8) ? chance.next() % 4 : _IOC_READ | _IOC_WRITE;
    const unsigned bytes =
        one_in(chance, 4) ? chance.next() % (1U << _IOC_SIZEBITS) : 8 * (chance.next() % 64);
    return _IOC(direction, type, chance.next() % 256, bytes);
}

// Words that are small or large; half of the time an ATTACH that may succeed.
void fill(Random& chance, uint32_t* words, size_t count) {
    for (size_t i = 0; i < count; ++i)
        words[i] = one_in(chance, 3) ? static_cast<uint32_t>(chance.next())
                                     : static_cast<uint32_t>(chance.next() % 80);
    if (one_in(chance, 2))
        return;
    vexfs_attach attach{};
    attach.size = sizeof attach;
    attach.abi = VEXFS_QUEUE_ABI;
    attach.features = chance.next();
    attach.queues = static_cast<uint32_t>(chance.below(5));
    attach.slots = static_cast<uint32_t>(chance.below(70));
    attach.fs = one_in(chance, 4) ? chance.below(20) : 0;
    std::memcpy(words, &attach, sizeof attach);
}

// The memory, its last bytes, memory that cannot be read, or no memory.
void* random_pointer(Random& chance, std::byte* memory) {
    switch (chance.next() % 8) {
    case 0:
        return nullptr;
    case 1:
        return reinterpret_cast<void*>(chance.next());
    case 2:
        return memory + kMemoryBytes - chance.next() % 512; // its end is that of the mapping
    default:
        return memory;
    }
}

void map_at_random(Random& chance, int file) {
    const size_t bytes = 4096 * (1 + chance.next() % 4096);
    const auto offset = static_cast<off_t>(4096 * (chance.next() % 65536));
    void* const mapped = ::mmap(nullptr, bytes, PROT_READ | (one_in(chance, 2) ? PROT_WRITE : 0),
                                one_in(chance, 4) ? MAP_PRIVATE : MAP_SHARED, file, offset);
    if (mapped != MAP_FAILED)
        ::munmap(mapped, bytes);
}

} // namespace

bool run_hostile_client(const std::vector<std::string>& paths, uint64_t seed, uint64_t calls) {
    Random chance(seed);
    auto* const memory = static_cast<std::byte*>(
        ::mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory == MAP_FAILED)
        return false;
    std::vector<int> files(paths.size(), -1);
    uint64_t opened = 0;
    for (uint64_t call = 0; call < calls; ++call) {
        const size_t which = chance.next() % files.size();
        int& file = files[which];
        if (file >= 0 && one_in(chance, 50)) {
            ::close(file);
            file = -1;
        }
        if (file < 0)
            file = ::open(paths[which].c_str(), one_in(chance, 2) ? O_RDWR : O_RDONLY);
        if (file < 0)
            continue;
        ++opened;
        if (one_in(chance, 20)) {
            map_at_random(chance, file);
            continue;
        }
        fill(chance, reinterpret_cast<uint32_t*>(memory), 128);
        unsigned long command = random_command(chance);
        if (_IOC_NR(command) == _IOC_NR(VEXFS_QUEUE_WAIT)) // it may wait for ever, and rightly
            command = VEXFS_QUEUE_DETACH;
        ::ioctl(file, command, random_pointer(chance, memory));
    }
    std::printf("client: %llu calls\n", static_cast<unsigned long long>(opened));
    return opened > 0;
}

} // namespace vexfs
