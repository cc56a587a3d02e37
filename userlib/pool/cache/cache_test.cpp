// SPDX-License-Identifier: Apache-2.0
//
// What every policy has to do, and what each is known for.
#include "userlib/pool/cache/cache.h"

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/pool/cache/arc.h"
#include "userlib/pool/cache/s3_fifo.h"

namespace vexfs {

namespace {

using Texts = Cache<std::string>;

Texts::Handle text(const std::string& content) {
    return std::make_shared<const std::string>(content);
}

// As a reader does it. Whether it was there.
bool ask(Texts& cache, uint64_t key, size_t bytes = 10) {
    if (cache.get(key))
        return true;
    cache.put(key, text("x"), bytes);
    return false;
}

} // namespace

TEST_CASE_TEMPLATE("cache: a value is found until its key is erased or replaced", Policy,
                   S3Fifo<std::string>, Arc<std::string>) {
    Policy cache(100);
    Texts& texts = cache;
    texts.put(1, text("a"), 10);
    REQUIRE(texts.get(1));
    CHECK(*texts.get(1) == "a");
    texts.put(1, text("b"), 20);
    CHECK(*texts.get(1) == "b");
    CHECK(texts.counts().bytes == 20);
    CHECK(texts.counts().values == 1);
    texts.erase(1);
    texts.erase(1);
    CHECK_FALSE(texts.get(1));
    CHECK(texts.counts().bytes == 0);
    CHECK(texts.counts().hits == 3);
    CHECK(texts.counts().misses == 1);
}

TEST_CASE_TEMPLATE("cache: it never holds more than its budget", Policy, S3Fifo<std::string>,
                   Arc<std::string>) {
    Policy cache(100);
    Texts& texts = cache;
    for (uint64_t key = 0; key < 1000; ++key) {
        texts.put(key, text("x"), 7 + key % 13);
        texts.get(key * 7 % (key + 1));
        CHECK(texts.counts().bytes <= 100);
    }
    texts.put(5000, text("too large"), 101);
    CHECK_FALSE(texts.get(5000));
    CHECK(texts.counts().bytes <= 100);
}

TEST_CASE_TEMPLATE("cache: a smaller budget holds at once, a larger one from then on", Policy,
                   S3Fifo<std::string>, Arc<std::string>) {
    Policy cache(100);
    Texts& texts = cache;
    for (uint64_t key = 0; key < 10; ++key)
        texts.put(key, text("x"), 10);
    texts.set_budget(40);
    CHECK(texts.budget() == 40);
    CHECK(texts.counts().bytes == 40);
    texts.set_budget(0);
    CHECK(texts.counts().bytes == 0);
    texts.set_budget(50);
    for (uint64_t key = 0; key < 10; ++key)
        texts.put(key, text("x"), 10);
    CHECK(texts.counts().bytes == 50);
}

TEST_CASE_TEMPLATE("cache: a scan does not push out what is used again and again", Policy,
                   S3Fifo<std::string>, Arc<std::string>) {
    Policy cache(1000);
    Texts& texts = cache;
    for (uint64_t key = 0; key < 50; ++key)
        texts.put(key, text("hot"), 10);
    for (uint64_t key = 0; key < 50; ++key)
        texts.get(key);
    for (uint64_t key = 1000; key < 11000; ++key)
        texts.put(key, text("cold"), 10);
    uint64_t kept = 0;
    for (uint64_t key = 0; key < 50; ++key)
        kept += texts.get(key) ? 1 : 0;
    CHECK(kept == 50);
}

TEST_CASE_TEMPLATE("cache: a value that somebody holds outlives its place", Policy,
                   S3Fifo<std::string>, Arc<std::string>) {
    Policy cache(10);
    Texts& texts = cache;
    texts.put(1, text("held"), 10);
    const Texts::Handle held = texts.get(1);
    texts.put(2, text("next"), 10);
    texts.put(3, text("next"), 10);
    CHECK(*held == "held");
}

TEST_CASE_TEMPLATE("cache: only what was asked for again is told when it leaves", Policy,
                   S3Fifo<std::string>, Arc<std::string>) {
    Policy cache(100);
    Texts& texts = cache;
    std::vector<Texts::Left> left;
    for (uint64_t key = 0; key < 100; ++key)
        texts.put(key, text("once"), 10, &left, Texts::Past::kUnknown);
    CHECK(left.empty());
    for (uint64_t key = 1000; key < 1100; ++key) {
        texts.put(key, text(std::to_string(key)), 10, &left, Texts::Past::kProven);
        texts.get(key);
    }
    CHECK(left.size() > 50);
    for (const Texts::Left& one : left)
        CHECK(*one.value == std::to_string(one.key));
}

TEST_CASE_TEMPLATE("cache: what was put ahead, and read in pieces, has been asked for once", Policy,
                   S3Fifo<std::string>, Arc<std::string>) {
    Policy cache(1000);
    Texts& texts = cache;
    for (uint64_t key = 0; key < 50; ++key) {
        ask(texts, key);
        ask(texts, key);
    }
    for (uint64_t key = 1000; key < 11000; ++key) {
        texts.put(key, text("ahead"), 10, nullptr, Texts::Past::kAhead);
        CHECK(texts.contains(key));
        if (key % 3 == 0) // many are never asked for
            continue;
        CHECK(texts.get(key));
        for (int piece = 1; piece < 16; ++piece)
            CHECK(texts.get(key, Texts::Use::kUncounted));
    }
    CHECK_FALSE(texts.contains(1000));
    uint64_t kept = 0;
    for (uint64_t key = 0; key < 50; ++key)
        kept += texts.contains(key) ? 1 : 0;
    CHECK(kept == 50);
}

TEST_CASE_TEMPLATE("cache: random operations find the last value or nothing", Policy,
                   S3Fifo<std::string>, Arc<std::string>) {
    Policy cache(3000);
    Texts& texts = cache;
    Random random(5);
    std::map<uint64_t, std::string> last;
    uint64_t found = 0;
    for (int i = 0; i < 200'000; ++i) {
        const uint64_t key = random.chance(1, 2) ? random.below(100) : random.below(2000);
        switch (random.below(20)) {
        case 0:
            texts.erase(key);
            last.erase(key);
            break;
        case 1:
            texts.set_budget(random.chance(1, 50) ? 0 : 1000 + random.below(4000));
            break;
        default:
            if (const Texts::Handle there = texts.get(key)) {
                REQUIRE(last.contains(key));
                REQUIRE(*there == last[key]);
                ++found;
            } else {
                last[key] = std::to_string(i);
                texts.put(key, text(last[key]), 1 + random.below(60), nullptr,
                          random.chance(1, 5) ? Texts::Past::kProven : Texts::Past::kUnknown);
            }
        }
        REQUIRE(texts.counts().bytes <= texts.budget());
    }
    CHECK(found > 30'000);
}

TEST_CASE_TEMPLATE("cache: threads find what was put, or nothing", Policy, S3Fifo<std::string>,
                   Arc<std::string>) {
    Policy cache(2000);
    Texts& texts = cache;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (uint64_t seed = 1; seed <= 3; ++seed)
        threads.emplace_back([&, seed] {
            Random random(seed);
            for (int i = 0; i < 20'000; ++i) {
                const uint64_t key = random.below(400);
                if (const Texts::Handle there = texts.get(key))
                    wrong += *there == std::to_string(key) ? 0 : 1;
                else
                    texts.put(key, text(std::to_string(key)), 1 + key % 20);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(wrong == 0);
    CHECK(texts.counts().bytes <= 2000);
}

TEST_CASE("arc: a key that comes back moves the target towards the list that it had left") {
    Arc<std::string> cache(100);
    CHECK(cache.target() == 0);
    // Five of the ten are asked for again, so that values asked for once leave before them.
    for (uint64_t key = 0; key < 5; ++key) {
        ask(cache, key);
        ask(cache, key);
    }
    for (uint64_t key = 100; key < 110; ++key)
        ask(cache, key);
    CHECK_FALSE(ask(cache, 102)); // had left the values asked for once
    const size_t raised = cache.target();
    CHECK(raised == 10);
    CHECK(ask(cache, 102));
    // Now it is values asked for again that have to leave, this one the last of them.
    for (uint64_t key = 200; key < 209; ++key) {
        ask(cache, key);
        ask(cache, key);
    }
    CHECK_FALSE(ask(cache, 102));
    CHECK(cache.target() < raised);
}

TEST_CASE("arc: the target moves by as many sizes as the other list remembers more") {
    Arc<std::string> cache(100);
    for (uint64_t key = 0; key < 30; ++key) { // so that many asked for again have gone
        ask(cache, key);
        ask(cache, key);
    }
    for (uint64_t key = 100; key < 104; ++key)
        ask(cache, key);
    REQUIRE(cache.known_bytes() > 150);
    CHECK(cache.target() == 0);
    uint64_t back = 100;
    while (back < 104 && cache.get(back))
        ++back;
    REQUIRE(back < 104);
    static_cast<Texts&>(cache).put(back, text("x"), 10);
    CHECK(cache.target() > 10);
    CHECK(cache.target() <= 100);
}

TEST_CASE("arc: it remembers at most as much again as it holds") {
    Arc<std::string> cache(1000);
    Random random(2);
    for (int i = 0; i < 50'000; ++i) {
        ask(cache, random.below(500), 1 + random.below(40));
        REQUIRE(cache.known_bytes() <= 2000);
        REQUIRE(cache.target() <= 1000);
    }
    cache.set_budget(100);
    CHECK(cache.known_bytes() <= 200);
    CHECK(cache.target() <= 100);
}

TEST_CASE("arc: it adapts to work that changes from the frequent to the recent") {
    Arc<std::string> cache(1000);
    // A set that is asked for again and again, while others pass by once.
    Random random(3);
    for (uint64_t i = 0; i < 20'000; ++i)
        ask(cache, random.chance(1, 2) ? random.below(90) : 1'000'000 + i);
    const size_t frequent = cache.target();
    CHECK(frequent < 300);
    // Each is asked for a second time soon after, and then never again.
    for (uint64_t i = 0; i < 20'000; ++i) {
        ask(cache, 2'000'000 + i);
        if (i >= 60)
            ask(cache, 2'000'000 + i - 60);
    }
    CHECK(cache.target() > frequent + 300);
}

} // namespace vexfs
