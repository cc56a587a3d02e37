// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/tidy/lexer.h"

#include <algorithm>

namespace vexfs {
namespace {

// Blanks comments and literals one after another.
// Threads: one thread.
class Blanker {
  public:
    explicit Blanker(std::string_view text) : text_(text), result_(text) {}

    std::string run() {
        while (at_ < text_.size()) {
            if (text_.substr(at_, 2) == "//")
                blank_to(line_comment_end());
            else if (text_.substr(at_, 2) == "/*")
                blank_to(after(text_.find("*/", at_ + 2), 2));
            else if (text_[at_] == '"')
                literal();
            else if (text_[at_] == '\'' && !is_digit_separator())
                quoted('\'');
            else
                ++at_;
        }
        return std::move(result_);
    }

  private:
    [[nodiscard]] size_t after(size_t found, size_t length) const {
        return found == std::string_view::npos ? text_.size() : found + length;
    }

    // A backslash at the end of a line carries the comment on.
    [[nodiscard]] size_t line_comment_end() const {
        size_t end = std::min(text_.find('\n', at_), text_.size());
        while (end < text_.size() && text_[end - 1] == '\\')
            end = std::min(text_.find('\n', end + 1), text_.size());
        return end;
    }

    [[nodiscard]] bool is_digit_separator() const {
        return at_ > 0 && is_word_character(text_[at_ - 1]) && at_ + 1 < text_.size() &&
               is_word_character(text_[at_ + 1]) && starts_with_digit(at_);
    }
    [[nodiscard]] bool starts_with_digit(size_t position) const {
        while (position > 0 &&
               (is_word_character(text_[position - 1]) || text_[position - 1] == '\''))
            --position;
        return text_[position] >= '0' && text_[position] <= '9';
    }

    void blank_to(size_t end) {
        for (; at_ < end; ++at_)
            if (text_[at_] != '\n')
                result_[at_] = ' ';
    }

    void literal() {
        if (at_ == 0 || text_[at_ - 1] != 'R') {
            quoted('"');
            return;
        }
        const size_t open = std::min(text_.find('(', at_), text_.size());
        const std::string close = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
        ++at_;
        blank_to(after(text_.find(close, open), close.size()));
    }

    // The quotes stay; an unended literal ends with its line.
    void quoted(char quote) {
        size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
            end += text_[end] == '\\' ? 2 : 1;
        end = std::min(end, text_.size());
        ++at_;
        blank_to(end);
        if (at_ < text_.size() && text_[at_] == quote)
            ++at_;
    }

    std::string_view text_;
    std::string result_;
    size_t at_ = 0;
};

// Finds function bodies by their braces, with the text before a brace to tell what it opens.
// Threads: one thread.
class FunctionScanner {
  public:
    explicit FunctionScanner(const std::vector<std::string>& code) : code_(code) {}

    std::vector<FunctionSpan> run() {
        bool continued = false;
        for (line_ = 0; line_ < code_.size(); ++line_) {
            const std::string& line = code_[line_];
            const size_t first = line.find_first_not_of(" \t");
            const bool directive = continued || (first != std::string::npos && line[first] == '#');
            continued = directive && line.ends_with('\\');
            if (!directive)
                for (char c : line + '\n')
                    take(c);
        }
        return std::move(found_);
    }

  private:
    void take(char c) {
        if (skip_depth_ > 0) {
            skip_depth_ += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (skip_depth_ == 0 && in_function_)
                close_function();
            return;
        }
        if (c == '{')
            open();
        else if (c == '}' || (c == ';' && parentheses() == 0))
            head_.clear();
        else if (!head_.empty() || (c != ' ' && c != '\t' && c != '\n'))
            extend(c);
    }

    void extend(char c) {
        if (head_.empty())
            head_line_ = line_;
        head_ += c;
        const std::string_view label = head_;
        if (label == "public:" || label == "private:" || label == "protected:")
            head_.clear();
    }

