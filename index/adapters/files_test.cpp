// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/random.h"
#include "index/adapters/faiss_file.h"
#include "index/adapters/faiss_index.h"
#include "index/adapters/hnswlib_file.h"
#include "index/adapters/hnswlib_index.h"

namespace vexfs::index {
namespace {

std::vector<float> random_rows(uint32_t rows, uint32_t dim) {
    Random random(11);
    std::vector<float> out(size_t{rows} * dim);
    for (float& value : out)
        value = static_cast<float>(random.normal());
    return out;
}

// What the library writes for the index.
std::vector<std::byte> saved(VectorIndex& index) {
    std::string path = (std::filesystem::temp_directory_path() / "vexfs-XXXXXX").string();
    const int descriptor = ::mkstemp(path.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    REQUIRE(index.save(path).has_value());
    std::ifstream stream(path, std::ios::binary);
    const std::vector<char> chars{std::istreambuf_iterator<char>(stream), {}};
    std::filesystem::remove(path);
    const Bytes bytes = std::as_bytes(std::span(chars));
    return {bytes.begin(), bytes.end()};
}

std::unique_ptr<VectorIndex> hnswlib_of(uint32_t rows, uint32_t dim) {
    auto index = make_hnswlib_index({Metric::kL2, dim, rows, 4, 20, 1}, Isa::kScalar).value();
    REQUIRE(index->build(random_rows(rows, dim), 1).has_value());
    return index;
}

std::unique_ptr<VectorIndex> faiss_of(Metric metric, uint32_t rows, uint32_t dim) {
    auto index = make_faiss_index({metric, dim, rows, 4, 20, 1}).value();
    REQUIRE(index->build(random_rows(rows, dim), 1).has_value());
    return index;
}

// Everything that ImportedIndex promises.
void check_consistent(const ImportedIndex& index) {
    CHECK(index.vectors.size() == size_t{index.rows} * index.dim);
    CHECK(index.labels.size() == index.rows);
    CHECK(index.deleted.size() == index.rows);
    for (uint32_t row = 0; row < index.links.rows(); ++row) {
        for (uint32_t level = 0; level < index.links.levels_of(row); ++level) {
            for (uint32_t target : index.links.of(row, level))
                CHECK((target < index.rows && index.links.levels_of(target) > level));
        }
    }
}

// Cuts the file at every length, and flips bits of every byte, one at a time.
template <typename Parse>
void damage_everywhere(const std::vector<std::byte>& whole, Parse parse) {
    for (size_t length = 0; length < whole.size(); ++length) {
        // A copy of exactly this size, so that a read beyond it is one that a sanitizer sees.
        const std::vector<std::byte> cut(whole.begin(), whole.begin() + ptrdiff_t(length));
        CHECK_FALSE(parse(cut).has_value());
    }
    std::vector<std::byte> longer = whole;
    longer.push_back(std::byte{0});
    CHECK_FALSE(parse(longer).has_value());
    for (size_t place = 0; place < whole.size(); ++place) {
        for (unsigned flip : {0x01U, 0x80U, 0xffU}) {
            std::vector<std::byte> damaged = whole;
            damaged[place] ^= static_cast<std::byte>(flip);
            const auto parsed = parse(damaged);
            if (parsed)
                check_consistent(*parsed);
        }
    }
}

Result<ImportedIndex> parse_faiss(Bytes bytes) {
    FaissFile file = VEXFS_TRY(parse_faiss_file(bytes));
    return std::move(file.index);
}

TEST_CASE("hnswlib file: vectors, labels, marks and links come back") {
    constexpr uint32_t kRows = 500;
    auto index = hnswlib_of(kRows, 6);
    const ImportedIndex imported = parse_hnswlib_file(saved(*index)).value();
    check_consistent(imported);
    CHECK(imported.rows == kRows);
    CHECK(imported.dim == 6);
    CHECK(imported.vectors == random_rows(kRows, 6));
    CHECK(imported.labels[499] == 499);
    CHECK(imported.links.rows() == kRows);
    CHECK(imported.links.levels_of(imported.entry) >= 2);
    CHECK(imported.links.of(0, 0).size() >= 2);
}

TEST_CASE("hnswlib file: an index that rows were removed from and put back into is whole") {
    constexpr uint32_t kRows = 300;
    auto index = hnswlib_of(kRows, 6);
    const std::vector<float> fresh = random_rows(2 * kRows, 6);
    for (uint32_t slot = 0; slot < kRows; slot += 2)
        REQUIRE(index->remove(slot).has_value());
    for (uint32_t slot = 0; slot < kRows; slot += 4)
        REQUIRE(index->insert(slot, std::span(fresh).subspan((kRows + slot) * 6, 6)).has_value());
    const ImportedIndex imported = parse_hnswlib_file(saved(*index)).value();
    check_consistent(imported);
    CHECK(std::count(imported.deleted.begin(), imported.deleted.end(), true) == 75);
    CHECK(imported.deleted[2]);
    CHECK_FALSE(imported.deleted[4]);
    CHECK(imported.vectors[4 * 6] == fresh[(kRows + 4) * 6]);
}

TEST_CASE("hnswlib file: an empty index is read, and a copy damaged anywhere never misleads") {
    auto empty = make_hnswlib_index({Metric::kL2, 3, 5, 2, 10, 1}, Isa::kScalar).value();
    CHECK(parse_hnswlib_file(saved(*empty))->rows == 0);
    auto index = hnswlib_of(40, 3);
    damage_everywhere(saved(*index), parse_hnswlib_file);
}

TEST_CASE("faiss file: flat storage and graph come back for both metrics") {
    for (Metric metric : {Metric::kL2, Metric::kDot}) {
        auto index = faiss_of(metric, 500, 6);
        const FaissFile file = parse_faiss_file(saved(*index)).value();
        check_consistent(file.index);
        CHECK(file.metric == metric);
        CHECK(file.index.rows == 500);
        CHECK(file.index.vectors == random_rows(500, 6));
        CHECK(file.index.links.rows() == 500);
        CHECK(file.index.links.levels_of(file.index.entry) >= 2);
    }
}

TEST_CASE("faiss file: a flat index is read and one of another kind is not supported") {
    auto index = faiss_of(Metric::kL2, 30, 3);
    const std::vector<std::byte> whole = saved(*index);
    const std::byte mark[] = {std::byte{'I'}, std::byte{'x'}, std::byte{'F'}, std::byte{'2'}};
    const auto flat = std::search(whole.begin(), whole.end(), std::begin(mark), std::end(mark));
    const std::vector<std::byte> storage(flat, whole.end());
    const FaissFile file = parse_faiss_file(storage).value();
    CHECK(file.index.vectors == random_rows(30, 3));
    CHECK(file.index.links.rows() == 0);
    damage_everywhere(storage, parse_faiss);

    std::vector<std::byte> other = whole;
    other[1] = std::byte{'w'};
    CHECK(parse_faiss_file(other).error() == fail(Code::kEOPNOTSUPP, ""));
}

TEST_CASE("faiss file: a graph damaged anywhere never misleads") {
    auto index = faiss_of(Metric::kL2, 30, 3);
    damage_everywhere(saved(*index), parse_faiss);
}

} // namespace
} // namespace vexfs::index
