// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/cache.h"

#include <string>

#include <doctest/doctest.h>

namespace vexfs {

namespace {

using TextCache = Cache<std::string>;

TextCache::Handle text(const char* content) {
    return std::make_shared<const std::string>(content);
}

} // namespace

TEST_CASE("cache: a value is found until its key is erased or replaced") {
    TextCache cache(100);
    cache.put(1, text("a"), 10);
    REQUIRE(cache.get(1));
    CHECK(*cache.get(1) == "a");
    cache.put(1, text("b"), 20);
    CHECK(*cache.get(1) == "b");
    CHECK(cache.counts().bytes == 20);
    cache.erase(1);
    CHECK_FALSE(cache.get(1));
    CHECK(cache.counts().bytes == 0);
}

TEST_CASE("cache: it never holds more than its budget") {
    TextCache cache(100);
    for (uint64_t key = 0; key < 1000; ++key) {
        cache.put(key, text("x"), 7 + key % 13);
        cache.get(key * 7 % (key + 1));
        CHECK(cache.counts().bytes <= 100);
    }
    cache.put(5000, text("too large"), 101);
    CHECK(cache.counts().bytes <= 100);
}

TEST_CASE("cache: a smaller budget holds at once, a larger one from then on") {
    TextCache cache(100);
    for (uint64_t key = 0; key < 10; ++key)
        cache.put(key, text("x"), 10);
    cache.set_budget(40);
    CHECK(cache.counts().bytes == 40);
    cache.set_budget(0);
    CHECK(cache.counts().bytes == 0);
    cache.set_budget(50);
    for (uint64_t key = 0; key < 10; ++key)
        cache.put(key, text("x"), 10);
    CHECK(cache.counts().bytes == 50);
}

TEST_CASE("cache: a scan does not push out what is used again and again") {
    TextCache cache(1000);
    for (uint64_t key = 0; key < 50; ++key)
        cache.put(key, text("hot"), 10);
    for (uint64_t key = 0; key < 50; ++key)
        cache.get(key);
    for (uint64_t key = 1000; key < 11000; ++key)
        cache.put(key, text("cold"), 10);
    uint64_t kept = 0;
    for (uint64_t key = 0; key < 50; ++key)
        kept += cache.get(key) ? 1 : 0;
    CHECK(kept == 50);
}

TEST_CASE("cache: a value that somebody holds outlives its place") {
    TextCache cache(10);
    cache.put(1, text("held"), 10);
    const TextCache::Handle held = cache.get(1);
    cache.put(2, text("next"), 10);
    cache.put(3, text("next"), 10);
    CHECK(*held == "held");
}

} // namespace vexfs
