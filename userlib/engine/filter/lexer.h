// SPDX-License-Identifier: Apache-2.0
//
// A filter's text as tokens.
//
// Threads: one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace vexfs {

struct FilterToken {
    enum class Kind : uint8_t { kEnd, kWord, kString, kOpen, kClose, kComparison, kFault };

    Kind kind = Kind::kEnd;
    size_t offset = 0; // of its first byte
    std::string text;  // a string's bytes without quotes and escapes; kFault: what was expected
};

class FilterLexer {
  public:
    explicit FilterLexer(std::string_view text) : text_(text) {}

    FilterToken next();
    // next() goes on from there.
    void back_to(size_t offset) { at_ = offset; }

  private:
    FilterToken string();
    FilterToken word();
    // The byte that the escape stands for; -1 if it is none. at_ is behind the backslash.
    int escaped();
    [[nodiscard]] FilterToken fault(size_t offset, std::string expected) const;

    std::string_view text_;
    size_t at_ = 0;
};

} // namespace vexfs
