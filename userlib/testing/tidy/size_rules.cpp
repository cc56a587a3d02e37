// SPDX-License-Identifier: Apache-2.0
//
// How long a file and a function may be.
#include "userlib/testing/tidy/lexer.h"
#include "userlib/testing/tidy/rules.h"

namespace vexfs {
namespace {

constexpr size_t kFileLinesMax = 800;
constexpr size_t kFunctionLinesMax = 70;

std::vector<FunctionSpan> functions_of(const SourceFile& file) {
    if (file.is_c_family())
        return functions_of_code(file.code);
    if (file.language == Language::kShell)
        return functions_of_shell(file.lines);
    return {};
}

} // namespace

std::vector<Finding> check_file_length(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        if (file.is_source() && file.lines.size() > kFileLinesMax)
            found.push_back({file.path, kFileLinesMax + 1,
                             "the file has " + std::to_string(file.lines.size()) +
                                 " lines; 300 are the aim and 800 the limit: find the second noun "
                                 "in it and give that a file of its own"});
    return found;
}

std::vector<Finding> check_function_length(const Tree& tree, const Arrows&) {
    std::vector<Finding> found;
    for (const SourceFile& file : tree.files)
        for (const FunctionSpan& function : functions_of(file)) {
            const size_t lines = function.last_line - function.first_line + 1;
            if (lines > kFunctionLinesMax)
                found.push_back({file.path, function.first_line,
                                 function.name + " has " + std::to_string(lines) +
                                     " lines; 70 are the limit: give its steps names"});
        }
    return found;
}

} // namespace vexfs
