// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/callgrind.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "bench/data/temporary_folder.h"

namespace vexfs {
namespace {

constexpr std::string_view kSummary = "\nsummary: ";

// Valgrind goes to our standard error with all that it says.
Result<int> status_of(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return fail(code_from_errno(error), "valgrind cannot be run; is it installed?");
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return fail(code_from_errno(errno), "waiting for valgrind");
    }
    return status;
}

std::string contents(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

uint64_t instructions_in(std::string_view file) {
    const size_t at = file.find(kSummary);
    uint64_t count = 0;
    if (at != std::string_view::npos)
        std::from_chars(file.data() + at + kSummary.size(), file.data() + file.size(), count);
    return count;
}

Result<std::vector<uint64_t>> count_instructions(const std::string& program,
                                                 const std::vector<std::string>& arguments,
                                                 size_t cases) {
    const TemporaryFolder folder = VEXFS_TRY(TemporaryFolder::make());
    const std::string out = folder.file("counts");
    std::vector<std::string> words = {"valgrind",
                                      "--quiet",
                                      "--tool=callgrind",
                                      "--toggle-collect=vexfs_counted",
                                      "--dump-after=vexfs_counted",
                                      "--callgrind-out-file=" + out,
                                      program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    if (VEXFS_TRY(status_of(words)) != 0)
        return fail(Code::kEIO, "valgrind, or a case under it, failed");
    // It writes a file each time that the function returns, numbered from 1 on.
    std::vector<uint64_t> counts;
    for (size_t i = 1; i <= cases; ++i) {
        counts.push_back(instructions_in(contents(out + "." + std::to_string(i))));
        if (counts.back() == 0)
            return fail(Code::kEIO, "valgrind counted no instructions of a case");
    }
    return counts;
}

} // namespace vexfs
