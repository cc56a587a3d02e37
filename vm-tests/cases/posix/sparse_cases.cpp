// SPDX-License-Identifier: Apache-2.0
//
// Holes: made by writing behind the end and by fallocate, found by lseek.
#include <limits>

#include <sys/statvfs.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

constexpr off_t kBlock = 65536; // a whole record of any filesystem
constexpr off_t kTebibyte = off_t{1} << 40;

int make_open(const char* name) {
    return works(open(name, O_RDWR | O_CREAT, 0644));
}

// Every byte that lseek calls a hole is zero, and the walk covers the file.
void expect_holes_are_zero(int fd) {
    const off_t end = stat_of(fd).st_size;
    off_t at = 0;
    while (at < end) {
        const off_t hole = works(lseek(fd, at, SEEK_HOLE));
        expect(hole >= at && hole <= end);
        const off_t data = lseek(fd, hole, SEEK_DATA);
        if (data < 0)
            refused(ENXIO, data);
        const off_t next = data < 0 ? end : data;
        expect(next > hole || hole == end);
        expect(read_at(fd, static_cast<size_t>(next - hole), hole) ==
               std::string(static_cast<size_t>(next - hole), '\0'));
        at = next;
    }
}

void allocate(int fd, int mode, off_t offset, off_t length, const char* what) {
    supported(fallocate(fd, mode, offset, length), what);
}

