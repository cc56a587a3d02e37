// SPDX-License-Identifier: Apache-2.0
//
// What a line, and the head of a file, must look like.
#include <algorithm>

#include "userlib/testing/tidy/rules.h"

namespace vexfs {
namespace {

constexpr size_t kColumnsMax = 100;

// A finding for every line of the files chosen that `breaks` the rule.
template <typename Chosen, typename Breaks>
std::vector<Finding> lines_that(const Tree& tree, Chosen chosen, Breaks breaks,
                                const std::string& message) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        if (chosen(file))
            for (size_t i = 0; i < file.lines.size(); ++i)
                if (breaks(file.lines[i]))
                    found.push_back({file.path, i + 1, message});
    return found;
}

bool any_file(const SourceFile&) {
    return true;
}

// Kernel style and make want tabs.
bool indents_with_spaces(const SourceFile& file) {
    const std::string_view name = name_of_path(file.path);
    return !under(file.path, "kmod") && name != "Makefile" && name != "Kbuild";
}

std::string license_of(const SourceFile& file) {
    if (under(file.path, "kmod") || under(file.path, "vm-tests/cases/seeded/module"))
        return "GPL-2.0";
    if (file.path.starts_with("ioctl/vexfs_") && file.is_header())
        return "GPL-2.0 WITH Linux-syscall-note";
    return "Apache-2.0";
}

bool has_license(const SourceFile& file, const std::string& license) {
    const size_t place = !file.lines.empty() && file.lines[0].starts_with("#!") ? 1 : 0;
    if (file.lines.size() <= place)
        return false;
    const std::string tag = "SPDX-License-Identifier: " + license;
    const std::string& line = file.lines[place];
    return line.ends_with(tag) || line.ends_with(tag + " */");
}

} // namespace

std::vector<Finding> check_columns(const Tree& tree, const Arrows&) {
    return lines_that(
        tree, [](const SourceFile& file) { return file.is_source(); },
        [](const std::string& line) { return line.size() > kColumnsMax; },
        "the line is longer than 100 columns: break it");
}

std::vector<Finding> check_tabs(const Tree& tree, const Arrows&) {
    return lines_that(
        tree, indents_with_spaces,
        [](const std::string& line) { return line.find('\t') != std::string::npos; },
        "a tab: indent with 4 spaces (tabs belong to kmod/ and Makefiles)");
}

std::vector<Finding> check_ascii(const Tree& tree, const Arrows&) {
    return lines_that(
        tree, any_file,
        [](const std::string& line) {
            return std::any_of(line.begin(), line.end(),
                               [](char c) { return (c < ' ' && c != '\t') || c > '~'; });
        },
        "a byte that is not printable ASCII: write it in ASCII, or as an escape in a literal");
}

std::vector<Finding> check_trailing_blank(const Tree& tree, const Arrows&) {
    return lines_that(
        tree, any_file,
        [](const std::string& line) { return line.ends_with(' ') || line.ends_with('\t'); },
        "the line ends in a blank: remove it");
}

std::vector<Finding> check_spdx(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        if (file.is_source() && !has_license(file, license_of(file)))
            found.push_back({file.path, 1,
                             "the first line (after #!) must be a comment "
                             "`SPDX-License-Identifier: " +
                                 license_of(file) + "`"});
    return found;
}

std::vector<Finding> check_pragma_once(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files) {
        // The headers that C programs and the kernel compile have include guards.
        if (!file.is_header() || file.language == Language::kC ||
            under(file.path, "userlib/client"))
            continue;
        if (std::find(file.code.begin(), file.code.end(), "#pragma once") == file.code.end())
            found.push_back({file.path, 1, "the header lacks `#pragma once`"});
    }
    return found;
}

} // namespace vexfs
