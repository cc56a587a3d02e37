// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/file_device.h"

#include <array>
#include <climits>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/random.h"
#include "userlib/device/aligned_buffer.h"
#include "userlib/device/image_file.h"
#include "userlib/device/scratch_file.h"

using namespace vexfs;

namespace {

std::unique_ptr<FileDevice> open_or_die(const std::string& path, FileOptions options = {}) {
    std::string explanation;
    auto device = FileDevice::open(path, options, explanation);
    INFO(explanation);
    REQUIRE(device.has_value());
    return std::move(device).value();
}

Code open_error(const std::string& path, std::string& explanation, FileOptions options = {}) {
    const auto device = FileDevice::open(path, options, explanation);
    REQUIRE(!device.has_value());
    return device.error().code;
}

void fill(MutableBytes bytes, uint64_t seed) {
    Random random(seed);
    for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t))
        store_le<uint64_t>(bytes.data() + at, random.next());
}

bool same(Bytes one, Bytes two) {
    return one.size() == two.size() && std::memcmp(one.data(), two.data(), one.size()) == 0;
}

// Writes all blocks of the device in random order as one batch, flushes, and reads them back as
// another.
void round_trip(FileDevice& device, uint64_t seed) {
    const uint64_t blocks = device.geometry().size_blocks();
    AlignedBuffer wanted = AlignedBuffer::create(blocks * kBlockBytes).value();
    AlignedBuffer got = AlignedBuffer::create(blocks * kBlockBytes).value();
    fill(wanted.bytes(), seed);
    std::vector<Io> writes;
    std::vector<Io> reads;
    for (uint64_t block = 0; block < blocks; ++block) {
        const size_t at = block * kBlockBytes;
        writes.push_back(whole_extent(block, wanted.bytes().subspan(at, kBlockBytes)));
        reads.push_back(whole_extent(block, got.bytes().subspan(at, kBlockBytes)));
    }
    Random random(seed);
    random.shuffle(std::span(writes));
    random.shuffle(std::span(reads));
    REQUIRE(device.write(writes));
    REQUIRE(device.flush());
    REQUIRE(device.read(reads));
    CHECK(same(wanted.bytes(), got.bytes()));
}

} // namespace

TEST_CASE("file: a batch longer than IOV_MAX comes back as it was written, with each engine") {
    const uint64_t blocks = 2 * IOV_MAX + 5;
    for (FileEngine engine : {FileEngine::kIoUring, FileEngine::kSync})
        for (bool direct : {true, false}) {
            CAPTURE(static_cast<int>(engine));
            CAPTURE(direct);
            ScratchFile file(blocks * kBlockBytes);
            auto device = open_or_die(file.path(), {false, direct, engine});
            CHECK(std::string(device->engine()) ==
                  (engine == FileEngine::kSync ? "sync" : "io_uring"));
            CHECK(device->identity() == "file:" + file.path());
            CHECK(device->geometry().size_blocks() == blocks);
            round_trip(*device, 3);
        }
}

TEST_CASE("file: neighbours that are written as one land where they belong, each with its status") {
    ScratchFile file(16 * kBlockBytes);
    auto device = open_or_die(file.path());
    AlignedBuffer wanted = AlignedBuffer::create(16 * kBlockBytes).value();
    fill(wanted.bytes(), 9);
    std::vector<Io> batch;
    // Runs on the device and in memory, on the device alone, in memory alone, and none.
    for (const std::array<uint64_t, 3> place : std::initializer_list<std::array<uint64_t, 3>>{
             {0, 0, 1}, {1, 1, 2}, {3, 3, 1}, {4, 9, 2}, {8, 11, 1}, {6, 6, 1}}) {
        const auto [to, from, count] = place;
        batch.push_back(
            whole_extent(to, wanted.bytes().subspan(from * kBlockBytes, count * kBlockBytes)));
    }
    for (Io& io : batch)
        io.status = fail(Code::kEIO, "not done");
    REQUIRE(device->write(batch));
    AlignedBuffer got = AlignedBuffer::create(16 * kBlockBytes).value();
    REQUIRE(device->read_one(whole_extent(0, got.bytes())));
    for (const Io& io : batch) {
        CHECK(io.status);
        CHECK(same(got.bytes().subspan(io.address_bytes(), io.buffer.size()), io.buffer));
    }
}

