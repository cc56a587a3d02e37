// SPDX-License-Identifier: Apache-2.0
//
// Runs a program and collects what it says: for tests that use tools of the system or our own.
//
// Threads: one thread.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "userlib/device/scratch_file.h"

namespace vexfs {

struct ProgramRun {
    int status = -1; // of exit(); 127 if there is no such program; -1 if a signal ended it
    std::string out;
    std::string err;

    explicit operator bool() const { return status == 0; }
};

// The first argument is the program's path, or its name if it is in PATH.
inline ProgramRun run_program(std::vector<std::string> arguments) {
    const ScratchFile out(0);
    const ScratchFile err(0);
    std::vector<char*> raw;
    for (std::string& argument : arguments)
        raw.push_back(argument.data());
    raw.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    VEXFS_ASSERT(::posix_spawn_file_actions_init(&actions) == 0);
    VEXFS_ASSERT(::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
                 ::posix_spawn_file_actions_adddup2(&actions, out.descriptor(), 1) == 0 &&
                 ::posix_spawn_file_actions_adddup2(&actions, err.descriptor(), 2) == 0);
    pid_t pid = 0;
    const int spawned = ::posix_spawnp(&pid, raw[0], &actions, nullptr, raw.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ProgramRun run;
    int status = 0;
    if (spawned != 0)
        run.status = 127;
    else if (::waitpid(pid, &status, 0) == pid && WIFEXITED(status))
        run.status = WEXITSTATUS(status);
    auto text_of = [](const ScratchFile& file) {
        std::ifstream stream(file.path(), std::ios::binary);
        return std::string{std::istreambuf_iterator<char>(stream), {}};
    };
    run.out = text_of(out);
    run.err = text_of(err);
    return run;
}

} // namespace vexfs
