// SPDX-License-Identifier: Apache-2.0
//
// The table and the picture of the project's front page: few figures, each with its command.
//
// Threads: pure functions on values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bench/result/result_file.h"

namespace vexfs {

// In Markdown; what the results do not have has no line.
std::string readme_table(const ResultFile& file);

// Recall against the median time of a search, of the largest set with peers, without a filter: what
// is least disturbed by a busy machine. Nothing if there is none.
std::optional<std::string> readme_picture(const ResultFile& file);

// `text` with what stands between its two marks replaced; nothing if it does not have them.
constexpr std::string_view kFiguresBegin = "<!-- figures: ./dev bench --readme -->\n";
constexpr std::string_view kFiguresEnd = "<!-- end of the figures -->\n";
std::optional<std::string> with_figures(std::string_view text, std::string_view figures);

} // namespace vexfs
