// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/page_array.h"

#include <sys/mman.h>

#include <atomic>
#include <cstring>
#include <doctest/doctest.h>
#include <thread>
#include <vector>

using namespace vexfs;
using namespace vexfs::index;

TEST_CASE("page array: rows keep place and content while the array grows far away") {
    PageArray rows(24);
    REQUIRE(rows.ensure(5));
    std::byte* fifth = rows.row(5);
    std::memset(fifth, 7, 24);
    for (uint32_t slot : {kRowsPerPage - 1, kRowsPerPage, 40 * kRowsPerPage, kMaxSlots - 1})
        REQUIRE(rows.ensure(slot));
    CHECK(rows.row(5) == fifth);
    CHECK(fifth[23] == std::byte{7});
    CHECK(rows.row(kMaxSlots - 1)[0] == std::byte{0});
    CHECK_FALSE(rows.has(2 * kRowsPerPage));
}

TEST_CASE("page array: a small array is counted as small and never below what it holds") {
    PageArray rows(64);
    REQUIRE(rows.ensure(99));
    CHECK(rows.bytes() >= 100 * 64);
    CHECK(rows.bytes() <= 100 * 64 + 2 * 4096);
    REQUIRE(rows.ensure(kRowsPerPage));
    CHECK(rows.bytes() >= size_t{64} * (kRowsPerPage + 1));
}

TEST_CASE("page array: it costs what it holds, and counts what the kernel counts") {
    constexpr size_t kRowBytes = 128;
    for (uint32_t count : {3'000U, 8'191U, 8'193U, 20'000U, kRowsPerPage, kRowsPerPage + 5'000}) {
        CAPTURE(count);
        PageArray rows(kRowBytes);
        for (uint32_t slot = 0; slot < count; ++slot) {
            REQUIRE(rows.ensure(slot));
            std::memset(rows.row(slot), 1, kRowBytes);
        }
        size_t resident = 0;
        for (uint32_t first = 0; first < count; first += kRowsPerPage) {
            std::vector<unsigned char> in_memory(kRowBytes * kRowsPerPage / 4096);
            REQUIRE(mincore(rows.row(first), kRowBytes * kRowsPerPage, in_memory.data()) == 0);
            for (unsigned char page : in_memory)
                resident += (page & 1) * size_t{4096};
        }
        CHECK(resident >= count * kRowBytes);
        CHECK(resident <= rows.bytes());
        CHECK(rows.bytes() <= count * kRowBytes + (size_t{1} << 20) + 2 * 4096);
    }
}

TEST_CASE("page array: rows far ahead of the others keep them all in place") {
    PageArray rows(64);
    REQUIRE(rows.ensure(3 * kRowsPerPage - 1));
    for (uint32_t slot = 0; slot < 3 * kRowsPerPage; slot += 7) {
        REQUIRE(rows.ensure(slot));
        std::memcpy(rows.row(slot), &slot, sizeof slot);
    }
    REQUIRE(rows.ensure(kMaxSlots - 1));
    uint32_t wrong = 0;
    for (uint32_t slot = 0; slot < 3 * kRowsPerPage; slot += 7)
        wrong += std::memcmp(rows.row(slot), &slot, sizeof slot) != 0 ? 1 : 0;
    CHECK(wrong == 0);
}

TEST_CASE("page array: readers see rows that a growing writer has published") {
    PageArray rows(sizeof(uint32_t));
    constexpr uint32_t kRows = 20 * kRowsPerPage;
    std::atomic<uint32_t> published = 0;
    std::thread writer([&] {
        for (uint32_t slot = 0; slot < kRows; slot += 977) {
            REQUIRE(rows.ensure(slot));
            *rows.row_as<uint32_t>(slot) = slot;
            published.store(slot + 1, std::memory_order_release);
        }
    });
    uint32_t wrong = 0;
    for (uint32_t seen = 0; seen + 977 < kRows;) {
        seen = published.load(std::memory_order_acquire);
        for (uint32_t slot = 0; slot < seen; slot += 977)
            wrong += *rows.row_as<uint32_t>(slot) != slot;
    }
    writer.join();
    CHECK(wrong == 0);
}
