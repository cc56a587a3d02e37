// SPDX-License-Identifier: Apache-2.0
//
// Locks on files: of processes, of open file descriptions, and of whole files.
#include <sys/file.h>
#include <sys/wait.h>

#include "vm-tests/cases/posix/scratch.h"

namespace vexfs {
namespace {

struct flock range(short type, off_t begin, off_t length) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = begin;
    lock.l_len = length;
    return lock;
}

int lock_range(int fd, int command, short type, off_t begin, off_t length) {
    struct flock lock = range(type, begin, length);
    return fcntl(fd, command, &lock);
}

// Whether another process may lock the range.
void expect_free(const char* path, short type, off_t begin, off_t length, bool free,
                 int line = __builtin_LINE()) {
    in_child([=] {
        const int fd = works(open(path, O_RDWR));
        const int result = lock_range(fd, F_SETLK, type, begin, length);
        if ((result == 0) != free || (result != 0 && errno != EAGAIN && errno != EACCES))
            fail_case(free ? "the range is locked" : "the range is free", __FILE__, line);
    });
}

constexpr Case kCases[] = {
    {"locks: a write lock keeps others out of its range and of nothing else",
     [] {
         put_file("file", pattern(1000));
         const int fd = works(open("file", O_RDWR));
         works(lock_range(fd, F_SETLK, F_WRLCK, 100, 100));
         expect_free("file", F_RDLCK, 150, 1, false);
         expect_free("file", F_WRLCK, 0, 0, false);
         expect_free("file", F_WRLCK, 0, 100, true);
         expect_free("file", F_WRLCK, 200, 0, true);
     }},
    {"locks: read locks are shared",
     [] {
         put_file("file");
         const int fd = works(open("file", O_RDWR));
         works(lock_range(fd, F_SETLK, F_RDLCK, 0, 0));
         expect_free("file", F_RDLCK, 0, 0, true);
         expect_free("file", F_WRLCK, 5, 5, false);
         works(lock_range(fd, F_SETLK, F_UNLCK, 5, 5));
         expect_free("file", F_WRLCK, 5, 5, true);
     }},
    {"locks: F_GETLK tells who holds what",
     [] {
         put_file("file");
         const int fd = works(open("file", O_RDWR));
         works(lock_range(fd, F_SETLK, F_WRLCK, 10, 20));
         const pid_t holder = getpid();
         in_child([=] {
             struct flock lock = range(F_WRLCK, 0, 0);
             works(fcntl(works(open("file", O_RDWR)), F_GETLK, &lock));
             expect_equal(lock.l_type, F_WRLCK);
             expect_equal(lock.l_start, 10);
             expect_equal(lock.l_len, 20);
             expect_equal(lock.l_pid, holder);
         });
     }},
    {"locks: closing any descriptor of the file drops a process's locks",
     [] {
         put_file("file");
         const int fd = works(open("file", O_RDWR));
         works(lock_range(fd, F_SETLK, F_WRLCK, 0, 0));
         works(close(works(open("file", O_RDONLY))));
         expect_free("file", F_WRLCK, 0, 0, true);
     }},
    {"locks: a waiting lock is granted when the holder ends",
     [] {
         put_file("file");
         int ends[2];
         works(pipe(ends));
         const int fd = works(open("file", O_RDWR));
         works(lock_range(fd, F_SETLK, F_WRLCK, 0, 0));
         const pid_t waiter = works(fork());
         if (waiter == 0) {
             const int own = works(open("file", O_RDWR));
             refused(EAGAIN, lock_range(own, F_SETLK, F_WRLCK, 0, 0));
             expect_equal(works(write(ends[1], "x", 1)), 1);
             works(lock_range(own, F_SETLKW, F_WRLCK, 0, 0));
             expect_equal(contents_of("file"), "written under the lock");
             _exit(kCasePassed);
         }
         char byte = 0;
         expect_equal(works(read(ends[0], &byte, 1)), 1);
         write_at(fd, "written under the lock", 0);
         works(lock_range(fd, F_SETLK, F_UNLCK, 0, 0));
         int status = 0;
         works(waitpid(waiter, &status, 0));
         expect_equal(status, 0);
     }},
    {"locks: two processes that wait for each other are EDEADLK",
     [] {
         put_file("file");
         int ends[2];
         works(pipe(ends));
         const int fd = works(open("file", O_RDWR));
         works(lock_range(fd, F_SETLK, F_WRLCK, 0, 1));
         const pid_t other = works(fork());
         if (other == 0) {
             const int own = works(open("file", O_RDWR));
             works(lock_range(own, F_SETLK, F_WRLCK, 1, 1));
             expect_equal(works(write(ends[1], "x", 1)), 1);
             const int result = lock_range(own, F_SETLKW, F_WRLCK, 0, 1);
             _exit(result == 0 || errno == EDEADLK ? kCasePassed : kCaseFailed);
         }
         char byte = 0;
         expect_equal(works(read(ends[0], &byte, 1)), 1);
         // Whoever asks last is refused; the other one is then let through.
         const int result = lock_range(fd, F_SETLKW, F_WRLCK, 1, 1);
         expect(result == 0 || errno == EDEADLK);
         works(lock_range(fd, F_SETLK, F_UNLCK, 0, 0));
         int status = 0;
         works(waitpid(other, &status, 0));
         expect_equal(status, 0);
     }},
    {"locks: one of an open file description lives as long as that",
     [] {
         put_file("file");
         const int first = works(open("file", O_RDWR));
         const int second = works(open("file", O_RDWR));
         works(lock_range(first, F_OFD_SETLK, F_WRLCK, 0, 0));
         refused(EAGAIN, lock_range(second, F_OFD_SETLK, F_WRLCK, 0, 0));
         const int copy = works(dup(first));
         works(close(first));
         refused(EAGAIN, lock_range(second, F_OFD_SETLK, F_WRLCK, 0, 0));
         works(close(copy));
         works(lock_range(second, F_OFD_SETLK, F_WRLCK, 0, 0));
     }},
    {"locks: flock is held by a description, shared or alone",
     [] {
         put_file("file");
         const int first = works(open("file", O_RDONLY));
         const int second = works(open("file", O_RDONLY));
         works(flock(first, LOCK_SH));
         works(flock(second, LOCK_SH | LOCK_NB));
         refused(EWOULDBLOCK, flock(second, LOCK_EX | LOCK_NB));
         works(flock(first, LOCK_UN));
         works(flock(second, LOCK_EX | LOCK_NB));
         refused(EWOULDBLOCK, flock(first, LOCK_SH | LOCK_NB));
         works(close(second));
         works(flock(first, LOCK_EX | LOCK_NB));
     }},
    {"locks: flock and fcntl do not see each other",
     [] {
         put_file("file");
         const int fd = works(open("file", O_RDWR));
         works(flock(fd, LOCK_EX));
         expect_free("file", F_WRLCK, 0, 0, true);
     }},
    {"locks: a descriptor must allow what is locked",
     [] {
         put_file("file");
         refused(EBADF, lock_range(works(open("file", O_RDONLY)), F_SETLK, F_WRLCK, 0, 0));
         refused(EBADF, lock_range(works(open("file", O_WRONLY)), F_SETLK, F_RDLCK, 0, 0));
         refused(EINVAL, lock_range(works(open("file", O_RDWR)), F_SETLK, F_RDLCK, -5, 1));
     }},
};

} // namespace

std::span<const Case> lock_cases() {
    return kCases;
}

} // namespace vexfs