TEST_CASE("file: what one device wrote another reads after a reopen, also read-only") {
    ScratchFile file(8 * kBlockBytes);
    AlignedBuffer wanted = AlignedBuffer::create(8 * kBlockBytes).value();
    fill(wanted.bytes(), 8);
    {
        auto device = open_or_die(file.path());
        REQUIRE(device->write_one(whole_extent(0, wanted.bytes())));
        REQUIRE(device->flush());
    }
    AlignedBuffer got = AlignedBuffer::create(8 * kBlockBytes).value();
    auto device = open_or_die(file.path(), {true, true, FileEngine::kAuto});
    REQUIRE(device->read_one(whole_extent(0, got.bytes())));
    CHECK(same(wanted.bytes(), got.bytes()));
    CHECK(device->write_one(whole_extent(0, got.bytes())).error().code == Code::kEROFS);
    CHECK(device->flush());
    // Readers do not keep each other out.
    CHECK(open_or_die(file.path(), {true, true, FileEngine::kAuto}));
}

TEST_CASE("file: registered memory, or a part of it, carries Ios like any other") {
    ScratchFile file(64 * kBlockBytes);
    auto device = open_or_die(file.path(), {false, true, FileEngine::kIoUring});
    AlignedBuffer arena = AlignedBuffer::create(128 * kBlockBytes).value();
    AlignedBuffer other = AlignedBuffer::create(64 * kBlockBytes).value();
    for (int round = 0; round < 3; ++round) {
        const std::array<MutableBytes, 1> arenas{arena.bytes()};
        REQUIRE(device->register_memory(arenas));
        fill(arena.bytes(), static_cast<uint64_t>(round));
        std::vector<Io> writes;
        for (uint64_t block = 0; block < 64; ++block)
            writes.push_back(
                whole_extent(block, arena.bytes().subspan(block * kBlockBytes, kBlockBytes)));
        REQUIRE(device->write(writes));
        REQUIRE(device->read_one(whole_extent(0, other.bytes())));
        CHECK(same(other.bytes(), arena.bytes().first(64 * kBlockBytes)));
        REQUIRE(device->read_one(whole_extent(0, arena.bytes().subspan(64 * kBlockBytes))));
        CHECK(same(other.bytes(), arena.bytes().subspan(64 * kBlockBytes)));
    }
    REQUIRE(device->register_memory({}));
    round_trip(*device, 9);
}

TEST_CASE("file: a malformed batch is refused and nothing is written") {
    ScratchFile file(4 * kBlockBytes);
    auto device = open_or_die(file.path());
    AlignedBuffer memory = AlignedBuffer::create(3 * kBlockBytes).value();
    fill(memory.bytes(), 1);
    std::array<Io, 2> batch{whole_extent(0, memory.bytes().first(kBlockBytes)),
                            whole_extent(1, memory.bytes().subspan(512, kBlockBytes))};
    CHECK(device->write(batch).error().code == Code::kEINVAL);
    CHECK(device->read_one(whole_extent(4, memory.bytes().first(kBlockBytes))).error().code ==
          Code::kEINVAL);
    std::array<std::byte, kBlockBytes> found;
    REQUIRE(::pread(file.descriptor(), found.data(), found.size(), 0) == kBlockBytes);
    for (std::byte byte : found)
        REQUIRE(byte == std::byte{0});
}

