// SPDX-License-Identifier: Apache-2.0
//
// Where a file may lie, what it may be called, and that its place says what it is for.
#include <algorithm>
#include <array>
#include <set>

#include "userlib/testing/tidy/lexer.h"
#include "userlib/testing/tidy/rules.h"

namespace vexfs {
namespace {

constexpr std::array<std::string_view, 12> kEmptyWords = {
    "utils", "helpers", "common", "misc", "manager", "impl",
    "v2",    "new",     "old",    "fix",  "part2",   "phase",
};

std::vector<std::string> words_of_name(std::string_view name) {
    std::vector<std::string> words(1);
    for (char c : name) {
        if (c == '_' || c == '-' || c == '.')
            words.emplace_back();
        else
            words.back() += c;
    }
    return words;
}

// Folders of the project that hold nothing CMake builds.
bool holds_no_code(std::string_view path) {
    return under(path, "vm-tests") || under(path, ".ci");
}

// The text of a comment line without its marks; empty for a line that is no comment.
std::string_view comment_text(std::string_view line, bool hash_is_comment) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string_view marks = hash_is_comment ? "#" : "/*";
    const size_t begin = line.find_first_not_of(marks);
    return begin == 0 || begin == std::string_view::npos ? std::string_view() : line.substr(begin);
}

// Does the file open with a comment that says something, after its licence?
bool has_head_comment(const SourceFile& file) {
    const bool hash = !file.is_c_family();
    for (const std::string& line : file.lines) {
        const std::string_view text = comment_text(line, hash);
        const bool is_head = text.find("SPDX-") != std::string_view::npos || text.starts_with('!');
        if (!is_head && std::count(text.begin(), text.end(), ' ') >= 3)
            return true;
        if (text.empty() && line.find_first_not_of(hash ? " #" : " /*") != std::string::npos)
            return false;
    }
    return false;
}

bool says_threads(const SourceFile& file) {
    return std::any_of(file.lines.begin(), file.lines.end(), [](const std::string& line) {
        return line.find("Threads:") != std::string::npos;
    });
}

} // namespace

std::vector<Finding> check_file_name(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        for (const std::string& word : words_of_name(name_of_path(file.path)))
            if (std::find(kEmptyWords.begin(), kEmptyWords.end(), word) != kEmptyWords.end() ||
                word == "enhanced")
                found.push_back({file.path, 1,
                                 "the name says \"" + word +
                                     "\", which says nothing: name the noun that the file is"});
    return found;
}

std::vector<Finding> check_folder_known(const Tree& tree, const Arrows& arrows) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files) {
        const std::string_view folder = parent_of(file.path);
        if (folder.empty() || holds_no_code(file.path))
            continue;
        const bool builds = name_of_path(file.path) == "CMakeLists.txt";
        if (builds ? !arrows.knows(folder) : arrows.folder_of(file.path).empty())
            found.push_back({file.path, 1,
                             std::string(folder) +
                                 "/ has no line in userlib/testing/tidy/arrows.txt: add one that "
                                 "says what it may use, or move the file"});
    }
    return found;
}

std::vector<Finding> check_folder_purpose(const Tree& tree, const Arrows&) {
    std::set<std::string_view> explained;
    for (const SourceFile& file : tree.files)
        if (name_of_path(file.path) == "README.md" || has_head_comment(file))
            explained.insert(parent_of(file.path));
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        if (explained.insert(parent_of(file.path)).second)
            found.push_back({file.path, 1,
                             std::string(parent_of(file.path)) +
                                 "/ does not say what it is for: give it a README.md, or one of "
                                 "its files a head comment"});
    return found;
}

std::vector<Finding> check_header_purpose(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files) {
        if (!file.is_header())
            continue;
        if (!has_head_comment(file))
            found.push_back({file.path, 1,
                             "no head comment: say what the file is responsible for, what it does "
                             "not know, and its threads"});
        else if (file.language == Language::kCpp && !under(file.path, "userlib/client") &&
                 !says_threads(file))
            found.push_back(
                {file.path, 1, "no \"Threads:\" line: say which threads may use what is declared"});
    }
    return found;
}

} // namespace vexfs
