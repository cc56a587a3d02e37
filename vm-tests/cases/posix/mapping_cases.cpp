// SPDX-License-Identifier: Apache-2.0
//
// mmap: shared and private mappings beside read and write.
#include <algorithm>
#include <csignal>

#include <sys/mman.h>
#include <sys/wait.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

constexpr size_t kPage = 4096;

char* map(int fd, size_t size, int protection, int kind, off_t offset = 0) {
    void* at = mmap(nullptr, size, protection, kind, fd, offset);
    if (at == MAP_FAILED) {
        if (errno == ENODEV)
            skip_case("no such mapping");
        works(-1);
    }
    return static_cast<char*>(at);
}

constexpr Case kCases[] = {
    {"mmap: a mapping shows what was written and what is written later",
     [] {
         put_file("file", pattern(50'000));
         const int fd = works(open("file", O_RDWR));
         const char* bytes = map(fd, 50'000, PROT_READ, MAP_SHARED);
         expect(std::string_view(bytes, 50'000) == pattern(50'000));
         write_at(fd, "changed", 20'000);
         expect_equal(std::string_view(bytes + 20'000, 7), "changed");
     }},
    {"mmap: what is stored in a shared mapping is read by others and survives",
     [] {
         put_file("file", std::string(10 * kPage, '.'));
         const int fd = works(open("file", O_RDWR));
         char* bytes = map(fd, 10 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED);
         std::copy_n("mapped", 6, bytes + 3 * kPage + 100);
         expect_equal(read_at(fd, 6, 3 * kPage + 100), "mapped");
         works(msync(bytes, 10 * kPage, MS_SYNC));
         works(munmap(bytes, 10 * kPage));
         works(close(fd));
         std::string model(10 * kPage, '.');
         model.replace(3 * kPage + 100, 6, "mapped");
         expect(contents_of("file") == model);
     }},
    {"mmap: what is stored after the descriptor is closed arrives too",
     [] {
         put_file("file", std::string(kPage, '.'));
         const int fd = works(open("file", O_RDWR));
         char* bytes = map(fd, kPage, PROT_READ | PROT_WRITE, MAP_SHARED);
         works(close(fd));
         bytes[7] = 'x';
         works(munmap(bytes, kPage));
         expect_equal(contents_of("file")[7], 'x');
     }},
    {"mmap: a private mapping keeps its changes to itself",
     [] {
         put_file("file", pattern(kPage));
         const int fd = works(open("file", O_RDONLY));
         char* bytes = map(fd, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE);
         std::fill_n(bytes, kPage, 'p');
         expect(contents_of("file") == pattern(kPage));
         expect(std::string_view(bytes, kPage) == std::string(kPage, 'p'));
     }},
    {"mmap: the last page is zero behind the end, and what is stored there stays out of the file",
     [] {
         put_file("file", pattern(5000));
         const int fd = works(open("file", O_RDWR));
         char* bytes = map(fd, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED);
         expect_equal(std::string_view(bytes + 5000, 2 * kPage - 5000),
                      std::string(2 * kPage - 5000, '\0'));
         bytes[6000] = 'x';
         works(msync(bytes, 2 * kPage, MS_SYNC));
         expect_equal(stat_of(fd).st_size, 5000);
         works(munmap(bytes, 2 * kPage));
         works(ftruncate(fd, 7000));
         expect_equal(read_at(fd, 100, 6000), std::string(100, '\0'));
     }},
    {"mmap: two processes share a mapping",
     [] {
         put_file("file", std::string(kPage, '\0'));
         const int fd = works(open("file", O_RDWR));
         char* bytes = map(fd, kPage, PROT_READ | PROT_WRITE, MAP_SHARED);
         in_child([] {
             const int own = works(open("file", O_RDWR));
             map(own, kPage, PROT_READ | PROT_WRITE, MAP_SHARED)[11] = 'c';
         });
         expect_equal(bytes[11], 'c');
     }},
    {"mmap: touching a page behind the end is SIGBUS",
     [] {
         put_file("file", "text");
         const pid_t child = works(fork());
         if (child == 0) {
             std::signal(SIGBUS, SIG_DFL); // a sanitizer has a handler of its own
             const int fd = works(open("file", O_RDONLY));
             const volatile char* bytes = map(fd, 2 * kPage, PROT_READ, MAP_SHARED);
             _exit(bytes[kPage] == 'x' ? kCaseFailed : kCasePassed);
         }
         int status = 0;
         works(waitpid(child, &status, 0));
         expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
     }},
    {"mmap: a cut file loses its mapped pages and grows with zeros",
     [] {
         put_file("file", pattern(4 * kPage));
         const int fd = works(open("file", O_RDWR));
         const char* bytes = map(fd, 4 * kPage, PROT_READ, MAP_SHARED);
         expect_equal(bytes[3 * kPage], pattern(4 * kPage)[3 * kPage]);
         works(ftruncate(fd, kPage + 100));
         works(ftruncate(fd, 4 * kPage));
         expect(std::string_view(bytes, kPage + 100) == pattern(4 * kPage).substr(0, kPage + 100));
         expect(std::string_view(bytes + kPage + 100, 3 * kPage - 100) ==
                std::string(3 * kPage - 100, '\0'));
     }},
    {"mmap: holes are mapped as zeros and may be filled",
     [] {
         const int fd = works(open("file", O_RDWR | O_CREAT, 0644));
         works(ftruncate(fd, 1 << 20));
         char* bytes = map(fd, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED);
         expect_equal(bytes[500'000], 0);
         bytes[500'000] = 'x';
         works(msync(bytes, 1 << 20, MS_SYNC));
         works(munmap(bytes, 1 << 20));
         std::string model(1 << 20, '\0');
         model[500'000] = 'x';
         expect(contents_of("file") == model);
     }},
    {"mmap: a stored page moves mtime and ctime by msync",
     [] {
         put_file("file", std::string(kPage, '.'));
         const int fd = works(open("file", O_RDWR));
         char* bytes = map(fd, kPage, PROT_READ | PROT_WRITE, MAP_SHARED);
         expect_moves("file", Moves::kBoth, [&] {
             bytes[1] = 'x';
             works(msync(bytes, kPage, MS_SYNC));
         });
     }},
    {"mmap: rights of the descriptor hold for the mapping",
     [] {
         put_file("file", "text");
         const int reads = works(open("file", O_RDONLY));
         const int writes = works(open("file", O_WRONLY));
         const auto refuse = [](int fd, int protection) {
             expect(mmap(nullptr, kPage, protection, MAP_SHARED, fd, 0) == MAP_FAILED);
             refused(EACCES, -1);
         };
         refuse(reads, PROT_READ | PROT_WRITE);
         refuse(writes, PROT_READ);
     }},
    {"mmap: a file that was removed is mapped to the end",
     [] {
         put_file("file", std::string(64 * kPage, '.'));
         const int fd = works(open("file", O_RDWR));
         char* bytes = map(fd, 64 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED);
         works(unlink("file"));
         works(close(fd));
         std::fill_n(bytes + 10 * kPage, kPage, 'x');
         works(msync(bytes, 64 * kPage, MS_SYNC));
         expect_equal(bytes[10 * kPage + 1], 'x');
         expect_equal(bytes[50 * kPage], '.');
     }},
};

} // namespace

std::span<const Case> mapping_cases() {
    return kCases;
}

} // namespace vexfs
