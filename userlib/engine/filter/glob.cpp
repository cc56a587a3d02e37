// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/filter/glob.h"

#include <algorithm>
#include <array>

#include <fnmatch.h>

namespace vexfs {

namespace {

constexpr std::array<std::string_view, 12> kClasses{
    "alnum", "alpha", "blank", "cntrl", "digit", "graph",
    "lower", "print", "punct", "space", "upper", "xdigit",
};

// Walks a glob from the front.
class GlobCheck {
  public:
    explicit GlobCheck(std::string_view glob) : rest_(glob) {}

    const char* fault() {
        if (rest_.find('\0') != std::string_view::npos)
            return "a glob without a zero byte: no name has one";
        while (!rest_.empty()) {
            if (rest_ == "\\")
                return "a character behind the last backslash";
            if (rest_.front() != '[')
                skip_character();
            else if (const char* const fault = skip_bracket())
                return fault;
        }
        return nullptr;
    }

  private:
    void skip(size_t bytes) { rest_.remove_prefix(std::min(bytes, rest_.size())); }
    void skip_character() { skip(rest_.front() == '\\' ? 2 : 1); }

    // [abc], [!a-z], []abc]: a "]" that comes first stands for itself.
    const char* skip_bracket() {
        skip(1);
        if (rest_.starts_with('!') || rest_.starts_with('^'))
            skip(1);
        for (bool first = true; !rest_.empty(); first = false) {
            if (rest_.front() == ']' && !first) {
                skip(1);
                return nullptr;
            }
            if (!rest_.starts_with("[:") && !rest_.starts_with("[=") && !rest_.starts_with("[."))
                skip_character();
            else if (!skip_element())
                return "a class such as [:digit:], or \\[ for the character";
        }
        return "a ] that ends the [, or \\[ for the character";
    }

    // [:class:], [=x=] or [.x.] inside a bracket.
    bool skip_element() {
        const char mark = rest_[1];
        const size_t end = rest_.find(std::string{mark, ']'}, 2);
        if (end == std::string_view::npos)
            return false;
        const std::string_view name = rest_.substr(2, end - 2);
        skip(end + 2);
        return mark != ':' || std::ranges::find(kClasses, name) != kClasses.end();
    }

    std::string_view rest_;
};

} // namespace

const char* fault_of_glob(std::string_view glob) {
    return GlobCheck(glob).fault();
}

Result<bool> glob_matches(const std::string& glob, const std::string& name) {
    switch (fnmatch(glob.c_str(), name.c_str(), 0)) {
    case 0:
        return true;
    case FNM_NOMATCH:
        return false;
    default:
        return fail(Code::kENOMEM, "filter: fnmatch() failed");
    }
}

} // namespace vexfs
