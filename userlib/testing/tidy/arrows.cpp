// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/tidy/arrows.h"

#include <algorithm>
#include <sstream>

#include "userlib/testing/tidy/tree.h"

namespace vexfs {
namespace {

bool matches(std::string_view pattern, std::string_view folder) {
    if (pattern == "*")
        return true;
    if (pattern.ends_with("/*"))
        return under(folder, pattern.substr(0, pattern.size() - 2));
    return pattern == folder;
}

} // namespace

Result<Arrows> Arrows::parse(const std::vector<std::string>& lines) {
    Arrows arrows;
    for (const std::string& text : lines) {
        if (text.empty() || text.front() == '#')
            continue;
        const size_t colon = text.find(':');
        if (colon == std::string::npos || colon == 0)
            return fail(Code::kEINVAL, "arrows: a line is not `folder: folders`");
        Line line{text.substr(0, colon), {}};
        std::istringstream words(text.substr(colon + 1));
        for (std::string word; words >> word;)
            line.patterns.push_back(word);
        arrows.lines_.push_back(std::move(line));
    }
    return arrows;
}

std::string_view Arrows::folder_of(std::string_view path) const {
    std::string_view longest;
    for (const Line& line : lines_)
        if (under(path, line.folder) && line.folder.size() > longest.size())
            longest = line.folder;
    return longest;
}

const Arrows::Line* Arrows::line_of(std::string_view folder) const {
    const auto at = std::find_if(lines_.begin(), lines_.end(),
                                 [&](const Line& line) { return line.folder == folder; });
    return at == lines_.end() ? nullptr : &*at;
}

bool Arrows::knows(std::string_view folder) const {
    return line_of(folder) != nullptr;
}

bool Arrows::allows(std::string_view from, std::string_view to) const {
    const Line* line = line_of(from);
    return from == to ||
           (line && std::any_of(line->patterns.begin(), line->patterns.end(),
                                [&](const std::string& pattern) { return matches(pattern, to); }));
}

std::string_view Arrows::folder_of_target(std::string_view target) const {
    for (const Line& line : lines_) {
        std::string name = "vexfs_" + line.folder;
        std::replace(name.begin(), name.end(), '/', '_');
        if (name == target)
            return line.folder;
    }
    return {};
}

std::string Arrows::allowed_text(std::string_view from) const {
    std::string text;
    if (const Line* line = line_of(from))
        for (const std::string& pattern : line->patterns)
            text += (text.empty() ? "" : ", ") + pattern;
    return text.empty() ? "nothing of the project" : text;
}

} // namespace vexfs
