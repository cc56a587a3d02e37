// SPDX-License-Identifier: Apache-2.0
//
// As much of the lexing of C, C++ and shell as the tidy rules need.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vexfs {

// The text of a C or C++ file with comments and the insides of string and character literals
// replaced by spaces. Every other byte, and every line end, stays where it is.
std::string code_only(std::string_view text);

// A function body found in a file.
struct FunctionSpan {
    std::string name;
    size_t first_line = 0; // where its declaration begins, counted from 1
    size_t last_line = 0;  // that of its closing brace
};

// The functions of a C or C++ file, from lines that code_only() gave. A lambda belongs to the
// function around it.
std::vector<FunctionSpan> functions_of_code(const std::vector<std::string>& code);

// The functions of a shell script: `name() {` at the start of a line up to a `}` at the start of
// one.
std::vector<FunctionSpan> functions_of_shell(const std::vector<std::string>& lines);

bool is_word_character(char c);

// Where `word` stands in `text` at or after `from`, not as a part of a longer identifier; npos if
// nowhere.
size_t find_word(std::string_view text, std::string_view word, size_t from = 0);

} // namespace vexfs
