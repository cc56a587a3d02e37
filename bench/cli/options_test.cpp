// SPDX-License-Identifier: Apache-2.0
#include "bench/cli/options.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace vexfs {
namespace {

struct Bound {
    std::string file;
    uint64_t rows = 5;
    double percent = 1.5;
    bool json = false;
    std::string metric = "l2";
    std::vector<uint64_t> ef;
    std::vector<double> shares;
    Options options{"program [options]", "Does something."};

    Bound() {
        options.text("--file", "FILE", "what to read", &file);
        options.number("--rows", "N", "how many", 1, 100, &rows);
        options.real("--percent", "P", "how much", 0, 100, &percent);
        options.flag("--json", "as JSON", &json);
        options.choice("--metric", "which distance", {"l2", "dot"}, &metric);
        options.reals("--shares", "S,S", "parts", 0, 1, &shares);
        options.numbers("--ef", "N,N", "efforts", 1, 1000, &ef);
    }
    std::string complaint(std::vector<const char*> arguments) {
        return options.parse(arguments).value_or("");
    }
};

TEST_CASE("options: values arrive by both spellings") {
    Bound bound;
    CHECK(bound.complaint({"--file", "a.fbin", "--rows=7", "--percent", "0.1", "--json", "--metric",
                           "dot", "--ef", "10,20,30"}) == "");
    CHECK(bound.file == "a.fbin");
    CHECK(bound.rows == 7);
    CHECK(bound.percent == doctest::Approx(0.1));
    CHECK(bound.json);
    CHECK(bound.metric == "dot");
    CHECK(bound.ef == std::vector<uint64_t>{10, 20, 30});
    CHECK(bound.options.given("--rows"));
}

TEST_CASE("options: a complaint names the option, the value and what is accepted") {
    CHECK(Bound().complaint({"--rows", "101"}) == "--rows: '101' is outside 1..100");
    CHECK(Bound().complaint({"--rows", "ten"}) == "--rows: 'ten' is not a whole number");
    CHECK(Bound().complaint({"--rows", "-1"}) == "--rows: '-1' is not a whole number");
    CHECK(Bound().complaint({"--rows", "99999999999999999999"}) ==
          "--rows: '99999999999999999999' is not a whole number");
    CHECK(Bound().complaint({"--percent", "nan"}) == "--percent: 'nan' is not a number");
    CHECK(Bound().complaint({"--metric", "l1"}) == "--metric: 'l1' is none of l2|dot");
    CHECK(Bound().complaint({"--json=yes"}) == "--json takes no value");
    CHECK(Bound().complaint({"--file"}) == "--file needs a value: FILE");
    CHECK(Bound().complaint({"--json", "--json"}) == "--json is given twice");
    CHECK(Bound().complaint({"--json", "x"}) == "argument 2: 'x' is no option of this command");
    CHECK(Bound().complaint({"--ef", "10,"}) == "--ef: '' is not a whole number");
}

TEST_CASE("options: help names every option and its values") {
    Bound bound;
    CHECK(bound.complaint({"--help", "--nonsense"}) == "");
    CHECK(bound.options.wants_help());
    for (const char* word : {"--file FILE", "--rows N", "--json", "--metric l2|dot", "--ef N,N"})
        CHECK(bound.options.help().find(word) != std::string::npos);
}

} // namespace
} // namespace vexfs
