// SPDX-License-Identifier: Apache-2.0
//
// The grammar of filters (ioctl/vexfs_ioctl.h), a function for each production.
//
// Threads: one thread.
#pragma once

#include "userlib/engine/filter/filter.h"
#include "userlib/engine/filter/lexer.h"

namespace vexfs {

class FilterParser {
  public:
    FilterParser(std::string_view text, Timestamp now, FilterFault& fault)
        : bytes_(text.size()), lexer_(text), now_(now), fault_(fault) {}

    // Once. EINVAL, and what is wrong in the fault.
    Result<FilterNode> parse();

  private:
    using TestRule = Result<FilterTest> (FilterParser::*)();
    struct Keyword;
    static const Keyword* find_keyword(std::string_view word);

    // `depth` of these stand around it.
    Result<FilterNode> any_of(size_t depth);
    Result<FilterNode> all_of(size_t depth);
    Result<FilterNode> one(size_t depth);
    Result<FilterNode> in_parentheses(size_t depth);
    Result<FilterTest> test();

    Result<FilterTest> name();
    Result<FilterTest> path();
    Result<FilterTest> type();
    Result<FilterTest> size();
    Result<FilterTest> mtime();
    Result<FilterTest> age();
    Result<FilterTest> uid();
    Result<FilterTest> gid();
    Result<FilterTest> tag();
    Result<FilterTest> row();
    Result<FilterTest> stale();
    Result<FilterTest> has();
    Result<FilterTest> missing();
    Result<FilterTest> xattr();

    Result<Comparison> comparison();
    // A word that `read` makes a value of.
    template <typename T>
    Result<T> value(std::optional<T> (*read)(std::string_view), const char* expected);
    Result<std::string> text(const char* expected);
    Result<std::string> glob();
    Result<std::string> attribute();
    Result<uint64_t> integer();

    [[nodiscard]] bool at_word(std::string_view word) const;
    void advance() { token_ = lexer_.next(); }
    // A word with ".." in it, as three tokens.
    void split_range();
    Error refuse(const std::string& expected);
    Error refuse_at(size_t offset, std::string sentence);

    const size_t bytes_;
    FilterLexer lexer_;
    const Timestamp now_;
    FilterFault& fault_;
    FilterToken token_;
};

} // namespace vexfs
