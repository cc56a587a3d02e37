// SPDX-License-Identifier: Apache-2.0
//
// The tree keeps its rules, and each rule is able to fail.
//
// A fixture is a small tree in fixtures/RULE/ that breaks that one rule and no other; its file
// EXPECTED lists the findings, line by line, as they are printed. A file that is too long is made
// by the test.
#include <algorithm>
#include <cstdio>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <set>

#include "userlib/testing/tidy/rules.h"

using namespace vexfs;

namespace {

const std::string kRoot = VEXFS_SOURCE_DIR;
const std::string kHere = "userlib/testing/tidy";

std::vector<std::string> lines_of_file(const std::string& path) {
    std::ifstream stream(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

Arrows real_arrows() {
    Result<Arrows> arrows = Arrows::parse(lines_of_file(kRoot + "/" + kHere + "/arrows.txt"));
    REQUIRE(arrows);
    return arrows.value();
}

Tree tree_of(const std::string& root) {
    Result<Tree> tree = read_tree(root);
    REQUIRE(tree);
    return std::move(tree).value();
}

// What breaks the rule and no other. Too many lines are made here: nobody reads them.
Tree fixture_of(const std::string& rule, const std::string& root) {
    if (rule == "file_length") {
        std::string text = "// SPDX-License-Identifier: Apache-2.0\n//\n"
                           "// A file of a small tree that breaks one rule.\n";
        for (int line = 4; line <= 801; ++line)
            text += "int line_" + std::to_string(line) + ";\n";
        Tree tree;
        tree.files.push_back(make_source_file("base/long.cpp", text));
        return tree;
    }
    Tree tree = tree_of(root);
    std::erase_if(tree.files, [](const SourceFile& file) { return file.path == "EXPECTED"; });
    return tree;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    return text;
}

} // namespace

TEST_CASE("tidy: the whole tree keeps every rule") {
    const Tree tree = tree_of(kRoot);
    CHECK(tree.find("base/result.h") != nullptr);
    for (const std::string& line : check_tree(tree, real_arrows()))
        FAIL_CHECK(line);
    for (const SourceFile& file : tree.files)
        if (file.is_source() && file.lines.size() > kLinesAimed)
            std::printf("%s: note: %zu lines; %zu are the aim\n", file.path.c_str(),
                        file.lines.size(), kLinesAimed);
}

TEST_CASE("tidy: every rule fails on its fixture with file, line and advice, and no other does") {
    const Arrows arrows = real_arrows();
    for (const Rule& rule : all_rules()) {
        const std::string root = kRoot + "/" + kHere + "/fixtures/" + rule.name;
        CAPTURE(rule.name);
        const std::vector<std::string> expected = lines_of_file(root + "/EXPECTED");
        CHECK(!expected.empty());
        CHECK(joined(check_tree(fixture_of(rule.name, root), arrows)) == joined(expected));
        for (const std::string& line : expected)
            CHECK(line.find(": " + std::string(rule.name) + ": ") != std::string::npos);
    }
}

TEST_CASE("tidy: every fixture belongs to a rule") {
    std::set<std::string> known = {"header_alone"}; // a test of its own in CMakeLists.txt
    for (const Rule& rule : all_rules())
        known.insert(rule.name);
    for (const auto& entry : std::filesystem::directory_iterator(kRoot + "/" + kHere + "/fixtures"))
        CHECK(known.count(entry.path().filename().string()) == 1);
}

TEST_CASE("tidy: a tree that is not there is an error") {
    CHECK(read_tree(kRoot + "/no-such-folder").error().code == Code::kENOENT);
}
