/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds a volume against vexfs_ioctl.h: runs every case in a process and a directory of its own,
 * prints a line for each, and the sum. Run it as root.
 *
 *     vexfs-abi [--list] [--only TEXT] [--read-only] DIRECTORY
 *     vexfs-abi [--list] [--only TEXT] [--read-only] --image IMAGE
 *
 * DIRECTORY is on a mounted volume; IMAGE is one that is not mounted, whose engine each case has in
 * its own process. --read-only: the cases of a volume that is read-only, where the suite has run
 * before. Exit: 0 all passed, 1 not, 2 usage.
 */
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <sys/wait.h>

#include "vm-tests/cases/abi/case.h"

#define SECONDS 60 /* for a case */

void failed(const char* file, int line, const char* what, long long got, long long wanted) {
    const char* const name = strrchr(file, '/');

    fprintf(stderr, "    %s:%d: %s: %lld instead of %lld\n", name != NULL ? name + 1 : file, line,
            what, got, wanted);
    exit(1);
}

void become(unsigned uid, unsigned gid, unsigned group) {
    const gid_t groups[1] = {group};

    if (is_image()) {
        EXPECT_IS(image_become(uid, gid, group), 0);
        return;
    }
    EXPECT_IS(seteuid(0), 0);
    EXPECT_IS(setgroups(group != 0 ? 1 : 0, groups), 0);
    EXPECT_IS(setegid(gid), 0);
    EXPECT_IS(seteuid(uid), 0);
}

int open_as(const char* path, int flags) {
    const int fd = fs_open(path, flags);

    if (fd < 0)
        failed(path, 0, "open", -errno, 0);
    return fd;
}

void make_file(const char* path, unsigned mode) {
    const int fd = fs_create(path, 0600);

    EXPECT(fd >= 0);
    EXPECT_IS(fs_chmod(path, mode), 0);
    EXPECT_IS(fs_close(fd), 0);
}

void make_directory(const char* path, unsigned mode) {
    EXPECT_IS(fs_mkdir(path, 0700), 0);
    EXPECT_IS(fs_chmod(path, mode), 0);
}

uint64_t ino_of(const char* path) {
    struct stat found;

    EXPECT_IS(fs_stat(path, &found), 0);
    return found.st_ino;
}

static int remove_one(const char* path, const struct stat* found, int type, struct FTW* where) {
    (void)found;
    (void)type;
    (void)where;
    return remove(path);
}

struct options {
    char target[PATH_MAX];
    const char* only;
    int image;
    int list;
    int read_only;
};

/* In a process of its own, which it ends. */
static void run_here(const struct abi_case* one, const struct options* options, const char* own) {
    alarm(SECONDS);
    umask(0);
    if (options->image)
        use_image(options->target, options->read_only);
    if (fs_enter(options->image ? "/" : options->target) != 0 ||
        (!options->read_only && (fs_mkdir(own, 0755) != 0 || fs_enter(own) != 0)))
        failed(options->target, 0, "a directory for the case", -errno, 0);
    one->run();
    become(0, 0, 0); /* or a checker for leaks could not look at the process */
    if (options->image)
        EXPECT_IS(leave_image(), 0);
    exit(0);
}

/* 0 if it passed. */
static int run_case(const struct abi_case* one, const struct options* options) {
    static unsigned number;
    char own[64];
    int status = 0;
    pid_t child;

    snprintf(own, sizeof own, "case-%d-%u", (int)getpid(), number++);
    fflush(NULL);
    child = fork();
    if (child == 0)
        run_here(one, options, own);
    if (child < 0 || waitpid(child, &status, 0) != child)
        status = -1;
    if (!options->read_only && !options->image && chdir(options->target) == 0)
        nftw(own, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    printf("%s %s\n", status == 0 ? "ok  " : "FAIL", one->sentence);
    return status == 0 ? 0 : 1;
}

/* Those of a mount come last, and an image leaves them out. */
static const struct abi_case* const all_cases[] = {
    hello_cases,   schema_cases,  row_cases,  search_cases, rights_cases,
    message_cases, session_cases, view_cases, job_cases,    mounted_cases};
static const struct abi_case* const cases_of_read_only[] = {read_only_cases};

static int parse(int argc, char** argv, struct options* options) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            options->list = 1;
        else if (strcmp(argv[i], "--image") == 0)
            options->image = 1;
        else if (strcmp(argv[i], "--read-only") == 0)
            options->read_only = 1;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            options->only = argv[++i];
        else if (argv[i][0] == '-' || options->target[0] != '\0' ||
                 realpath(argv[i], options->target) == NULL)
            return 0;
    }
    return options->list || options->target[0] != '\0';
}

/* What the cases of a read-only volume find. */
static void prepare(const struct options* options) {
    if (options->image)
        use_image(options->target, 0);
    EXPECT_IS(fs_enter(options->image ? "/" : options->target), 0);
    make_kept();
    if (options->image)
        EXPECT_IS(leave_image(), 0);
}

int main(int argc, char** argv) {
    struct options options = {"", "", 0, 0, 0};
    unsigned passed = 0;
    unsigned bad = 0;

    if (!parse(argc, argv, &options)) {
        fputs("usage: vexfs-abi [--list] [--only TEXT] [--read-only] DIRECTORY | --image IMAGE\n",
              stderr);
        return 2;
    }
    const struct abi_case* const* groups = options.read_only ? cases_of_read_only : all_cases;
    const size_t all = sizeof all_cases / sizeof all_cases[0];
    const size_t count = options.read_only ? 1 : options.image ? all - 1 : all;
    if (!options.list && !options.read_only)
        prepare(&options);
    for (size_t group = 0; group < count; group++)
        for (const struct abi_case* one = groups[group]; one->sentence != NULL; one++) {
            if (strstr(one->sentence, options.only) == NULL)
                continue;
            if (options.list)
                puts(one->sentence);
            else if (run_case(one, &options) == 0)
                passed++;
            else
                bad++;
        }
    if (!options.list)
        printf("%u passed, %u failed\n", passed, bad);
    return bad == 0 && (options.list || passed > 0) ? 0 : 1;
}
