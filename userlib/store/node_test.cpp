// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/node.h"

#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

namespace vexfs {

namespace {

constexpr size_t kPageBytes = 1024;

using Page = std::vector<std::byte>;
using Entries = std::map<PackedKey, Page>;

PackedKey key_of(uint64_t i) {
    return PackedKey(Key{i, 1, 0, 0});
}

Page leaf() {
    Page page(kPageBytes, std::byte{0xee});
    NodeEditor(page).format(0, PackedKey(), PackedKey::highest());
    return page;
}

Page leaf_of(const Entries& entries) {
    Page page = leaf();
    NodeEditor node(page);
    for (const auto& [key, value] : entries)
        node.insert(node.count(), key, value);
    return page;
}

// An inner node with `count` children, which begin at the keys 0, 1, 2 ...
Page inner_of(size_t count) {
    Page page(kPageBytes);
    NodeEditor node(page);
    node.format(1, PackedKey(), PackedKey::highest());
    for (size_t i = 0; i < count; ++i) {
        Pointer pointer;
        pointer.birth = i;
        node.insert(i, i == 0 ? PackedKey() : key_of(i), bytes_of(pointer));
    }
    return page;
}

bool valid(const Page& page) {
    return NodeView(page).validate().has_value();
}

// What validate() says of the page after `change` was made to it.
template <typename Change>
std::string refusal(Page page, Change change) {
    change(page);
    const Status status = NodeView(page).validate();
    return status ? "" : status.error().what;
}

} // namespace

TEST_CASE(
    "node: after any edits it holds what a map holds, and is the same bytes as one made anew") {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Page page = leaf();
        NodeEditor node(page);
        Entries expected;
        for (int step = 0; step < 300; ++step) {
            const PackedKey key = key_of(random.below(40));
            const Page value(random.below(60), static_cast<std::byte>(step));
            const size_t at = node.lower_bound(key);
            const bool there = at < node.count() && node.key(at) == key;
            REQUIRE(there == expected.contains(key));
            const size_t given = there ? kEntryOverhead + node.value(at).size() : 0;
            if (there && random.chance(1, 3)) {
                node.erase(at);
                expected.erase(key);
            } else if (node.free_bytes() + given >= kEntryOverhead + value.size()) {
                there ? node.replace(at, value) : node.insert(at, key, value);
                expected[key] = value;
            }
            REQUIRE(page == leaf_of(expected));
            REQUIRE(valid(page));
        }
    }
}

TEST_CASE("node: a split and an append undo each other, whatever entry the split is at") {
    Entries entries;
    for (uint64_t i = 0; i < 12; ++i)
        entries[key_of(i)] = Page(i * 5, static_cast<std::byte>(i));
    const Page whole = leaf_of(entries);
    for (size_t at = 1; at < entries.size(); ++at) {
        CAPTURE(at);
        Page left = whole;
        Page right(kPageBytes);
        NodeEditor(left).split_at(at, right);
        CHECK(valid(left));
        CHECK(valid(right));
        CHECK(NodeView(left).count() == at);
        CHECK(NodeView(left).head().upper == key_of(at));
        CHECK(NodeView(right).head().lower == key_of(at));
        CHECK(NodeView(right).head().upper == PackedKey::highest());
        NodeEditor(left).append(NodeView(right));
        CHECK(left == whole);
    }
}

TEST_CASE("node: every key belongs to one child, and the fences bound what it covers") {
    const Page page = inner_of(4);
    const NodeView node(page);
    CHECK(valid(page));
    CHECK(node.covering(PackedKey()) == 0);
    CHECK(node.covering(PackedKey(Key{0, 5, 7, 0})) == 0);
    CHECK(node.covering(key_of(1)) == 1);
    CHECK(node.covering(PackedKey(Key{1, 1, 0, 1})) == 1);
    CHECK(node.covering(key_of(900)) == 3);
    CHECK(node.upper_of(0) == key_of(1));
    CHECK(node.upper_of(3) == PackedKey::highest());
    CHECK(node.child(2).birth == 2);
}

TEST_CASE("node: four entries of the largest value fit a page of any size") {
    for (const size_t bytes : {512, 1024, 4096, 16384}) {
        CAPTURE(bytes);
        Page page(bytes);
        NodeEditor node(page);
        node.format(0, PackedKey(), PackedKey::highest());
        for (uint64_t i = 0; i < 4; ++i)
            node.insert(i, key_of(i), Page(node_value_bytes_max(bytes), std::byte{1}));
        CHECK(valid(page));
        CHECK(node.free_bytes() < kEntryOverhead + node_value_bytes_max(bytes));
    }
}

TEST_CASE("node: what the code relies on is checked by name") {
    const Page good = leaf_of({{key_of(1), Page(9)}, {key_of(2), Page(9)}, {key_of(3), Page(9)}});
    const auto head = [](Page& page) -> NodeHead& {
        return NodeEditor(page).edit_head();
    };
    const auto offset = [](Page& page, size_t i, uint16_t value) {
        store_le<uint16_t>(page.data() + page.size() - (i + 1) * 2, value);
    };
    CHECK(refusal(good, [](Page&) {}).empty());
    CHECK(refusal(good, [&](Page& p) { head(p).magic ^= 1; }) == "node: magic");
    CHECK(refusal(good, [&](Page& p) { head(p).zero1 = 1; }) ==
          "node: reserved bytes are not zero");
    CHECK(refusal(good, [&](Page& p) { head(p).lower = PackedKey::highest(); }) ==
          "node: fences are not in order");
    CHECK(refusal(good, [&](Page& p) { head(p).count = 600; }) ==
          "node: entries do not fit the page");
    CHECK(refusal(good, [&](Page& p) { head(p).end = 20; }) == "node: entries do not fit the page");
    CHECK(refusal(good, [&](Page& p) { p[500] = std::byte{1}; }) ==
          "node: bytes between the entries and their offsets");
    CHECK(refusal(good, [&](Page& p) { offset(p, 0, 80); }) ==
          "node: first entry is not behind the head");
    CHECK(refusal(good, [&](Page& p) { offset(p, 1, 70); }) == "node: offsets are not in order");
    CHECK(refusal(good, [&](Page& p) { offset(p, 2, 2000); }) == "node: offsets are not in order");
    CHECK(refusal(good, [&](Page& p) { p[72 + 7] = std::byte{9}; }) ==
          "node: keys are not in order");
    CHECK(refusal(good, [&](Page& p) { head(p).lower = key_of(2); }) ==
          "node: key is outside the fences");
    CHECK(refusal(good, [&](Page& p) { head(p).level = 1; }) ==
          "node: entry of an inner node is not a pointer");
    CHECK(refusal(inner_of(3), [&](Page& p) { p[72] = std::byte{1}; }) ==
          "node: keys are not in order");
    CHECK(refusal(inner_of(1), [&](Page& p) { p[72 + 18] = std::byte{1}; }) ==
          "node: first child does not begin at the fence");
    Page empty(kPageBytes);
    NodeEditor(empty).format(1, PackedKey(), PackedKey::highest());
    CHECK(refusal(empty, [](Page&) {}) == "node: inner node without a child");
}

} // namespace vexfs