TEST_CASE("file: a file that was cut below an open device gives EIO at its end, not short data") {
    for (FileEngine engine : {FileEngine::kIoUring, FileEngine::kSync}) {
        ScratchFile file(8 * kBlockBytes);
        auto device = open_or_die(file.path(), {false, true, engine});
        AlignedBuffer memory = AlignedBuffer::create(8 * kBlockBytes).value();
        for (uint64_t size : {uint64_t{5 * kBlockBytes}, uint64_t{4 * kBlockBytes + 512}}) {
            REQUIRE(::ftruncate(file.descriptor(), static_cast<off_t>(size)) == 0);
            std::array<Io, 3> batch{whole_extent(3, memory.bytes().first(kBlockBytes)),
                                    whole_extent(4, memory.bytes().subspan(0, 2 * kBlockBytes)),
                                    whole_extent(7, memory.bytes().subspan(0, kBlockBytes))};
            CHECK(device->read(batch).error().code == Code::kEIO);
            CHECK(batch[0].status.has_value());
            CHECK(!batch[1].status.has_value());
            CHECK(!batch[2].status.has_value());
        }
        // Those that follow each other are read at once, and fail each for itself.
        std::array<Io, 8> row;
        for (uint64_t block = 0; block < row.size(); ++block)
            row[block] =
                whole_extent(block, memory.bytes().subspan(block * kBlockBytes, kBlockBytes));
        CHECK(device->read(row).error().code == Code::kEIO);
        for (uint64_t block = 0; block < row.size(); ++block)
            CHECK(row[block].status.has_value() == (block < 4));
        CHECK(device->refresh_size().error().code == Code::kEUCLEAN);
        CHECK(device->geometry().size_blocks() == 8);
    }
}

TEST_CASE("file: a file that has grown is adopted on request") {
    ScratchFile file(8 * kBlockBytes + 100);
    auto device = open_or_die(file.path());
    CHECK(device->geometry().size_blocks() == 8);
    REQUIRE(::ftruncate(file.descriptor(), 16 * kBlockBytes) == 0);
    CHECK(device->geometry().size_blocks() == 8);
    REQUIRE(device->refresh_size());
    CHECK(device->geometry().size_blocks() == 16);
    round_trip(*device, 4);
}

TEST_CASE("file: threads that share a device do not disturb each other") {
    constexpr uint64_t kEach = 32;
    constexpr uint64_t kThreads = 12; // more than there are rings
    ScratchFile file(kThreads * kEach * kBlockBytes);
    for (FileEngine engine : {FileEngine::kIoUring, FileEngine::kSync}) {
        auto device = open_or_die(file.path(), {false, true, engine});
        std::vector<std::thread> threads;
        std::array<bool, kThreads> good{};
        for (uint64_t id = 0; id < kThreads; ++id)
            threads.emplace_back([&device, &good, id] {
                AlignedBuffer wanted = AlignedBuffer::create(kEach * kBlockBytes).value();
                AlignedBuffer got = AlignedBuffer::create(kEach * kBlockBytes).value();
                bool all = true;
                for (uint64_t round = 0; round < 10; ++round) {
                    fill(wanted.bytes(), id * 100 + round);
                    all = all && device->write_one(whole_extent(id * kEach, wanted.bytes()));
                    all = all && (round % 4 != 0 || device->flush());
                    std::vector<Io> reads;
                    for (uint64_t block = 0; block < kEach; ++block)
                        reads.push_back({{id * kEach, kEach},
                                         block * kBlockBytes,
                                         got.bytes().subspan(block * kBlockBytes, kBlockBytes),
                                         {}});
                    all = all && device->read(reads) && same(wanted.bytes(), got.bytes());
                }
                good[id] = all;
            });
        for (std::thread& thread : threads)
            thread.join();
        for (uint64_t id = 0; id < kThreads; ++id)
            CHECK(good[id]);
    }
}

TEST_CASE(
    "file: what is no file, no block device, absent or too small is refused with a sentence") {
    std::string explanation;
    CHECK(open_error("/dev/null", explanation) == Code::kEINVAL);
    CHECK(explanation == "/dev/null is neither a regular file nor a block device");
    CHECK(open_error("/tmp", explanation) == Code::kEINVAL);
    CHECK(open_error("/nonexistent/a.img", explanation) == Code::kENOENT);
    CHECK(explanation == "/nonexistent/a.img: No such file or directory");
    ScratchFile file(kBlockBytes - 1);
    CHECK(open_error(file.path(), explanation) == Code::kEINVAL);
    CHECK(explanation == file.path() + ": file: it is smaller than one block");

    const std::string pipe = file.path() + ".pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(open_error(pipe, explanation) == Code::kEINVAL);
    ::unlink(pipe.c_str());
}

