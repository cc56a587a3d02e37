/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a case of the conformance suite has at hand. It knows vexfs_ioctl.h and the calls of files.h
 * alone, so that it says the same of every front end.
 *
 * A case runs in a process and in an empty directory of its own, which is its working directory;
 * the first expectation that does not hold ends it.
 *
 * Threads: one thread a case.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ioctl/vexfs_ioctl.h"
#include "vm-tests/cases/abi/files.h"

struct abi_case {
    const char* sentence;
    void (*run)(void);
};

/* Ends with a case whose sentence is NULL. */
extern const struct abi_case hello_cases[];
extern const struct abi_case schema_cases[];
extern const struct abi_case row_cases[];
extern const struct abi_case search_cases[];
extern const struct abi_case rights_cases[];
extern const struct abi_case message_cases[];
extern const struct abi_case job_cases[];
extern const struct abi_case session_cases[];
extern const struct abi_case view_cases[];
extern const struct abi_case mounted_cases[];   /* of no image */
extern const struct abi_case read_only_cases[]; /* of a mount that is read-only */

/* A collection in the suite's directory, for the read-only cases: dim 4, a file "a" with 1 row. */
#define KEPT_DIRECTORY "kept"
void make_kept(void);

void failed(const char* file, int line, const char* what, long long got, long long wanted);

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            failed(__FILE__, __LINE__, #condition, 0, 1);                                          \
    } while (0)
#define EXPECT_IS(expression, wanted)                                                              \
    do {                                                                                           \
        const long long expect_got = (long long)(expression);                                      \
        const long long expect_wanted = (long long)(wanted);                                       \
        if (expect_got != expect_wanted)                                                           \
            failed(__FILE__, __LINE__, #expression, expect_got, expect_wanted);                    \
    } while (0)

/* Users that own nothing on a machine. become(0, 0, 0) is root again. */
#define ALICE 60001u
#define BOB 60002u
#define TEAM 60100u
void become(unsigned uid, unsigned gid, unsigned group);

/* The file or directory, which must open. */
int open_as(const char* path, int flags);
/* An empty file; a directory. */
void make_file(const char* path, unsigned mode);
void make_directory(const char* path, unsigned mode);
uint64_t ino_of(const char* path);
