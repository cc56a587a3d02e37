// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/mount_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

// Cuts the next word off `rest`; NULL at the end.
static char* next_word(char** rest) {
    char* word = NULL;
    do
        word = strsep(rest, " \n");
    while (word != NULL && *word == '\0');
    return word;
}

static bool is_octal(const char* digits) {
    for (int i = 0; i < 3; i++)
        if (digits[i] < '0' || digits[i] > '7')
            return false;
    return true;
}

// The kernel writes blanks and backslashes as \ooo.
static void unescape(char* word) {
    char* to = word;
    while (*word != '\0') {
        if (*word == '\\' && is_octal(word + 1)) {
            *to++ = (char)((word[1] - '0') * 64 + (word[2] - '0') * 8 + (word[3] - '0'));
            word += 4;
        } else {
            *to++ = *word++;
        }
    }
    *to = '\0';
}

// Takes `line` apart; whether it is a mount of the root of `device`. Its words are: id, parent,
// device, root, mount point, options, optional ones, "-", type, source.
static bool parse(char* line, dev_t device, struct mount_line* found) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%u:%u", major(device), minor(device));
    char* rest = line;
    next_word(&rest);
    next_word(&rest);
    const char* number = next_word(&rest);
    const char* root = next_word(&rest);
    char* point = next_word(&rest);
    char* word = point;
    while (word != NULL && strcmp(word, "-") != 0)
        word = next_word(&rest);
    char* type = next_word(&rest);
    char* source = next_word(&rest);
    if (point == NULL || source == NULL || strcmp(number, wanted) != 0 || strcmp(root, "/") != 0)
        return false;
    unescape(point);
    unescape(source);
    *found = (struct mount_line){line, point, type, source};
    return true;
}

// Something else may be mounted over it, or above it.
static bool is_reached(const char* point, dev_t device) {
    struct stat stat_of;
    return stat(point, &stat_of) == 0 && stat_of.st_dev == device;
}

int find_mount(dev_t device, struct mount_line* found) {
    FILE* table = fopen("/proc/self/mountinfo", "re");
    if (table == NULL)
        return -errno;
    char* line = NULL;
    size_t room = 0;
    int result = -ENOENT;
    while (result == -ENOENT) {
        errno = 0;
        if (getline(&line, &room, table) < 0) {
            result = errno == ENOMEM ? -ENOMEM : -ENOENT;
            break;
        }
        if (parse(line, device, found) && is_reached(found->point, device))
            result = 0;
    }
    if (result != 0)
        free(line);
    fclose(table);
    return result;
}