TEST_CASE("file: a sparse file on a full disk gives ENOSPC, and the blocks it has still work") {
    ScratchFile neighbour(0);
    const std::string folder = neighbour.path() + ".mnt";
    if (::mkdir(folder.c_str(), 0700) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "size=256k") != 0) {
        ::rmdir(folder.c_str());
        MESSAGE("skipped: it takes the right to mount");
        return;
    }
    const std::string path = folder + "/a.img";
    std::string explanation;
    REQUIRE(create_image_file(path, 128 * kBlockBytes, explanation));
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
    for (FileEngine engine : {FileEngine::kIoUring, FileEngine::kSync}) {
        auto device = open_or_die(path, {false, true, engine});
        uint64_t written = 0;
        Code code{};
        for (; written < 128 && code == Code{}; ++written)
            if (const Status status = device->write_one(whole_extent(written, memory.bytes()));
                !status)
                code = status.error().code;
        CHECK(code == Code::kENOSPC);
        CHECK(written > 32);
        CHECK(device->write_one(whole_extent(0, memory.bytes())));
        CHECK(device->read_one(whole_extent(127, memory.bytes())));
        CHECK(device->flush());
    }
    CHECK(::umount(folder.c_str()) == 0);
    ::rmdir(folder.c_str());
}

TEST_CASE("file: where io_uring is forbidden it says so, or does without") {
    ScratchFile file(16 * kBlockBytes);
    const pid_t child = ::fork();
    if (child == 0) {
        sock_filter program[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const sock_fprog filter{4, program};
        set_log_level(LogLevel::kError);
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
            ::_exit(1);
        std::string explanation;
        const auto strict =
            FileDevice::open(file.path(), {false, true, FileEngine::kIoUring}, explanation);
        if (strict || strict.error().code != Code::kEOPNOTSUPP)
            ::_exit(2);
        if (explanation.find("kernel.io_uring_disabled") == std::string::npos)
            ::_exit(3);
        const auto device = FileDevice::open(file.path(), {}, explanation);
        if (!device || std::string((*device)->engine()) != "sync")
            ::_exit(4);
        AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
        ::_exit((*device)->write_one(whole_extent(3, memory.bytes())) && (*device)->flush() ? 0
                                                                                            : 5);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 1)
        MESSAGE("skipped: no seccomp filter can be set here");
    else
        CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("file: a block device works like a file, and grows") {
    ScratchFile file(1 << 20);
    auto loop = LoopDevice::attach(file);
    if (!loop) {
        MESSAGE("skipped: no loop device is available");
        return;
    }
    auto device = open_or_die(loop->path());
    CHECK(device->block_device());
    CHECK(device->identity() == "block:" + loop->path());
    CHECK(device->geometry().size_bytes == 1 << 20);
    CHECK(device->geometry().sector_bytes >= 512);
    round_trip(*device, 6);

    AlignedBuffer on_loop = AlignedBuffer::create(1 << 20).value();
    AlignedBuffer in_file = AlignedBuffer::create(1 << 20).value();
    REQUIRE(device->read_one(whole_extent(0, on_loop.bytes())));
    REQUIRE(::pread(file.descriptor(), in_file.bytes().data(), 1 << 20, 0) == 1 << 20);
    CHECK(same(on_loop.bytes(), in_file.bytes()));

    REQUIRE(::ftruncate(file.descriptor(), 2 << 20) == 0);
    REQUIRE(loop->adopt_size());
    REQUIRE(device->refresh_size());
    CHECK(device->geometry().size_bytes == 2 << 20);
    round_trip(*device, 7);
}
