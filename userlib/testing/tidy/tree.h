// SPDX-License-Identifier: Apache-2.0
//
// The source tree as the tidy rules see it: every text file of the project, with its lines.
//
// It knows no rule. Fixtures, seed corpora and what git ignores are not part of the tree.
//
// Threads: values; one thread each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vexfs {

// What a file is written in, as far as a rule asks.
enum class Language { kCpp, kC, kShell, kCmake, kPython, kMarkdown, kOther };

struct SourceFile {
    std::string path; // from the root of the tree, with '/'
    Language language = Language::kOther;
    std::vector<std::string> lines;
    // The same lines with comments and the insides of literals blanked, for C and C++; else empty.
    std::vector<std::string> code;

    [[nodiscard]] bool is_header() const;
    [[nodiscard]] bool is_c_family() const;
    // Only builds as part of a test or fuzz program.
    [[nodiscard]] bool is_test() const;
    // Is written by hand and run or compiled: the size and head rules hold for it.
    [[nodiscard]] bool is_source() const { return language != Language::kOther && !is_markdown(); }
    [[nodiscard]] bool is_markdown() const { return language == Language::kMarkdown; }
};

struct Tree {
    std::vector<SourceFile> files; // by path

    [[nodiscard]] const SourceFile* find(std::string_view path) const;
};

SourceFile make_source_file(std::string path, std::string_view text);

// Reads the files that git tracks or would add; without git, every file that is not below build/.
// ENOENT if there is no such directory, EIO if a file cannot be read.
Result<Tree> read_tree(const std::string& root);

bool under(std::string_view path, std::string_view folder);
std::string_view parent_of(std::string_view path);
std::string_view name_of_path(std::string_view path);

} // namespace vexfs
