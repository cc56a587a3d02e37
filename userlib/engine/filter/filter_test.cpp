// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/filter/filter.h"

#include <doctest/doctest.h>

#include "userlib/engine/filter/test_file.h"

using namespace vexfs;

namespace {

constexpr Timestamp kNow{1'700'000'000, 250'000'000};

Filter compiled(std::string_view text) {
    FilterFault fault;
    Result<Filter> filter = Filter::compile(text, kNow, fault);
    INFO(text << " -> " << fault.sentence);
    REQUIRE(filter.has_value());
    return std::move(filter).value();
}

bool passes(std::string_view text, TestFile& file) {
    uint64_t untyped = 0;
    const Result<bool> passed = compiled(text).passes(file, untyped);
    REQUIRE(passed.has_value());
    return *passed;
}

uint64_t untyped_in(std::string_view text, TestFile& file) {
    uint64_t untyped = 0;
    REQUIRE(compiled(text).passes(file, untyped).has_value());
    return untyped;
}

TestFile report() {
    TestFile file;
    file.row_number = 3;
    file.tag_number = 18'446'744'073'709'551'615U;
    file.node.mode = S_IFREG | 0644;
    file.node.uid = 1000;
    file.node.gid = 100;
    file.node.size = 1'048'576;
    file.node.mtime = {kNow.sec - 3600, 250'000'000};
    file.known_names = {"report.txt", "copy.md"};
    file.known_paths = {"2024/report.txt", "old/deep/copy.md"};
    file.attributes = {{"user.lang", "en"}, {"user.year", "1999"}, {"user.note", "draft"}};
    return file;
}

// Each of these passes, or fails, for report().
void check_all(std::initializer_list<std::string_view> pass,
               std::initializer_list<std::string_view> stay_out) {
    TestFile file = report();
    for (const std::string_view text : pass) {
        INFO(text);
        CHECK(passes(text, file));
    }
    for (const std::string_view text : stay_out) {
        INFO(text);
        CHECK_FALSE(passes(text, file));
    }
}

void check_fault(std::string_view text, size_t column, std::string_view sentence) {
    FilterFault fault;
    const Result<Filter> filter = Filter::compile(text, kNow, fault);
    INFO(text << " -> " << fault.sentence);
    REQUIRE_FALSE(filter.has_value());
    CHECK(filter.error().code == Code::kEINVAL);
    CHECK(fault.column == column);
    CHECK(fault.sentence.starts_with("column " + std::to_string(column) + ": "));
    CHECK(fault.sentence.size() < 160);
    CHECK(fault.sentence.find(sentence) != std::string::npos);
}

} // namespace

TEST_CASE("filter: name is a glob on the name of any link") {
    check_all({"name *.txt", "name \"*.txt\"", "name copy.md", "name [cd]opy.m?", "name *"},
              {"name *.TXT", "name report", "name 2024*", "name \"[!cr]*\""});
}

TEST_CASE("filter: path is a glob on the path of any link, and * takes the slash") {
    check_all({"path 2024/*", "path *", "path old*.md", "path \"*/deep/*\"", "path ???4/*"},
              {"path report.txt", "path /2024/*", "path deep*"});
}

TEST_CASE("filter: type is a letter of find") {
    TestFile file;
    for (const auto& [letter, format] :
         std::initializer_list<std::pair<const char*, uint32_t>>{{"f", S_IFREG},
                                                                 {"d", S_IFDIR},
                                                                 {"l", S_IFLNK},
                                                                 {"s", S_IFSOCK},
                                                                 {"p", S_IFIFO},
                                                                 {"b", S_IFBLK},
                                                                 {"c", S_IFCHR}}) {
        file.node.mode = format | 0600;
        CHECK(passes(std::string("type ") + letter, file));
        file.node.mode = (format == S_IFREG ? S_IFDIR : S_IFREG) | 0600;
        CHECK_FALSE(passes(std::string("type ") + letter, file));
    }
}

TEST_CASE("filter: size compares bytes, with suffixes that are powers of 1024") {
    check_all({"size = 1M", "size = 1024K", "size = 1048576", "size >= 1M", "size <= 1M",
               "size < 1G", "size < 1T", "size != 1", "size > 1023K"},
              {"size != 1M", "size > 1M", "size < 1M", "size > 16777215T", "size = 0"});
}

TEST_CASE("filter: mtime compares seconds since 1970 to the nanosecond") {
    TestFile file;
    file.node.mtime = {1'700'000'000, 123'456'789};
    for (const char* text :
         {"mtime = 1700000000.123456789", "mtime > 1700000000", "mtime < 1700000000.2",
          "mtime >= 1700000000.123456789", "mtime > 1700000000.12345678", "mtime > -1"})
        CHECK(passes(text, file));
    for (const char* text : {"mtime = 1700000000", "mtime < 1700000000.1234567",
                             "mtime > 1700000000.123456789", "mtime < -0.5"})
        CHECK_FALSE(passes(text, file));
    file.node.mtime = {-2, 500'000'000}; // a second and a half before 1970
    CHECK(passes("mtime = -1.5", file));
    CHECK(passes("mtime < -1.4", file));
    CHECK(passes("mtime > -2", file));
}

TEST_CASE("filter: age compares the time since mtime") {
    check_all({"age = 3600s", "age = 60m", "age = 1h", "age < 1d", "age <= 1h", "age >= 1h",
               "age < 1w", "age > 59m", "age != 2h"},
              {"age != 1h", "age > 1h", "age < 1h", "age > 1d", "age < 0s"});
}

TEST_CASE("filter: uid, gid and row compare integers") {
    check_all({"uid = 1000", "gid = 100", "row = 3", "uid < 1001", "gid >= 100", "row != 4",
               "row <= 18446744073709551615"},
              {"uid = 0", "gid > 100", "row < 3", "row > 4294967295"});
}

TEST_CASE("filter: tag compares all 64 bits, and ranges hold both ends") {
    check_all({"tag = 18446744073709551615", "tag > 18446744073709551614",
               "tag 18446744073709551614..18446744073709551615",
               "tag 18446744073709551615 .. 18446744073709551615", "tag 0.. 18446744073709551615",
               "tag 0 ..18446744073709551615"},
              {"tag = 18446744073709551614", "tag < 18446744073709551615",
               "tag 0..18446744073709551614", "tag 18446744073709551615..0"});
}

TEST_CASE("filter: stale is what the row is") {
    TestFile file = report();
    CHECK_FALSE(passes("stale", file));
    file.is_stale = true;
    CHECK(passes("stale", file));
}

TEST_CASE("filter: has and missing look for an attribute") {
    check_all({"has user.lang", "missing user.size", "has \"user.lang\""},
              {"missing user.lang", "has user.size", "has user.LANG"});
}

TEST_CASE("filter: an attribute is compared as text byte by byte") {
    check_all(
        {"xattr user.lang = \"en\"", "xattr user.lang < \"en \"", "xattr user.lang > \"EN\"",
         "xattr user.lang != \"de\"", "xattr user.lang<=\"en\"", "xattr user.year > \"19\"",
         "xattr user.lang < \"\\xff\"", "xattr user.lang = \"\\x65\\x6E\""},
        {"xattr user.lang = \"En\"", "xattr user.lang = \"en\\x00\"", "xattr user.year > \"2\""});
}

TEST_CASE("filter: an attribute is compared as a decimal number") {
    check_all({"xattr user.year = 1999", "xattr user.year < 2e3", "xattr user.year > -1",
               "xattr user.year = 1999.0", "xattr user.year != 0", "xattr user.year >= +1.999e3"},
              {"xattr user.year = 1998.5", "xattr user.year > 1999", "xattr user.year < .5"});
}

TEST_CASE("filter: comparing an attribute that a file lacks is false whatever the operator") {
    check_all({"not xattr user.none = 1"},
              {"xattr user.none = 1", "xattr user.none != 1", "xattr user.none < 1",
               "xattr user.none <= 1", "xattr user.none > 1", "xattr user.none >= 1",
               "xattr user.none = \"\"", "xattr user.none != \"\"", "xattr user.none >= \"\""});
    TestFile file = report();
    CHECK(untyped_in("xattr user.none = 1", file) == 0);
}

TEST_CASE("filter: comparing text with a number is false and counted once a row") {
    TestFile file = report();
    CHECK_FALSE(passes("xattr user.note = 1", file));
    CHECK_FALSE(passes("xattr user.note != 1", file));
    CHECK(untyped_in("xattr user.note = 1", file) == 1);
    CHECK(untyped_in("xattr user.note = 1 or xattr user.lang = 2", file) == 1);
    CHECK(untyped_in("xattr user.note = \"1\"", file) == 0);
    CHECK(untyped_in("xattr user.year = 1", file) == 0);
    for (const char* none :
         {"", " 1", "1 ", "1\n", "inf", "nan", "-", "+", ".", "1e", "0x10", "1e999", "1,5"}) {
        file.attributes["user.note"] = none;
        INFO(none);
        CHECK(untyped_in("xattr user.note = 1", file) == 1);
    }
}

TEST_CASE("filter: a row whose answer was known before counts as typed, in either order") {
    TestFile file = report();
    CHECK(untyped_in("size > 1T and xattr user.note > 5", file) == 0);
    CHECK(untyped_in("xattr user.note > 5 and size > 1T", file) == 0);
    CHECK(untyped_in("xattr user.note > 5 or size < 1T", file) == 0);
    CHECK(untyped_in("xattr user.note > 5 and size < 1T", file) == 1);
}

TEST_CASE("filter: and binds tighter than or, and may be left out") {
    check_all({"row = 3 or row = 4 and row = 5", "row = 3 uid = 1000", "row=3 and uid=1000",
               "(row = 3 or row = 4) and uid = 1000", "row = 4 or row = 3", "row=3(uid=1000)",
               "(row = 3)name *.txt", "row = 3 not row = 4 (uid = 1000)"},
              {"(row = 3 or row = 4) and row = 5", "row = 3 uid = 0", "row = 4 or row = 5",
               "row = 4 and row = 3 or row = 3 and row = 4"});
}

TEST_CASE("filter: not binds tightest") {
    check_all(
        {"not row = 4", "not not row = 3", "not(row = 4)", "not row = 4 and row = 3",
         "not (row = 3 and row = 4)"},
        {"not row = 3", "not not row = 4", "not row = 4 and row = 4", "not (row = 3 or row = 4)"});
}

TEST_CASE("filter: the example of the ABI compiles and means what it says") {
    const std::string_view example =
        "name \"*.txt\" and size > 1M and (xattr user.lang = \"en\" or missing user.lang)";
    TestFile file = report();
    CHECK_FALSE(passes(example, file));
    ++file.node.size;
    CHECK(passes(example, file));
    file.attributes["user.lang"] = "de";
    CHECK_FALSE(passes(example, file));
    file.attributes.erase("user.lang");
    CHECK(passes(example, file));
}

TEST_CASE(
    "filter: operators need no space, newlines and tabs are space, a keyword may be a string") {
    check_all({"row=3\nand\tuid=1000", "\n row = 3 \t", "row>=3 row<=3", "row!=4",
               "not name \"and\"", "name \"*\"or row=4"},
              {"name \"or\"", "name \"size\""});
}

TEST_CASE("filter: a string has escapes for quotes, backslashes and any byte") {
    TestFile file;
    file.attributes["user.a"] = std::string("a\"\\\0\xff", 5);
    CHECK(passes(R"(xattr user.a = "a\"\\\x00\xFF")", file));
    file.known_names = {"\xe4\n.txt", "a[b]"};
    CHECK(passes("name \"\\xe4\\x0a*\"", file));
    CHECK(passes("name \xe4*", file));
    CHECK(passes(R"(name "a\\[b]")", file));
    CHECK_FALSE(passes("name a[b]", file));
}

TEST_CASE("filter: a file that has moved away has neither names nor paths") {
    TestFile file = report();
    file.known_names.clear();
    file.known_paths.clear();
    CHECK_FALSE(passes("name *", file));
    CHECK_FALSE(passes("path *", file));
    CHECK(passes("not path *", file));
}

TEST_CASE("filter: cheap tests come first, and what is known is not asked") {
    TestFile file = report();
    CHECK_FALSE(passes("path * and xattr user.lang = \"en\" and name * and row = 4", file));
    CHECK(file.asked.empty());
    CHECK(passes("path * or has user.lang or name * or size > 0", file));
    CHECK(file.asked == "inode ");
    file.asked.clear();
    CHECK(passes("path * and xattr user.lang = \"en\" and name * and size > 0 and row = 3", file));
    CHECK(file.asked == "inode names user.lang paths ");
    file.asked.clear();
    CHECK(passes("(path * or row = 3) and (size = 0 or not row = 4)", file));
    CHECK(file.asked.empty());
}

TEST_CASE("filter: what fails to be asked is the error of the whole") {
    TestFile file = report();
    file.failure = Code::kEIO;
    for (const char* text :
         {"stale", "size > 1", "type f", "mtime > 1", "name *", "path *", "has user.a",
          "xattr user.a = 1", "xattr user.a = \"\"", "not (stale or row = 4)"}) {
        uint64_t untyped = 0;
        const Result<bool> passed = compiled(text).passes(file, untyped);
        REQUIRE_FALSE(passed.has_value());
        CHECK(passed.error().code == Code::kEIO);
    }
    uint64_t untyped = 0;
    CHECK(compiled("stale or row = 3").passes(file, untyped).has_value());
}

TEST_CASE("filter: every error of grammar names its column and what was expected") {
    check_fault("", 1, "expected not, ( or a test");
    check_fault("  ", 3, "found the end");
    check_fault("color = 1", 1, "found 'color'");
    check_fault("row = 3 color = 1", 9, "expected not, ( or a test");
    check_fault("and row = 3", 1, "found 'and'");
    check_fault("row = 3 or", 11, "found the end");
    check_fault("row = 3 or and", 12, "found 'and'");
    check_fault("not", 4, "found the end");
    check_fault("row = 3)", 8, "expected and, or, another test or the end, found ')'");
    check_fault("row = 3 \"x\"", 9, "found the string \"x\"");
    check_fault("(row = 3", 9, "for the ( of column 1");
    check_fault("row = 3 (row = 3 = 4", 18, "for the ( of column 9");
    check_fault("()", 2, "found ')'");
    check_fault("\"row\" = 3", 1, "found the string \"row\"");
    check_fault("row", 4, "one of = != < <= > >=");
    check_fault("row 3", 5, "one of = != < <= > >=, found '3'");
    check_fault("row == 3", 6, "an integer");
    check_fault("row ! 3", 5, "expected != (or the word not)");
    check_fault("row =! 3", 6, "expected != (or the word not)");
    check_fault("stale = 1", 7, "found '='");
}

TEST_CASE("filter: every error of text names its column and what was expected") {
    check_fault("name", 5, "expected a glob");
    check_fault("name = x", 6, "expected a glob such as \"*.txt\", found '='");
    check_fault("name (x)", 6, "found '('");
    check_fault("name size", 6, "expected \"size\" in quotes");
    check_fault("path or", 6, "expected \"or\" in quotes");
    check_fault("has xattr", 5, "expected \"xattr\" in quotes");
    check_fault("name \"abc", 6, "expected a \" that ends this string");
    check_fault("name \"a\\n\"", 8, "expected \\\", \\\\ or \\x and two hexadecimal digits");
    check_fault("name \"a\\x4g\"", 8, "two hexadecimal digits");
    check_fault("name \"a\\x4", 8, "two hexadecimal digits");
    check_fault("name \"a\\", 8, "two hexadecimal digits");
    check_fault("name \"a\x01\"", 8, "\\xHH in place of a control character");
    check_fault("name a\x02z", 7, "text without control characters");
    check_fault("row = 3 \r", 9, "text without control characters");
    check_fault("name [abc", 6, "a ] that ends the [");
    check_fault("name \"[]\"", 6, "a ] that ends the [");
    check_fault("name \"[[:word:]]\"", 6, "a class such as [:digit:]");
    check_fault("path \"a\\\\\"", 6, "a character behind the last backslash");
    check_fault("path \"a\\x00\"", 6, "a glob without a zero byte");
    check_fault("has", 4, "the name of an attribute");
    check_fault("has year", 5, "expected user. and a name");
    check_fault("missing user.", 9, "expected user. and a name");
    check_fault("has security.capability", 5, "expected user. and a name");
    check_fault("has \"user.\\x00\"", 5, "none of them 0");
    check_fault("has user.vexfs.vector", 5, "compare tag, row or stale");
    check_fault("xattr user." + std::string(251, 'a') + " = 1", 7, "at most 255 bytes");
}

TEST_CASE("filter: every error of type names its column and what was expected") {
    check_fault("type x", 6, "one of f d l s p b c, found 'x'");
    check_fault("type ff", 6, "one of f d l s p b c");
    check_fault("type \"f\"", 6, "one of f d l s p b c");
    check_fault("size > 1k", 8, "bytes such as 4096, 64K, 1M, 2G or 1T, found '1k'");
    check_fault("size > 1.5M", 8, "bytes such as");
    check_fault("size > 16777216T", 8, "bytes such as");
    check_fault("size > -1", 8, "bytes such as");
    check_fault("size > \"1\"", 8, "found the string \"1\"");
    check_fault("mtime > today", 9, "seconds since 1970");
    check_fault("mtime > 1.", 9, "seconds since 1970");
    check_fault("mtime > 1.0123456789", 9, "seconds since 1970");
    check_fault("mtime > 9223372036854775807", 9, "seconds since 1970");
    check_fault("age > 7", 7, "a span such as 90s, 15m, 12h, 7d or 2w, found '7'");
    check_fault("age > 7y", 7, "a span such as");
    check_fault("age > d", 7, "a span such as");
    check_fault("age > 9223372036854775808s", 7, "a span such as");
    check_fault("uid = root", 7, "an integer, 0 to 18446744073709551615, found 'root'");
    check_fault("gid = -1", 7, "an integer");
    check_fault("row = 18446744073709551616", 7, "an integer");
    check_fault("tag = 1.0", 7, "an integer");
    check_fault("tag x", 5, "or a range such as 10..19, found 'x'");
    check_fault("tag 5", 6, "expected .. and the end of the range, found the end");
    check_fault("tag 5..", 8, "an integer");
    check_fault("tag 5..x", 8, "an integer, 0 to 18446744073709551615, found 'x'");
    check_fault("tag 5...9", 8, "found '.9'");
    check_fault("tag ..9", 5, "or a range such as");
    check_fault("xattr user.a = en", 16, "a decimal number, or a string in quotes, found 'en'");
    check_fault("xattr user.a = 1e999", 16, "a decimal number");
    check_fault("xattr user.a", 13, "one of = != < <= > >=");
    check_fault("uid = " + std::string(200, 'x'), 7, "found '" + std::string(24, 'x') + "...'");
}

TEST_CASE("filter: nesting up to 32 and 4,096 bytes are taken, more is not") {
    TestFile file = report();
    const auto nots = [](size_t count) {
        std::string text;
        for (size_t i = 0; i < count; ++i)
            text += "not ";
        return text + "row = 3";
    };
    CHECK(passes(nots(32), file));
    check_fault(nots(33), 32 * 4 + 1, "nested deeper than 32");
    CHECK(passes(std::string(32, '(') + "row = 3" + std::string(32, ')'), file));
    check_fault(std::string(33, '(') + "row = 3" + std::string(33, ')'), 33,
                "nested deeper than 32");
    std::string side_by_side;
    for (size_t i = 0; i < 100; ++i)
        side_by_side += "(not row = 4) ";
    CHECK(passes(side_by_side, file));
    CHECK(passes("row = 3" + std::string(4096 - 7, ' '), file));
    check_fault("row = 3" + std::string(4097 - 7, ' '), 4097, "at most 4096 bytes");
}

TEST_CASE("filter: an age that begins before all time is refused") {
    FilterFault fault;
    CHECK_FALSE(Filter::compile("age < 9223372036854775807s", {-2, 0}, fault).has_value());
    CHECK(fault.column == 7);
    CHECK(Filter::compile("age < 9223372036854775807s", {0, 0}, fault).has_value());
}