    [[nodiscard]] long parentheses() const {
        return std::count(head_.begin(), head_.end(), '(') -
               std::count(head_.begin(), head_.end(), ')');
    }

    // A brace opens a namespace or type (walked into), an initialiser (skipped, its head goes on)
    // or a body.
    void open() {
        const char before = head_.empty() ? ' ' : head_.back();
        const size_t last = head_.find_last_not_of(" \t\n");
        const char significant = last == std::string::npos ? ' ' : head_[last];
        const bool glued = is_word_character(before) || before == '>';
        const bool operand = significant == '=' || significant == ',' || significant == '(';
        if (glued || parentheses() > 0 || operand) {
            skip_depth_ = 1;
        } else if (head_.find('(') != std::string::npos && !opens_type()) {
            skip_depth_ = 1;
            in_function_ = true;
        } else {
            head_.clear();
        }
    }

    // `struct alignas(64) Name`, `class MACRO("x") Name`, `template <...> requires (...) struct
    // Name`: what follows the last parenthesis is the name of a type, not the end of a parameter
    // list.
    [[nodiscard]] bool opens_type() const {
        std::string_view tail = std::string_view(head_).substr(head_.rfind(')') + 1);
        tail.remove_prefix(std::min(tail.find_first_not_of(" \t\n"), tail.size()));
        bool keyword_first = false;
        for (std::string_view word : {"struct", "class", "union", "enum", "namespace"}) {
            if (find_word(tail, word) != std::string_view::npos)
                return true;
            keyword_first = keyword_first || find_word(head_, word) < head_.find('(');
        }
        for (std::string_view word : {"const", "noexcept", "override", "final"})
            if (find_word(tail, word) == 0)
                return false;
        return keyword_first && !tail.empty() && is_word_character(tail.front());
    }

    void close_function() {
        found_.push_back({name(), head_line_ + 1, line_ + 1});
        in_function_ = false;
        head_.clear();
    }

    // The identifier before the first parenthesis.
    [[nodiscard]] std::string name() const {
        size_t end = head_.find('(');
        while (end > 0 && !is_word_character(head_[end - 1]))
            --end;
        size_t begin = end;
        while (begin > 0 && (is_word_character(head_[begin - 1]) || head_[begin - 1] == ':'))
            --begin;
        return head_.substr(begin, end - begin);
    }

    const std::vector<std::string>& code_;
    std::vector<FunctionSpan> found_;
    std::string head_; // since the last statement, body or label ended
    size_t head_line_ = 0;
    size_t line_ = 0;
    int skip_depth_ = 0;
    bool in_function_ = false;
};

} // namespace

std::string code_only(std::string_view text) {
    return Blanker(text).run();
}

std::vector<FunctionSpan> functions_of_code(const std::vector<std::string>& code) {
    return FunctionScanner(code).run();
}

std::vector<FunctionSpan> functions_of_shell(const std::vector<std::string>& lines) {
    std::vector<FunctionSpan> found;
    bool open = false;
    for (size_t i = 0; i < lines.size(); ++i) {
        const size_t parentheses = lines[i].find("() {");
        const std::string name =
            parentheses == std::string::npos ? "" : lines[i].substr(0, parentheses);
        if (!open && !name.empty() && std::all_of(name.begin(), name.end(), is_word_character)) {
            found.push_back({name, i + 1, i + 1});
            open = !lines[i].ends_with('}');
        } else if (open && lines[i].starts_with('}')) {
            found.back().last_line = i + 1;
            open = false;
        }
    }
    return found;
}

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

size_t find_word(std::string_view text, std::string_view word, size_t from) {
    for (size_t at = text.find(word, from); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        const size_t end = at + word.size();
        const bool joined_before =
            at > 0 && is_word_character(word.front()) && is_word_character(text[at - 1]);
        const bool joined_after =
            end < text.size() && is_word_character(word.back()) && is_word_character(text[end]);
        if (!joined_before && !joined_after)
            return at;
    }
    return std::string_view::npos;
}

} // namespace vexfs
