// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/filter/lexer.h"

#include <algorithm>
#include <charconv>

namespace vexfs {

namespace {

constexpr std::string_view kSpace = " \t\n";
constexpr std::string_view kNotInWords = " \t\n()\"=!<>";

bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < 32 && byte != '\t' && byte != '\n';
}

} // namespace

FilterToken FilterLexer::fault(size_t offset, std::string expected) const {
    return {FilterToken::Kind::kFault, offset, std::move(expected)};
}

FilterToken FilterLexer::next() {
    using Kind = FilterToken::Kind;
    at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    if (at_ == text_.size())
        return {Kind::kEnd, at_, {}};
    const size_t start = at_;
    const char first = text_[at_];
    switch (first) {
    case '"':
        return string();
    case '(':
    case ')':
        ++at_;
        return {first == '(' ? Kind::kOpen : Kind::kClose, start, std::string(1, first)};
    case '=':
    case '!':
    case '<':
    case '>':
        ++at_;
        if (first != '=' && at_ < text_.size() && text_[at_] == '=')
            ++at_;
        if (first == '!' && at_ == start + 1)
            return fault(start, "!= (or the word not)");
        return {Kind::kComparison, start, std::string(text_.substr(start, at_ - start))};
    default:
        return word();
    }
}

FilterToken FilterLexer::word() {
    const size_t start = at_;
    at_ = std::min(text_.find_first_of(kNotInWords, at_), text_.size());
    const std::string_view word = text_.substr(start, at_ - start);
    const auto control = std::ranges::find_if(word, is_control);
    if (control != word.end())
        return fault(start + static_cast<size_t>(control - word.begin()),
                     "text without control characters (\\xHH in a string stands for one)");
    return {FilterToken::Kind::kWord, start, std::string(word)};
}

FilterToken FilterLexer::string() {
    FilterToken token{FilterToken::Kind::kString, at_++, {}};
    while (at_ < text_.size()) {
        const size_t start = at_++;
        if (text_[start] == '"')
            return token;
        if (is_control(text_[start]))
            return fault(start, "\\xHH in place of a control character");
        const int byte =
            text_[start] == '\\' ? escaped() : static_cast<unsigned char>(text_[start]);
        if (byte < 0)
            return fault(start, "\\\", \\\\ or \\x and two hexadecimal digits");
        token.text.push_back(static_cast<char>(byte));
    }
    return fault(token.offset, "a \" that ends this string");
}

int FilterLexer::escaped() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with('"') || rest.starts_with('\\')) {
        ++at_;
        return rest.front();
    }
    unsigned value = 0;
    if (!rest.starts_with('x') || rest.size() < 3 ||
        std::from_chars(rest.begin() + 1, rest.begin() + 3, value, 16).ptr != rest.begin() + 3)
        return -1;
    at_ += 3;
    return static_cast<int>(value);
}

} // namespace vexfs
