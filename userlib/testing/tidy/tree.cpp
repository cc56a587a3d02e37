// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/tidy/tree.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "userlib/testing/tidy/lexer.h"

namespace vexfs {
namespace {

namespace fs = std::filesystem;

Language language_of(std::string_view path, std::string_view text) {
    const std::string_view name = name_of_path(path);
    const auto ends = [&](std::string_view suffix) {
        return name.ends_with(suffix);
    };
    if (ends(".cpp"))
        return Language::kCpp;
    if (ends(".h"))
        return under(path, "kmod") || under(path, "ioctl") ? Language::kC : Language::kCpp;
    if (ends(".c"))
        return Language::kC;
    if (ends(".sh") || text.starts_with("#!/bin/bash") || text.starts_with("#!/bin/sh"))
        return Language::kShell;
    if (ends(".cmake") || name == "CMakeLists.txt")
        return Language::kCmake;
    if (ends(".py"))
        return Language::kPython;
    if (ends(".md"))
        return Language::kMarkdown;
    return Language::kOther;
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// Foreign to the rules: files that break them on purpose, bytes that are input to a program, texts
// of licences.
bool excluded(std::string_view path) {
    for (std::string_view part : {"fixtures/", "corpus/", "testdata/"})
        if (path.starts_with(part) || path.find("/" + std::string(part)) != std::string_view::npos)
            return true;
    const std::string_view name = name_of_path(path);
    return name == "LICENSE" || name == "COPYING";
}

struct CloseStream {
    void operator()(std::FILE* stream) const { pclose(stream); }
};

// Empty if `root` is not the top of a git work tree, or there is no git.
std::vector<std::string> paths_from_git(const std::string& root) {
    std::vector<std::string> paths;
    if (!fs::exists(root + "/.git") || root.find('\'') != std::string::npos)
        return paths;
    const std::string command =
        "git -C '" + root + "' ls-files -z --cached --others --exclude-standard 2>/dev/null";
    const std::unique_ptr<std::FILE, CloseStream> stream(popen(command.c_str(), "r"));
    if (!stream)
        return paths;
    std::string path;
    for (int c = std::fgetc(stream.get()); c != EOF; c = std::fgetc(stream.get())) {
        if (c != 0) {
            path += static_cast<char>(c);
            continue;
        }
        if (fs::is_regular_file(fs::path(root) / path))
            paths.push_back(path);
        path.clear();
    }
    return paths;
}

std::vector<std::string> paths_from_walk(const std::string& root) {
    std::vector<std::string> paths;
    std::error_code error;
    for (fs::recursive_directory_iterator at(root, error), end; !error && at != end;
         at.increment(error)) {
        const std::string path = fs::relative(at->path(), root).string();
        if (path == "build" || path == ".git" || path == ".cache") { // .git may be a file
            if (at->is_directory())
                at.disable_recursion_pending();
        } else if (at->is_regular_file()) {
            paths.push_back(path);
        }
    }
    return paths;
}

} // namespace

bool SourceFile::is_header() const {
    return path.ends_with(".h");
}

bool SourceFile::is_c_family() const {
    return language == Language::kC || language == Language::kCpp;
}

bool SourceFile::is_test() const {
    for (std::string_view suffix : {"_test.cpp", "_fuzz.cpp", "_test.c", "test_main.cpp"})
        if (path.ends_with(suffix))
            return true;
    return under(path, "userlib/testing");
}

const SourceFile* Tree::find(std::string_view path) const {
    const auto at = std::lower_bound(
        files.begin(), files.end(), path,
        [](const SourceFile& file, std::string_view wanted) { return file.path < wanted; });
    return at != files.end() && at->path == path ? &*at : nullptr;
}

SourceFile make_source_file(std::string path, std::string_view text) {
    SourceFile file;
    file.language = language_of(path, text);
    file.path = std::move(path);
    file.lines = split_lines(text);
    if (file.is_c_family())
        file.code = split_lines(code_only(text));
    return file;
}

Result<Tree> read_tree(const std::string& root) {
    if (!fs::is_directory(root))
        return fail(Code::kENOENT, "tidy: there is no such tree");
    std::vector<std::string> paths = paths_from_git(root);
    if (paths.empty())
        paths = paths_from_walk(root);
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end()); // git repeats conflicts
    Tree tree;
    for (std::string& path : paths) {
        if (excluded(path))
            continue;
        std::ifstream stream(fs::path(root) / path, std::ios::binary);
        std::ostringstream text;
        text << stream.rdbuf();
        if (!stream)
            return fail(Code::kEIO, "tidy: a file of the tree cannot be read");
        tree.files.push_back(make_source_file(std::move(path), text.str()));
    }
    return tree;
}

bool under(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string_view parent_of(std::string_view path) {
    const size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of_path(std::string_view path) {
    const size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

} // namespace vexfs
