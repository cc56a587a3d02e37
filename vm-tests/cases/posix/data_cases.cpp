// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a file: written, cut, copied, limited and made durable.
#include <csignal>
#include <limits>

#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

int make_open(const char* name) {
    return works(open(name, O_RDWR | O_CREAT, 0644));
}

std::string copied(int from, off_t offset, int to, off_t to_offset, size_t length) {
    size_t done = 0;
    while (done < length) {
        off_t in = offset + static_cast<off_t>(done), out = to_offset + static_cast<off_t>(done);
        const ssize_t got =
            supported(copy_file_range(from, &in, to, &out, length - done, 0), "copy_file_range");
        if (got == 0)
            break;
        done += static_cast<size_t>(got);
    }
    return read_at(to, done, to_offset);
}

constexpr Case kCases[] = {
    {"write: bytes come back from every offset and size",
     [] {
         const int fd = make_open("file");
         std::string model(2 << 20, '\0');
         unsigned seed = 1;
         for (const size_t size : {1, 511, 4095, 4096, 4097, 65535, 65536, 65537, 300'000}) {
             for (const size_t offset : {size_t{0}, size_t{1}, size_t{4095}, size_t{65536 - 7},
                                         size_t{262144 - 1}, size_t{1'000'000}}) {
                 const std::string bytes = pattern(size, ++seed);
                 write_at(fd, bytes, static_cast<off_t>(offset));
                 model.replace(offset, size, bytes);
             }
         }
         works(ftruncate(fd, static_cast<off_t>(model.size())));
         expect(contents_of("file") == model);
     }},
    {"write: vectors of buffers are one write",
     [] {
         const int fd = make_open("file");
         char first[] = "one ", second[] = "two";
         const iovec parts[] = {{first, 4}, {second, 3}};
         expect_equal(works(pwritev(fd, parts, 2, 3)), 7);
         expect_equal(read_at(fd, 20, 0), std::string(3, '\0') + "one two");
         char in[4], more[10];
         const iovec places[] = {{in, 4}, {more, 10}};
         expect_equal(works(preadv(fd, places, 2, 3)), 7);
         expect_equal(std::string_view(more, 3), "two");
     }},
    {"write: reading at the end and behind it returns nothing",
     [] {
         put_file("file", "text");
         const int fd = works(open("file", O_RDONLY));
         char buffer[8];
         expect_equal(works(pread(fd, buffer, 8, 2)), 2);
         expect_equal(works(pread(fd, buffer, 8, 4)), 0);
         expect_equal(works(pread(fd, buffer, 8, 1LL << 40)), 0);
         refused(EINVAL, pread(fd, buffer, 8, -1));
     }},
    {"write: many processes append and no record is lost or torn",
     [] {
         constexpr int kWriters = 4, kRecords = 250;
         const int fd = works(open("file", O_RDWR | O_CREAT | O_APPEND, 0644));
         std::vector<pid_t> writers;
         for (int writer = 0; writer < kWriters; ++writer) {
             const pid_t child = works(fork());
             if (child == 0) {
                 const int own = works(open("file", O_WRONLY | O_APPEND));
                 for (int record = 0; record < kRecords; ++record)
                     expect_equal(
                         works(write(own, std::string(100, static_cast<char>('a' + writer)).data(),
                                     100)),
                         100);
                 _exit(kCasePassed);
             }
             writers.push_back(child);
         }
         for (const pid_t writer : writers) {
             int status = 0;
             works(waitpid(writer, &status, 0));
             expect_equal(status, 0);
         }
         const std::string all = contents_of("file");
         expect_equal(all.size(), size_t{kWriters} * kRecords * 100);
         for (size_t at = 0; at < all.size(); at += 100)
             expect(all.substr(at, 100) == std::string(100, all[at]));
         works(close(fd));
     }},
    {"truncate: a file is cut and grown, and what was cut does not come back",
     [] {
         put_file("file", pattern(200'000));
         works(truncate("file", 100'001));
         expect(contents_of("file") == pattern(200'000).substr(0, 100'001));
         works(truncate("file", 150'000));
         expect(contents_of("file") ==
                pattern(200'000).substr(0, 100'001) + std::string(49'999, '\0'));
         works(truncate("file", 0));
         works(truncate("file", 10));
         expect_equal(contents_of("file"), std::string(10, '\0'));
     }},
    {"truncate: writing behind a cut leaves zeros between",
     [] {
         const int fd = make_open("file");
         write_at(fd, pattern(70'000), 0);
         works(ftruncate(fd, 10'000));
         write_at(fd, "end", 80'000);
         expect(read_at(fd, 100'000, 0) ==
                pattern(70'000).substr(0, 10'000) + std::string(70'000, '\0') + "end");
     }},
    {"truncate: a directory is EISDIR, a negative size EINVAL, a file of others EACCES",
     [] {
         works(mkdir("directory", 0755));
         put_file("file", "text");
         refused(EISDIR, truncate("directory", 0));
         refused(EINVAL, truncate("file", -1));
         refused(ENOENT, truncate("none", 0));
         as_user(kUser, kGroup, [] { refused(EACCES, truncate("file", 0)); });
         expect_equal(contents_of("file"), "text");
     }},
    {"write: RLIMIT_FSIZE is EFBIG, and what fits below it is written",
     [] {
         const rlimit limit{10'000, 10'000};
         works(setrlimit(RLIMIT_FSIZE, &limit));
         expect(std::signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
         const int fd = make_open("file");
         expect_equal(works(pwrite(fd, pattern(8000).data(), 8000, 4000)), 6000);
         refused(EFBIG, pwrite(fd, "x", 1, 10'000));
         refused(EFBIG, ftruncate(fd, 10'001));
         expect_equal(stat_of(fd).st_size, 10'000);
     }},
    {"write: an offset beyond what a file can have is EFBIG or EINVAL and changes nothing",
     [] {
         const int fd = make_open("file");
         const off_t last = std::numeric_limits<off_t>::max();
         expect(pwrite(fd, "x", 1, last) == -1 && (errno == EFBIG || errno == EINVAL));
         expect(pwrite(fd, "xyz", 3, last - 1) == -1 || stat_of(fd).st_size == last);
         refused(EINVAL, pwrite(fd, "x", 1, -5));
     }},
    {"copy_file_range: bytes, holes and overlaps of offsets come out as they should",
     [] {
         put_file("from", pattern(500'000));
         const int from = works(open("from", O_RDONLY));
         const int to = make_open("to");
         expect(copied(from, 1000, to, 77, 400'000) == pattern(500'000).substr(1000, 400'000));
         expect_equal(stat_of(to).st_size, 400'077);
         expect_equal(read_at(to, 77, 0), std::string(77, '\0'));
         off_t end = 499'990, out = 0;
         expect_equal(works(copy_file_range(from, &end, to, &out, 100, 0)), 10);
         expect_equal(end, 500'000);
         expect_equal(works(copy_file_range(from, &end, to, &out, 100, 0)), 0);
     }},
    {"copy_file_range: within a file it copies, onto itself it is EINVAL",
     [] {
         const int fd = make_open("file");
         write_at(fd, pattern(100'000), 0);
         expect(copied(fd, 0, fd, 200'000, 100'000) == pattern(100'000));
         off_t in = 0, out = 50;
         refused(EINVAL, copy_file_range(fd, &in, fd, &out, 100, 0));
         expect(read_at(fd, 100'000, 0) == pattern(100'000));
     }},
    {"copy_file_range: descriptors and files that do not fit are refused",
     [] {
         put_file("file", "text");
         const int reads = works(open("file", O_RDONLY));
         const int writes = works(open("to", O_WRONLY | O_CREAT, 0644));
         const int appends = works(open("to", O_WRONLY | O_APPEND));
         const int directory = works(open(".", O_RDONLY));
         refused(EBADF, copy_file_range(reads, nullptr, reads, nullptr, 4, 0));
         refused(EBADF, copy_file_range(writes, nullptr, writes, nullptr, 4, 0));
         refused(EBADF, copy_file_range(reads, nullptr, appends, nullptr, 4, 0));
         refused(EISDIR, copy_file_range(directory, nullptr, writes, nullptr, 4, 0));
     }},
    {"fsync: files, directories and whole filesystems can be made durable",
     [] {
         const int fd = make_open("file");
         write_at(fd, pattern(100'000), 0);
         works(fdatasync(fd));
         works(fsync(fd));
         works(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
         works(mkdir("directory", 0755));
         const int directory = works(open("directory", O_RDONLY | O_DIRECTORY));
         works(fsync(directory));
         works(syncfs(directory));
         works(fsync(works(open("file", O_RDONLY))));
         expect(contents_of("file") == pattern(100'000));
     }},
    {"fsync: close and fsync of a file that was removed work",
     [] {
         const int fd = make_open("file");
         write_at(fd, pattern(100'000), 0);
         works(unlink("file"));
         works(fsync(fd));
         works(close(fd));
     }},
    {"sendfile: a file is copied through the kernel",
     [] {
         put_file("from", pattern(300'000));
         const int from = works(open("from", O_RDONLY));
         const int to = make_open("to");
         ssize_t done = 0;
         while (done < 300'000)
             done += works(sendfile(to, from, nullptr, 300'000));
         expect(contents_of("to") == pattern(300'000));
     }},
};

} // namespace

std::span<const Case> data_cases() {
    return kCases;
}

} // namespace vexfs
