// SPDX-License-Identifier: Apache-2.0
//
// vexfs-faults: allocations and copies of the kernel fail, one after the other, under each call
// that the module serves. Exit status 0; 1 if one ends in another way than it may; 2 if it was
// called wrongly; 77 if this kernel makes nothing fail.
#include <cstdio>
#include <string_view>

#include "vm-tests/cases/faults/trial.h"

namespace {

constexpr const char* kUsage =
    "usage: vexfs-faults module FILE      loads it; it is not loaded before\n"
    "       vexfs-faults device DIRECTORY the device, and mounts there\n"
    "       vexfs-faults files DIRECTORY  of a mount\n";

bool run(vexfs::Trial& trial, std::string_view what, const std::string& where) {
    if (what == "module") {
        vexfs::try_module(trial, where);
    } else if (what == "device") {
        vexfs::try_device(trial);
        vexfs::try_mount(trial, where);
    } else if (what == "files") {
        vexfs::try_files(trial, where);
        vexfs::try_messages(trial, where);
    } else {
        return false;
    }
    return true;
}

} // namespace

int main(int count, char** arguments) {
    vexfs::Trial trial;
    if (!trial.possible()) {
        std::puts("skipped: this kernel makes nothing fail");
        return 77;
    }
    if (count != 3 || !run(trial, arguments[1], arguments[2])) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    std::printf("= %s: %llu operations, %llu faults\n", arguments[1],
                static_cast<unsigned long long>(trial.operations()),
                static_cast<unsigned long long>(trial.faults()));
    return trial.passed() && trial.faults() > 0 ? 0 : 1;
}