constexpr Case kCases[] = {
    {"holes: a byte at one tebibyte takes little room, and the rest reads as zeros",
     [] {
         const int fd = make_open("file");
         write_at(fd, "end", kTebibyte - 3);
         expect_equal(stat_of(fd).st_size, kTebibyte);
         expect(stat_of(fd).st_blocks * 512 <= 1 << 20);
         expect_equal(read_at(fd, 100, kTebibyte / 2), std::string(100, '\0'));
         expect_equal(read_at(fd, 100, kTebibyte - 3), "end");
         works(fsync(fd));
         works(ftruncate(fd, 10));
         expect_equal(read_at(fd, 100, 0), std::string(10, '\0'));
     }},
    {"holes: a file is as large as its filesystem says, beyond it is EFBIG",
     [] {
         const int fd = make_open("file");
         off_t size = kTebibyte;
         while (size < (off_t{1} << 62) && ftruncate(fd, size * 2) == 0)
             size *= 2;
         if (size < (off_t{1} << 62))
             refused(EFBIG, ftruncate(fd, size * 2));
         works(ftruncate(fd, size));
         expect_equal(stat_of(fd).st_size, size);
         expect_equal(stat_of(fd).st_blocks, 0);
     }},
    {"holes: lseek finds data and holes in turn",
     [] {
         const int fd = make_open("file");
         for (off_t block = 1; block < 12; block += 4)
             write_at(fd, pattern(kBlock), block * 16 * kBlock);
         works(ftruncate(fd, 200 * kBlock));
         works(fsync(fd));
         expect_holes_are_zero(fd);
         const off_t data = works(lseek(fd, 0, SEEK_DATA));
         if (data == 0)
             skip_case("lseek knows no holes");
         expect(data <= 16 * kBlock);
         const off_t hole = works(lseek(fd, 16 * kBlock, SEEK_HOLE));
         expect(hole >= 17 * kBlock && hole < 80 * kBlock);
     }},
    {"holes: the end of a file is a hole, and behind it is ENXIO",
     [] {
         put_file("file", pattern(10'000));
         const int fd = works(open("file", O_RDONLY));
         expect_equal(works(lseek(fd, 0, SEEK_DATA)), 0);
         expect_equal(works(lseek(fd, 0, SEEK_HOLE)), 10'000);
         expect_equal(works(lseek(fd, 9'999, SEEK_HOLE)), 10'000);
         refused(ENXIO, lseek(fd, 10'000, SEEK_DATA));
         refused(ENXIO, lseek(fd, 10'000, SEEK_HOLE));
         refused(ENXIO, lseek(fd, 20'000, SEEK_DATA));
         refused(ENXIO, lseek(fd, -1, SEEK_DATA));
     }},
    {"fallocate: reserving makes a file longer and changes no byte",
     [] {
         const int fd = make_open("file");
         write_at(fd, "text", 0);
         allocate(fd, 0, 100, 100'000, "fallocate");
         expect_equal(stat_of(fd).st_size, 100'100);
         expect_equal(read_at(fd, 200'000, 0), "text" + std::string(100'096, '\0'));
         allocate(fd, 0, 0, 10, "fallocate");
         expect_equal(stat_of(fd).st_size, 100'100);
     }},
    {"fallocate: FALLOC_FL_KEEP_SIZE leaves the size",
     [] {
         const int fd = make_open("file");
         write_at(fd, "text", 0);
         allocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20, "fallocate with a kept size");
         expect_equal(stat_of(fd).st_size, 4);
         works(ftruncate(fd, 10));
         expect_equal(read_at(fd, 100, 0), "text" + std::string(6, '\0'));
     }},
    {"fallocate: a punched range reads as zeros, keeps the size and gives its space back",
     [] {
         const int fd = make_open("file");
         write_at(fd, pattern(32 * kBlock), 0);
         works(fsync(fd));
         const blkcnt_t before = stat_of(fd).st_blocks;
         allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kBlock + 5, 20 * kBlock,
                  "punching holes");
         std::string model = pattern(32 * kBlock);
         model.replace(kBlock + 5, 20 * kBlock, 20 * kBlock, '\0');
         expect(contents_of("file") == model);
         works(fsync(fd));
         expect(stat_of(fd).st_blocks < before);
         expect_holes_are_zero(fd);
     }},
    {"fallocate: punching at the end and behind it does not move the end",
     [] {
         const int fd = make_open("file");
         write_at(fd, pattern(10'000), 0);
         allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 9'000, 50'000, "punching holes");
         expect(contents_of("file") == pattern(10'000).substr(0, 9'000) + std::string(1'000, '\0'));
         allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1 << 30, 10, "punching holes");
         expect_equal(stat_of(fd).st_size, 10'000);
     }},
    {"fallocate: a zeroed range reads as zeros and may grow the file",
     [] {
         const int fd = make_open("file");
         write_at(fd, pattern(100'000), 0);
         allocate(fd, FALLOC_FL_ZERO_RANGE, 50'001, 20'000, "zeroing ranges");
         std::string model = pattern(100'000);
         model.replace(50'001, 20'000, 20'000, '\0');
         expect(contents_of("file") == model);
         allocate(fd, FALLOC_FL_ZERO_RANGE, 90'000, 30'000, "zeroing ranges");
         model.resize(90'000);
         model.resize(120'000);
         expect(contents_of("file") == model);
         allocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 119'000, 30'000,
                  "zeroing ranges");
         model.replace(119'000, 1'000, 1'000, '\0');
         expect(contents_of("file") == model);
     }},
    {"fallocate: mtime and ctime move",
     [] {
         put_file("file", pattern(100'000));
         const int fd = works(open("file", O_RDWR));
         allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10, "punching holes");
         expect_moves("file", Moves::kBoth, [&] {
             works(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 70'000));
         });
         expect_moves("file", Moves::kBoth, [&] { works(fallocate(fd, 0, 0, 200'000)); });
     }},
    {"fallocate: arguments without sense are refused",
     [] {
         const int fd = make_open("file");
         write_at(fd, "text", 0);
         refused(EINVAL, fallocate(fd, 0, -1, 10));
         refused(EINVAL, fallocate(fd, 0, 0, 0));
         refused(EINVAL, fallocate(fd, 0, 0, -10));
         refused(EBADF, fallocate(works(open("file", O_RDONLY)), 0, 0, 10));
         expect(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4) == -1);
         expect(fallocate(fd, 0, std::numeric_limits<off_t>::max() - 1, 10) == -1);
         works(mkfifo("fifo", 0644));
         refused(ESPIPE, fallocate(works(open("fifo", O_RDWR)), 0, 0, 10));
         expect_equal(contents_of("file"), "text");
     }},
    {"fallocate: more room than there is is ENOSPC, and nothing has changed",
     [] {
         struct statvfs room {};
         const int fd = make_open("file");
         write_at(fd, "text", 0);
         works(fstatvfs(fd, &room));
         const auto size = static_cast<off_t>(room.f_blocks * room.f_frsize);
         if (size == 0)
             skip_case("the filesystem has no size");
         const int result = fallocate(fd, 0, 0, size * 2);
         if (result < 0 && errno == EOPNOTSUPP)
             skip_case("no fallocate");
         expect(result < 0 && (errno == ENOSPC || errno == EFBIG));
         expect_equal(contents_of("file").substr(0, 4), "text");
     }},
};

} // namespace

std::span<const Case> sparse_cases() {
    return kCases;
}

} // namespace vexfs
