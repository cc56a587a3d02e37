// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/tidy/lexer.h"

#include <doctest/doctest.h>

#include "userlib/testing/tidy/tree.h"

using namespace vexfs;

namespace {

std::vector<std::string> names_in(const std::string& text) {
    std::vector<std::string> names;
    for (const FunctionSpan& span : functions_of_code(make_source_file("base/x.cpp", text).code))
        names.push_back(span.name + " " + std::to_string(span.first_line) + "-" +
                        std::to_string(span.last_line));
    return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("lexer: comments and the insides of literals become blanks, code stays in place") {
    CHECK(code_only("a // b\nc") == "a     \nc");
    CHECK(code_only("a /* b\n c */ d") == "a     \n      d");
    CHECK(code_only("f(\"x\\\"y\") + 'z'") == "f(\"    \") + ' '");
    CHECK(code_only("R\"-(a \" b)-\" c") == "R\"           c");
    CHECK(code_only("1'000'000 'x'") == "1'000'000 ' '");
    CHECK(code_only("// a \\\nb\nc") == "      \n \nc");
    CHECK(code_only("\"never ended\nx") == "\"           \nx");
    CHECK(code_only("/* never ended") == "              ");
}

TEST_CASE("lexer: a word is found only as a whole identifier") {
    CHECK(find_word("static_assert(x)", "assert(") == std::string_view::npos);
    CHECK(find_word("x = assert(y)", "assert(") == 4);
    CHECK(find_word("renew new_ new", "new") == 11);
}

TEST_CASE("lexer: functions are found in namespaces, classes and extern blocks") {
    CHECK(names_in("namespace a {\nvoid f() {\n    if (x) {\n    }\n}\n}\n") == Names{"f 2-5"});
    CHECK(names_in("class C {\n  public:\n    C() : a_(1), b_{2} {\n    }\n    int g() const {\n"
                   "        return 1;\n    }\n};\n") == Names{"C 3-4", "g 5-7"});
    CHECK(names_in("extern \"C\" {\nint\nh(int a,\n  int b)\n{\n}\n}\n") == Names{"h 2-6"});
    CHECK(names_in("template <class T>\nT f(T a = {}) {\n}\n") == Names{"f 1-3"});
    CHECK(names_in("struct stat* f(struct stat* s) {\n}\n") == Names{"f 1-2"});
    CHECK(names_in("auto C::f() -> int {\n}\n") == Names{"C::f 1-2"});
}

TEST_CASE("lexer: types, initialisers and macros are no functions") {
    CHECK(names_in("struct alignas(64) S {\n    int a;\n};\nclass M(\"x\") T : U {\n};\n").empty());
    CHECK(names_in("const int a[] = {f(1), f(2)};\nint b{g()};\n").empty());
    CHECK(names_in("#define F(x) \\\n    if (x) { \\\n    }\nenum class E { kA, kB };\n").empty());
    CHECK(names_in("template <typename T>\nrequires (sizeof(T) > 1) struct S {\n};\n").empty());
}

TEST_CASE("lexer: a lambda belongs to the function around it, one in a variable stands alone") {
    CHECK(names_in("void f() {\n    auto g = [](int a) {\n    };\n}\n") == Names{"f 1-4"});
    CHECK(names_in("const auto g = [](int a) {\n};\nvoid h() {\n}\n").size() == 2);
}

TEST_CASE("lexer: a function of a shell script ends at a brace in the first column") {
    const auto found = functions_of_shell({"one() { true; }", "two() {", "  {", "  }", "}", "x"});
    REQUIRE(found.size() == 2);
    CHECK(found[0].last_line == 1);
    CHECK(found[1].name == "two");
    CHECK(found[1].first_line == 2);
    CHECK(found[1].last_line == 5);
}
