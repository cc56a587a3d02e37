// SPDX-License-Identifier: Apache-2.0
#include "bench/grid/runner.h"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/error.h"

namespace vexfs {
namespace {

namespace fs = std::filesystem;

// A tree with changes is one of many that its commit names: what was built tells them apart.
std::string build_name(const std::string& commit, const std::string& executable) {
    if (!commit.ends_with("-dirty") && commit != "unknown")
        return commit;
    std::ifstream stream(executable, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
    char checksum[24];
    std::snprintf(
        checksum, sizeof checksum, "-%016llx",
        static_cast<unsigned long long>(xxh3_64(std::as_bytes(std::span<const char>(bytes)))));
    return commit + checksum;
}

std::string command_of(const std::vector<std::string>& arguments) {
    std::vector<const char*> words;
    for (const std::string& argument : arguments)
        words.push_back(argument.c_str());
    return command_line(words);
}

} // namespace

GridRunner::GridRunner(std::string out, std::string program)
    : out_(std::move(out)), program_(std::move(program)) {}

bool GridRunner::prepare(std::string& complaint) {
    std::error_code error;
    executable_ = fs::read_symlink("/proc/self/exe", error).string();
    if (error) {
        complaint = "/proc/self/exe: " + error.message();
        return false;
    }
    cells_ = out_ + "/cells/" + build_name(this_machine().commit, executable_);
    data_ = out_ + "/data";
    for (const std::string& folder : {cells_, data_}) {
        fs::create_directories(folder, error);
        if (error) {
            complaint = folder + ": " + error.message();
            return false;
        }
    }
    return true;
}

int GridRunner::run_program(const std::vector<std::string>& arguments, const std::string& output,
                            std::string& complaint) const {
    std::vector<std::string> words = arguments;
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t child = -1;
    const int failed =
        ::posix_spawn(&child, executable_.c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (failed != 0 || ::waitpid(child, &status, 0) != child) {
        complaint = output + ": cannot be run (" +
                    name_of(code_from_errno(failed != 0 ? failed : errno)) + ")";
        return -1;
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (code != 0)
        complaint = command_of(arguments) + " ended with " + std::to_string(code);
    return code;
}

// The set's folder gets its name when all of its files are there.
bool GridRunner::generate(const GridSet& set, std::string& complaint) const {
    const fs::path base = fs::path(data_) / set.base;
    const fs::path folder = base.parent_path();
    const fs::path draft = folder.string() + ".part";
    std::error_code error;
    if (fs::exists(folder, error))
        return true;
    fs::remove_all(draft, error);
    fs::create_directories(draft, error);
    std::vector<std::string> arguments = {program_, "ann-data", "--out",
                                          (draft / set.name).string()};
    arguments.insert(arguments.end(), set.generator.begin(), set.generator.end());
    if (run_program(arguments, "/dev/null", complaint) != 0)
        return false;
    fs::rename(draft, folder, error);
    if (error)
        complaint = folder.string() + ": " + error.message();
    return !error;
}

std::vector<std::string> GridRunner::arguments_of(const GridCell& cell) const {
    const std::string before = cell.set.generator.empty() ? "" : data_ + "/";
    std::vector<std::string> arguments = {
        program_, "ann", "--base", before + cell.set.base, "--query", before + cell.set.query};
    if (!cell.set.truth.empty())
        arguments.insert(arguments.end(), {"--truth", before + cell.set.truth});
    arguments.insert(arguments.end(), cell.arguments.begin(), cell.arguments.end());
    arguments.emplace_back("--json");
    return arguments;
}

std::optional<ResultFile> GridRunner::kept(const GridCell& cell) const {
    std::string ignored;
    std::optional<ResultFile> earlier = read_results(path_of(cell), ignored);
    const bool same = earlier && earlier->runs.size() == 1 &&
                      earlier->runs[0].command == command_of(arguments_of(cell));
    return same ? earlier : std::nullopt;
}

std::optional<ResultFile> GridRunner::run(const GridCell& cell, std::string& complaint) {
    const std::vector<std::string> arguments = arguments_of(cell);
    const std::string path = path_of(cell);
    complaint.clear();
    if (!cell.set.generator.empty() && !generate(cell.set, complaint))
        return std::nullopt;
    const std::string draft = path + ".part";
    std::optional<ResultFile> file;
    if (run_program(arguments, draft, complaint) == 0)
        file = read_results(draft, complaint);
    std::error_code error;
    if (file)
        fs::rename(draft, path, error);
    else
        fs::remove(draft, error);
    if (file && error) {
        complaint = path + ": " + error.message();
        return std::nullopt;
    }
    return file;
}

} // namespace vexfs
