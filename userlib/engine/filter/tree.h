// SPDX-License-Identifier: Apache-2.0
//
// A filter as a tree: tests, and what joins them.
//
// Threads: values.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "userlib/names/inode.h"

namespace vexfs {

enum class Comparison : uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
};

template <typename T>
bool holds(Comparison comparison, const T& left, const T& right) {
    switch (comparison) {
    case Comparison::kEqual:
        return left == right;
    case Comparison::kNotEqual:
        return left != right;
    case Comparison::kLess:
        return left < right;
    case Comparison::kLessEqual:
        return left <= right;
    case Comparison::kGreater:
        return left > right;
    case Comparison::kGreaterEqual:
        return left >= right;
    }
    return false;
}

struct RowTest {
    Comparison comparison{};
    uint64_t value = 0;
};
struct TagTest {
    Comparison comparison{};
    uint64_t value = 0;
};
struct TagRangeTest {
    uint64_t first = 0;
    uint64_t last = 0; // in it
};
struct StaleTest {};
struct TypeTest {
    uint32_t format = 0; // S_IF*
};
enum class InodeNumber : uint8_t { kSize, kUid, kGid };
struct InodeTest {
    InodeNumber number{};
    Comparison comparison{};
    uint64_t value = 0;
};
struct TimeTest { // of the last change of the data
    Comparison comparison{};
    Timestamp value;
};
struct NameTest {
    std::string glob;
};
struct PathTest {
    std::string glob;
};
struct HasTest {
    std::string name;
    bool wanted = true;
};
struct XattrNumberTest {
    std::string name;
    Comparison comparison{};
    double value = 0;
};
struct XattrTextTest {
    std::string name;
    Comparison comparison{};
    std::string value;
};

// The cheap ones first: what the row has at hand, its inode, its names, its attributes, its paths.
using FilterTest =
    std::variant<RowTest, TagTest, TagRangeTest, StaleTest, TypeTest, InodeTest, TimeTest, NameTest,
                 HasTest, XattrNumberTest, XattrTextTest, PathTest>;

struct FilterNode {
    enum class Kind : uint8_t { kTest, kNot, kAnd, kOr };

    Kind kind = Kind::kTest;
    FilterTest test{};               // kTest
    std::vector<FilterNode> parts{}; // kNot: one; kAnd, kOr: two or more
};

} // namespace vexfs
