// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/filter/parser.h"

#include <algorithm>
#include <array>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/engine/filter/glob.h"
#include "userlib/engine/filter/number.h"

namespace vexfs {

namespace {

using Kind = FilterToken::Kind;

constexpr std::string_view kUser = "user.";
constexpr std::string_view kOwn = "user.vexfs."; // rows, shown as attributes
constexpr size_t kShownBytesMax = 24;
constexpr const char* kIntegerExpected = "an integer, 0 to 18446744073709551615";

// What stands there, short and printable.
std::string shown(const FilterToken& token) {
    if (token.kind == Kind::kEnd)
        return "the end";
    std::string text = token.text.substr(0, kShownBytesMax);
    for (char& byte : text)
        if (byte < ' ' || byte > '~')
            byte = '?';
    if (token.text.size() > kShownBytesMax)
        text += "...";
    return token.kind == Kind::kString ? "the string \"" + text + "\"" : "'" + text + "'";
}

// a < b is the same as b > a.
Comparison mirrored(Comparison comparison) {
    switch (comparison) {
    case Comparison::kLess:
        return Comparison::kGreater;
    case Comparison::kLessEqual:
        return Comparison::kGreaterEqual;
    case Comparison::kGreater:
        return Comparison::kLess;
    case Comparison::kGreaterEqual:
        return Comparison::kLessEqual;
    case Comparison::kEqual:
    case Comparison::kNotEqual:
        break;
    }
    return comparison;
}

} // namespace

struct FilterParser::Keyword {
    std::string_view word;
    TestRule rule; // null: no test
};

const FilterParser::Keyword* FilterParser::find_keyword(std::string_view word) {
    static constexpr std::array<Keyword, 17> kKeywords{{
        {"and", nullptr},
        {"or", nullptr},
        {"not", nullptr},
        {"name", &FilterParser::name},
        {"path", &FilterParser::path},
        {"type", &FilterParser::type},
        {"size", &FilterParser::size},
        {"mtime", &FilterParser::mtime},
        {"age", &FilterParser::age},
        {"uid", &FilterParser::uid},
        {"gid", &FilterParser::gid},
        {"tag", &FilterParser::tag},
        {"row", &FilterParser::row},
        {"stale", &FilterParser::stale},
        {"has", &FilterParser::has},
        {"missing", &FilterParser::missing},
        {"xattr", &FilterParser::xattr},
    }};
    const auto* const found = std::ranges::find(kKeywords, word, &Keyword::word);
    return found == kKeywords.end() ? nullptr : found;
}

Error FilterParser::refuse_at(size_t offset, std::string sentence) {
    fault_.column = offset + 1;
    fault_.sentence = "column " + std::to_string(fault_.column) + ": " + std::move(sentence);
    return fail(Code::kEINVAL, "filter: the text is none");
}

Error FilterParser::refuse(const std::string& expected) {
    if (token_.kind == Kind::kFault)
        return refuse_at(token_.offset, "expected " + token_.text);
    return refuse_at(token_.offset, "expected " + expected + ", found " + shown(token_));
}

bool FilterParser::at_word(std::string_view word) const {
    return token_.kind == Kind::kWord && token_.text == word;
}

Result<FilterNode> FilterParser::parse() {
    if (bytes_ > VEXFS_MAX_FILTER)
        return refuse_at(VEXFS_MAX_FILTER, "a filter has at most 4096 bytes");
    advance();
    FilterNode root = VEXFS_TRY(any_of(0));
    if (token_.kind != Kind::kEnd)
        return refuse("and, or, another test or the end");
    return root;
}

// filter = and { "or" and }
Result<FilterNode> FilterParser::any_of(size_t depth) {
    FilterNode first = VEXFS_TRY(all_of(depth));
    if (!at_word("or"))
        return first;
    FilterNode node{FilterNode::Kind::kOr};
    node.parts.push_back(std::move(first));
    while (at_word("or")) {
        advance();
        node.parts.push_back(VEXFS_TRY(all_of(depth)));
    }
    return node;
}

// and = not { [ "and" ] not }
Result<FilterNode> FilterParser::all_of(size_t depth) {
    FilterNode node{FilterNode::Kind::kAnd};
    node.parts.push_back(VEXFS_TRY(one(depth)));
    for (;;) {
        const bool joined = at_word("and");
        if (joined)
            advance();
        else if (token_.kind != Kind::kOpen && (token_.kind != Kind::kWord || at_word("or")))
            break;
        node.parts.push_back(VEXFS_TRY(one(depth)));
    }
    if (node.parts.size() == 1)
        return std::move(node.parts.front());
    return node;
}

// not = "not" not | "(" filter ")" | test
Result<FilterNode> FilterParser::one(size_t depth) {
    const bool negated = at_word("not");
    if (!negated && token_.kind != Kind::kOpen)
        return FilterNode{FilterNode::Kind::kTest, VEXFS_TRY(test())};
    if (depth == VEXFS_MAX_FILTER_DEPTH)
        return refuse_at(token_.offset, "parentheses and not are nested deeper than 32");
    if (!negated)
        return in_parentheses(depth + 1);
    advance();
    FilterNode node{FilterNode::Kind::kNot};
    node.parts.push_back(VEXFS_TRY(one(depth + 1)));
    return node;
}

Result<FilterNode> FilterParser::in_parentheses(size_t depth) {
    const size_t column = token_.offset + 1;
    advance();
    FilterNode node = VEXFS_TRY(any_of(depth));
    if (token_.kind != Kind::kClose)
        return refuse("and, or, another test or ) for the ( of column " + std::to_string(column));
    advance();
    return node;
}

Result<FilterTest> FilterParser::test() {
    const Keyword* const keyword = token_.kind == Kind::kWord ? find_keyword(token_.text) : nullptr;
    if (keyword == nullptr || keyword->rule == nullptr)
        return refuse("not, ( or a test (name path type size mtime age uid gid tag row stale has "
                      "missing xattr)");
    advance();
    return (this->*keyword->rule)();
}

Result<FilterTest> FilterParser::name() {
    return NameTest{VEXFS_TRY(glob())};
}

Result<FilterTest> FilterParser::path() {
    return PathTest{VEXFS_TRY(glob())};
}

Result<FilterTest> FilterParser::type() {
    constexpr std::string_view kLetters = "fdlspbc";
    constexpr std::array<uint32_t, kLetters.size()> kFormats{S_IFREG, S_IFDIR, S_IFLNK, S_IFSOCK,
                                                             S_IFIFO, S_IFBLK, S_IFCHR};
    const size_t found = token_.kind == Kind::kWord && token_.text.size() == 1
                             ? kLetters.find(token_.text.front())
                             : std::string_view::npos;
    if (found == std::string_view::npos)
        return refuse("one of f d l s p b c");
    advance();
    return TypeTest{kFormats[found]};
}

Result<FilterTest> FilterParser::size() {
    const Comparison how = VEXFS_TRY(comparison());
    return InodeTest{InodeNumber::kSize, how,
                     VEXFS_TRY(value(parse_bytes, "bytes such as 4096, 64K, 1M, 2G or 1T"))};
}

Result<FilterTest> FilterParser::uid() {
    const Comparison how = VEXFS_TRY(comparison());
    return InodeTest{InodeNumber::kUid, how, VEXFS_TRY(integer())};
}

Result<FilterTest> FilterParser::gid() {
    const Comparison how = VEXFS_TRY(comparison());
    return InodeTest{InodeNumber::kGid, how, VEXFS_TRY(integer())};
}

Result<FilterTest> FilterParser::mtime() {
    const Comparison how = VEXFS_TRY(comparison());
    return TimeTest{how, VEXFS_TRY(value(parse_time, "seconds since 1970 such as 1700000000.5"))};
}

// now - mtime < span says that mtime > now - span.
Result<FilterTest> FilterParser::age() {
    const Comparison how = VEXFS_TRY(comparison());
    const size_t offset = token_.offset;
    const int64_t span = VEXFS_TRY(value(parse_span, "a span such as 90s, 15m, 12h, 7d or 2w"));
    Timestamp then = now_;
    if (__builtin_sub_overflow(now_.sec, span, &then.sec))
        return refuse_at(offset, "a span that begins before all time");
    return TimeTest{mirrored(how), then};
}

Result<FilterTest> FilterParser::tag() {
    if (token_.kind == Kind::kComparison) {
        const Comparison how = VEXFS_TRY(comparison());
        return TagTest{how, VEXFS_TRY(integer())};
    }
    split_range();
    const uint64_t first =
        VEXFS_TRY(value(parse_integer, "one of = != < <= > >= or a range such as 10..19"));
    split_range();
    if (!at_word(".."))
        return refuse(".. and the end of the range");
    advance();
    return TagRangeTest{first, VEXFS_TRY(integer())};
}

Result<FilterTest> FilterParser::row() {
    const Comparison how = VEXFS_TRY(comparison());
    return RowTest{how, VEXFS_TRY(integer())};
}

Result<FilterTest> FilterParser::stale() {
    return StaleTest{};
}

Result<FilterTest> FilterParser::has() {
    return HasTest{VEXFS_TRY(attribute()), true};
}

Result<FilterTest> FilterParser::missing() {
    return HasTest{VEXFS_TRY(attribute()), false};
}

Result<FilterTest> FilterParser::xattr() {
    std::string attr = VEXFS_TRY(attribute());
    const Comparison how = VEXFS_TRY(comparison());
    if (token_.kind != Kind::kString) {
        const double number =
            VEXFS_TRY(value(parse_decimal, "a decimal number, or a string in quotes"));
        return XattrNumberTest{std::move(attr), how, number};
    }
    XattrTextTest test{std::move(attr), how, std::move(token_.text)};
    advance();
    return test;
}

Result<Comparison> FilterParser::comparison() {
    constexpr std::array<std::string_view, 6> kSigns{"=", "!=", "<", "<=", ">", ">="};
    const auto* const found = std::ranges::find(kSigns, token_.text);
    if (token_.kind != Kind::kComparison || found == kSigns.end())
        return refuse("one of = != < <= > >=");
    advance();
    return static_cast<Comparison>(found - kSigns.begin());
}

template <typename T>
Result<T> FilterParser::value(std::optional<T> (*read)(std::string_view), const char* expected) {
    const std::optional<T> parsed =
        token_.kind == Kind::kWord ? read(token_.text) : std::optional<T>();
    if (!parsed)
        return refuse(expected);
    advance();
    return *parsed;
}

Result<uint64_t> FilterParser::integer() {
    return value(parse_integer, kIntegerExpected);
}

Result<std::string> FilterParser::text(const char* expected) {
    const bool is_keyword = token_.kind == Kind::kWord && find_keyword(token_.text) != nullptr;
    if (is_keyword)
        return refuse("\"" + token_.text + "\" in quotes, where a keyword is meant as text");
    if (token_.kind != Kind::kWord && token_.kind != Kind::kString)
        return refuse(expected);
    std::string text = std::move(token_.text);
    advance();
    return text;
}

Result<std::string> FilterParser::glob() {
    const size_t offset = token_.offset;
    std::string glob = VEXFS_TRY(text("a glob such as \"*.txt\""));
    if (const char* const fault = fault_of_glob(glob))
        return refuse_at(offset, std::string("expected ") + fault);
    return glob;
}

Result<std::string> FilterParser::attribute() {
    const size_t offset = token_.offset;
    std::string name = VEXFS_TRY(text("the name of an attribute such as user.year"));
    if (!name.starts_with(kUser) || name.size() == kUser.size() || name.size() > VEXFS_MAX_NAME ||
        name.find('\0') != std::string::npos)
        return refuse_at(offset, "expected user. and a name, at most 255 bytes and none of them 0");
    if (name.starts_with(kOwn))
        return refuse_at(offset, "user.vexfs. stands for rows: compare tag, row or stale");
    return name;
}

void FilterParser::split_range() {
    constexpr std::string_view kDots = "..";
    const size_t dots = token_.kind == Kind::kWord ? token_.text.find(kDots) : std::string::npos;
    if (dots == std::string::npos)
        return;
    token_.text.resize(dots == 0 ? kDots.size() : dots);
    lexer_.back_to(token_.offset + token_.text.size());
}

} // namespace vexfs
