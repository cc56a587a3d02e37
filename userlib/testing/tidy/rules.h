// SPDX-License-Identifier: Apache-2.0
//
// The rules of the tree that no compiler checks. Each looks at a whole Tree and says what is wrong
// where, and what to do instead. A rule has no exemption list of files: where it does not hold, its
// condition says so for a folder.
//
// Every rule has a fixture of the same name in fixtures/, a small tree that breaks it.
//
// Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "userlib/testing/tidy/arrows.h"
#include "userlib/testing/tidy/tree.h"

namespace vexfs {

struct Finding {
    std::string path;
    size_t line = 0; // counted from 1
    std::string message;
};

struct Rule {
    const char* name;
    std::vector<Finding> (*check)(const Tree& tree, const Arrows& arrows);
};

std::span<const Rule> all_rules();

// What every rule finds, a line each: `path:line: rule: message`.
std::vector<std::string> check_tree(const Tree& tree, const Arrows& arrows);

// Sources longer than this are worth a look; they fail at the hard limit of the file_length rule.
inline constexpr size_t kLinesAimed = 300;

// include_rules.cpp
std::vector<Finding> check_include_arrow(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_link_arrow(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_third_party(const Tree& tree, const Arrows& arrows);
// size_rules.cpp
std::vector<Finding> check_file_length(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_function_length(const Tree& tree, const Arrows& arrows);
// text_rules.cpp
std::vector<Finding> check_columns(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_tabs(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_ascii(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_trailing_blank(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_spdx(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_pragma_once(const Tree& tree, const Arrows& arrows);
// place_rules.cpp
std::vector<Finding> check_file_name(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_folder_known(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_folder_purpose(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_header_purpose(const Tree& tree, const Arrows& arrows);
// ban_rules.cpp
std::vector<Finding> check_banned_text(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_banned_code(const Tree& tree, const Arrows& arrows);
std::vector<Finding> check_machine_path(const Tree& tree, const Arrows& arrows);

} // namespace vexfs
