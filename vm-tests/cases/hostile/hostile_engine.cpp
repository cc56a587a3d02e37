// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "ioctl/vexfs_queue.h"
#include "vm-tests/cases/hostile/hostile.h"

namespace vexfs {

namespace {

constexpr unsigned kSlots = 8;
constexpr unsigned kChildren = 3;
constexpr unsigned kAnswersMax = 400; // of a round

vexfs_attr random_attr(Random& chance, bool directory) {
    vexfs_attr attr{};
    attr.ino = one_in(chance, 20) ? chance.next() : 1 + chance.next() % 8;
    attr.generation = 1;
    attr.mode = 0755 | (directory            ? S_IFDIR
                        : one_in(chance, 10) ? chance.next() & S_IFMT
                                             : S_IFREG);
    attr.nlink = static_cast<uint32_t>(one_in(chance, 10) ? chance.next() : 1 + chance.next() % 3);
    attr.blksize = static_cast<uint32_t>(one_in(chance, 10) ? chance.next() : 4096);
    attr.size = one_in(chance, 10) ? chance.next() : chance.next() % 100'000;
    attr.atime.nsec = static_cast<uint32_t>(chance.next() % 1'100'000'000);
    attr.valid_ns = one_in(chance, 2) ? 0 : chance.next();
    return attr;
}

// An engine over one queue of the module.
class Engine {
  public:
    explicit Engine(uint64_t seed) : chance_(seed) {}

    bool attach() {
        device_ = ::open("/dev/vexfs", O_RDWR | O_CLOEXEC);
        vexfs_attach attach{};
        attach.size = sizeof attach;
        attach.abi = VEXFS_QUEUE_ABI;
        attach.features = VEXFS_QUEUE_FEATURE_POLLING;
        attach.queues = 1;
        attach.slots = kSlots;
        if (device_ < 0 || ::ioctl(device_, VEXFS_QUEUE_ATTACH, &attach) != 0)
            return false;
        bytes_ = attach.map_bytes;
        void* const mapped =
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, device_, 0);
        if (mapped == MAP_FAILED)
            return false;
        memory_ = static_cast<vexfs_queue_memory*>(mapped);
        areas_ = reinterpret_cast<vexfs_areas*>(memory_ + 1);
        return true;
    }

    // Until it has answered enough, or the module has had enough of it.
    void serve() {
        uint64_t mask = 0;
        uint32_t head = 0;
        for (unsigned answers = 0; answers < kAnswersMax;) {
            vexfs_wait wait{};
            wait.cmd.commit_mask = one_in(chance_, 8) ? chance_.next() : mask;
            wait.cmd.head = one_in(chance_, 100) ? static_cast<uint32_t>(chance_.next()) : head;
            wait.timeout_ns = 200'000'000;
            if (::ioctl(device_, VEXFS_QUEUE_WAIT, &wait) != 0)
                break;
            mask = 0;
            for (; head != Word(memory_->tail.sq_tail).load(); ++head, ++answers) {
                const uint32_t slot = Word(memory_->sq[head % 64]).load() % kSlots;
                answer(slot);
                mask |= uint64_t{1} << slot;
            }
        }
        if (one_in(chance_, 2)) { // in order, or as if it had been killed
            vexfs_detach detach{};
            ::ioctl(device_, VEXFS_QUEUE_DETACH, &detach);
        }
        ::close(device_);
        ::munmap(memory_, bytes_);
    }

    [[nodiscard]] int device() const { return device_; }

  private:
    using Word = std::atomic_ref<uint32_t>;

    template <typename Reply>
    uint32_t put(uint32_t slot, const Reply& reply) {
        std::memcpy(areas_[slot].out, &reply, sizeof reply);
        return sizeof reply;
    }

    // What the op's reply may look like.
    uint32_t plausible(uint32_t slot, const vexfs_request& request) {
        vexfs_rep_entry entry{random_attr(chance_, one_in(chance_, 3)), chance_.next() % 1'000'000};
        switch (request.op) {
        case VEXFS_REQ_MOUNT: {
            vexfs_rep_mount reply{};
            reply.root = random_attr(chance_, true);
            reply.root.ino = 1;
            reply.root.size = 0;
            reply.root.atime.nsec = 0;
            reply.max_size = uint64_t{1} << 40;
            reply.max_io = 4096 + static_cast<uint32_t>(chance_.next() % (1 << 20));
            reply.max_links = 1000;
            return put(slot, reply);
        }
        case VEXFS_REQ_GETATTR:
        case VEXFS_REQ_SETATTR:
            entry.attr.ino = one_in(chance_, 10) ? entry.attr.ino : request.ino;
            return put(slot, vexfs_rep_attr{entry.attr});
        case VEXFS_REQ_READ:
        case VEXFS_REQ_READDIR:
        case VEXFS_REQ_READLINK:
        case VEXFS_REQ_GETXATTR:
        case VEXFS_REQ_LISTXATTR:
            scribble(slot);
            return static_cast<uint32_t>(chance_.next() % (request.out_room + 1));
        case VEXFS_REQ_OPEN:
            return put(slot, vexfs_rep_open{chance_.next() % 3,
                                            static_cast<uint32_t>(chance_.next() % 8), 0});
        case VEXFS_REQ_WRITE:
        case VEXFS_REQ_COPY_RANGE:
            return put(slot, vexfs_rep_write{chance_.next() % 8192, chance_.next() % 8192,
                                             chance_.next(), 1});
        case VEXFS_REQ_TMPFILE:
            return put(slot, vexfs_rep_create{entry, {}});
        default:
            return std::min<uint32_t>(put(slot, entry), request.out_room);
        }
    }

    void scribble(uint32_t slot) {
        auto* const out = reinterpret_cast<uint32_t*>(areas_[slot].out);
        for (size_t i = 0; i < 4096 / sizeof *out; ++i)
            out[i] =
                static_cast<uint32_t>(one_in(chance_, 2) ? chance_.next() : chance_.next() % 300);
    }

    void answer(uint32_t slot) {
        vexfs_slot& shared = memory_->slot[slot];
        const vexfs_request request = shared.request;
        int32_t result = 0;
        uint32_t bytes = plausible(slot, request);
        const bool mounting = request.op == VEXFS_REQ_MOUNT;
        if (!mounting && one_in(chance_, 6))
            result = -static_cast<int32_t>(1 + chance_.next() % VEXFS_QUEUE_MAX_ERRNO), bytes = 0;
        if (!mounting && one_in(chance_, 200))
            result = static_cast<int32_t>(chance_.next());
        if (!mounting && one_in(chance_, 200))
            bytes = static_cast<uint32_t>(chance_.next());
        if (!mounting && one_in(chance_, 200)) // over everything that is the engine's to write
            std::memset(memory_->slot, static_cast<int>(chance_.next() % 256),
                        sizeof memory_->slot);
        Word(memory_->engine.cpu).store(static_cast<uint32_t>(chance_.next() % 4));
        Word(memory_->engine.polling).store(one_in(chance_, 2) ? 1 : 0); // it never does
        shared.reply.result = result;
        shared.reply.out_bytes = bytes;
        Word(shared.reply.state).store(VEXFS_SLOT_DONE);
    }

    Random chance_;
    int device_ = -1;
    vexfs_queue_memory* memory_ = nullptr;
    vexfs_areas* areas_ = nullptr; // one for each slot
    size_t bytes_ = 0;
};

void use_at_random(const std::string& mountpoint, Random& chance) {
    const std::string path = mountpoint + "/" + static_cast<char>('a' + chance.next() % 4);
    const std::string other = mountpoint + "/" + static_cast<char>('a' + chance.next() % 4);
    std::vector<char> data(1 + chance.next() % 100'000);
    switch (chance.next() % 9) {
    case 0:
        ::mkdir(path.c_str(), 0700);
        return;
    case 1:
        ::unlink(path.c_str());
        return;
    case 2:
        ::rename(path.c_str(), other.c_str());
        return;
    case 3:
        ::link(path.c_str(), other.c_str());
        return;
    case 4:
        ::setxattr(path.c_str(), "user.x", data.data(), std::min<size_t>(data.size(), 9000), 0);
        ::getxattr(path.c_str(), "user.x", data.data(), data.size());
        ::listxattr(path.c_str(), data.data(), data.size());
        return;
    case 5:
        if (DIR* const directory = ::opendir(path.c_str()); directory != nullptr) {
            unsigned left = 50;
            // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own
            while (left > 0 && ::readdir(directory) != nullptr)
                --left;
            ::closedir(directory);
        }
        return;
    case 6:
        ::symlink("target", path.c_str());
        (void)!::readlink(other.c_str(), data.data(), data.size());
        ::truncate(path.c_str(), static_cast<off_t>(chance.next() % 100'000));
        return;
    default:
        break;
    }
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    if (file < 0)
        return;
    (void)!::pwrite(file, data.data(), data.size(), static_cast<off_t>(chance.next() % 50'000));
    (void)!::pread(file, data.data(), data.size(), static_cast<off_t>(chance.next() % 50'000));
    void* const mapped = ::mmap(nullptr, 8192, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped != MAP_FAILED) {
        ::madvise(mapped, 8192, MADV_WILLNEED);
        ::munmap(mapped, 8192);
    }
    ::lseek(file, 5, SEEK_HOLE);
    ::fsync(file);
    ::close(file);
}

} // namespace

bool run_hostile_engine(const std::string& mountpoint, uint64_t seed, uint64_t rounds) {
    uint64_t mounted = 0;
    for (uint64_t round = 0; round < rounds; ++round) {
        Engine engine(seed + round);
        if (!engine.attach())
            return false;
        std::vector<pid_t> children;
        const std::string option = "fd=" + std::to_string(engine.device());
        // The fd is close-on-exec, and these children never exec: they only fork before it serves.
        std::thread server([&] { engine.serve(); });
        if (::mount("none", mountpoint.c_str(), "vexfs", 0, option.c_str()) == 0) {
            ++mounted;
            for (unsigned i = 0; i < kChildren; ++i) {
                const pid_t child = ::fork();
                if (child == 0) {
                    Random chance(seed + round * kChildren + i);
                    for (unsigned call = 0; call < 60; ++call)
                        use_at_random(mountpoint, chance);
                    ::_exit(0);
                }
                children.push_back(child);
            }
        }
        server.join();
        for (const pid_t child : children)
            ::waitpid(child, nullptr, 0);
        ::umount2(mountpoint.c_str(), MNT_DETACH);
    }
    std::printf("engine: %llu mounts\n", static_cast<unsigned long long>(mounted));
    return mounted > 0;
}

} // namespace vexfs
