# SPDX-License-Identifier: Apache-2.0
#
# Turns the two headers into a C program that prints their layout table: every struct with its
# size, every field with offset and size, every constant, and every op's ioctl number for 4,096
# bytes. It reads the headers themselves, so it cannot forget a field; a line of a struct that it
# does not understand is an error, and so is a constant on several lines.
#
#   awk -f layout.awk vexfs_ioctl.h vexfs_queue.h > layout.c
#   cc -I. layout.c && ./a.out > layout.txt
BEGIN {
    print "#include <stddef.h>\n#include <stdio.h>"
}

FNR == 1 {
    sub(/.*\//, "", FILENAME)
    print "#include \"" FILENAME "\""
    body = body "puts(\"/* " FILENAME " */\");\n"
}

/^};/ {
    type = ""
}

type != "" {
    field = $0
    gsub(/\/\*.*/, "", field)
    if (field ~ /^    (__|struct |vexfs_)[a-z0-9_ ]+(\[[0-9]+\])?; *$/) {
        sub(/(\[.*)?; *$/, "", field)
        sub(/.* /, "", field)
        place = "offsetof(struct " type ", " field "), sizeof(((struct " type "*)0)->" field ")"
        body = body "printf(\"FIELD(" type ", " field ", %zu, %zu)\\n\", " place ");\n"
    } else if (field !~ /^ *(\*.*)?$/) {
        print FILENAME ":" FNR ": not a field: " $0 > "/dev/stderr"
        exit failed = 1
    }
}

/^struct vexfs_[a-z0-9_]+ \{/ {
    type = $2
    body = body "printf(\"STRUCT(" type ", %zu)\\n\", sizeof(struct " type "));\n"
}

/^#define VEXFS_[A-Z0-9_]+ [^ ]/ {
    body = body "printf(\"CONSTANT(" $2 ", 0x%llx)\\n\", (unsigned long long)(" $2 "));\n"
}

/^#define VEXFS_[A-Z0-9_]+ .*\\$/ {
    print FILENAME ":" FNR ": a constant must stand on one line: " $0 > "/dev/stderr"
    exit failed = 1
}

/^#define VEXFS_OP_/ {
    number = "(unsigned long long)VEXFS_IOC(" $2 ", 4096)"
    body = body "printf(\"IOCTL(" $2 ", 0x%llx)\\n\", " number ");\n"
}

END {
    if (!failed)
        print "int main(void) {\n" body "return 0;\n}"
}
