// SPDX-License-Identifier: Apache-2.0
#include "bench/data/formats.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <unistd.h>

#include "base/bytes.h"
#include "base/random.h"
#include "bench/data/file.h"

namespace vexfs {
namespace {

using index::Element;

// A folder of its own that is gone with the test.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "vexfs-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

Matrix counted_matrix(Element element, size_t rows, uint32_t dim) {
    Matrix matrix{element, dim, rows, {}};
    Random random(7);
    for (size_t i = 0; i < rows * dim; ++i) {
        if (element != Element::kF32) {
            matrix.bytes.push_back(static_cast<std::byte>(random.next()));
            continue;
        }
        const auto value = static_cast<float>(random.normal());
        const Bytes raw = bytes_of(value);
        matrix.bytes.insert(matrix.bytes.end(), raw.begin(), raw.end());
    }
    return matrix;
}

std::vector<std::byte> contents(const std::string& path) {
    InputFile file = InputFile::open(path).value();
    std::vector<std::byte> bytes(file.size_bytes());
    REQUIRE(file.read(0, bytes).has_value());
    return bytes;
}

struct Case {
    const char* name;
    Element element;
};
constexpr Case kCases[] = {{"a.fbin", Element::kF32}, {"a.u8bin", Element::kU8},
                           {"a.i8bin", Element::kI8}, {"a.fvecs", Element::kF32},
                           {"a.bvecs", Element::kU8}, {"f.npy", Element::kF32},
                           {"u.npy", Element::kU8},   {"i.npy", Element::kI8}};

TEST_CASE("formats: what is written is read back, whole or in part") {
    Folder folder;
    for (const Case& format : kCases) {
        CAPTURE(format.name);
        const Matrix matrix = counted_matrix(format.element, 13, 7);
        REQUIRE(write_vectors(folder.file(format.name), matrix).has_value());
        const Matrix whole = read_vectors(folder.file(format.name)).value();
        CHECK(whole.element == matrix.element);
        CHECK(whole.dim == 7);
        CHECK(whole.rows == 13);
        CHECK(whole.bytes == matrix.bytes);
        const Matrix part = read_vectors(folder.file(format.name), 5).value();
        CHECK(part.rows == 5);
        CHECK(part.bytes == std::vector(matrix.bytes.begin(),
                                        matrix.bytes.begin() + ptrdiff_t(5 * matrix.row_bytes())));
    }
}

TEST_CASE("formats: a file cut off anywhere, or longer than it says, is an error") {
    Folder folder;
    for (const Case& format : kCases) {
        CAPTURE(format.name);
        const std::string path = folder.file(format.name);
        REQUIRE(write_vectors(path, counted_matrix(format.element, 3, 5)).has_value());
        const std::vector<std::byte> whole = contents(path);
        const bool headless = std::string_view(format.name).ends_with("vecs");
        const size_t row = whole.size() / 3;
        for (size_t length = 0; length < whole.size(); ++length) {
            REQUIRE(write_file(path, {Bytes(whole).first(length)}).has_value());
            // Without a header a file cut between two rows is a shorter file.
            CHECK(read_vectors(path).has_value() == (headless && length > 0 && length % row == 0));
        }
        REQUIRE(write_file(path, {whole, Bytes(whole).first(1)}).has_value());
        CHECK(read_vectors(path).error() == fail(Code::kEBADMSG, ""));
    }
}

TEST_CASE("formats: headers that claim more than the file holds are refused before allocation") {
    Folder folder;
    const std::string path = folder.file("a.fbin");
    for (const auto& [rows, dim] : {std::pair<uint32_t, uint32_t>{0xffffffff, 65535},
                                    {0xffffffff, 0xffffffff},
                                    {0, 4},
                                    {4, 0},
                                    {1, 65536}}) {
        std::byte head[8];
        store_le<uint32_t>(head, rows);
        store_le<uint32_t>(head + 4, dim);
        REQUIRE(write_file(path, {head}).has_value());
        CHECK(read_vectors(path).error() == fail(Code::kEBADMSG, ""));
    }
}

TEST_CASE("formats: infinity, not-a-number and rows of two dimensions are refused") {
    Folder folder;
    Matrix matrix = counted_matrix(Element::kF32, 2, 2);
    for (uint32_t bits : {0x7f800000U, 0xff800000U, 0x7fc00000U}) {
        store_le<uint32_t>(matrix.bytes.data() + 12, bits);
        REQUIRE(write_vectors(folder.file("a.fbin"), matrix).has_value());
        CHECK_FALSE(read_vectors(folder.file("a.fbin")).has_value());
    }
    REQUIRE(write_vectors(folder.file("a.bvecs"), counted_matrix(Element::kU8, 2, 4)).has_value());
    std::vector<std::byte> raw = contents(folder.file("a.bvecs"));
    raw[8] = std::byte{3};
    REQUIRE(write_file(folder.file("a.bvecs"), {raw}).has_value());
    CHECK_FALSE(read_vectors(folder.file("a.bvecs")).has_value());
}

TEST_CASE("formats: idx files of one and of three axes become rows of bytes") {
    Folder folder;
    std::vector<std::byte> raw = {std::byte{0}, std::byte{0}, std::byte{8}, std::byte{3}};
    raw.resize(16 + 2 * 6);
    store_be<uint32_t>(raw.data() + 4, 2);
    store_be<uint32_t>(raw.data() + 8, 2);
    store_be<uint32_t>(raw.data() + 12, 3);
    raw[16 + 6] = std::byte{42};
    REQUIRE(write_file(folder.file("t-images-idx3-ubyte"), {raw}).has_value());
    const Matrix matrix = read_vectors(folder.file("t-images-idx3-ubyte")).value();
    CHECK(matrix.rows == 2);
    CHECK(matrix.dim == 6);
    CHECK(matrix.row(1)[0] == std::byte{42});
    store_be<uint32_t>(raw.data() + 12, 0xffffffff);
    REQUIRE(write_file(folder.file("t-images-idx3-ubyte"), {raw}).has_value());
    CHECK_FALSE(read_vectors(folder.file("t-images-idx3-ubyte")).has_value());
}

TEST_CASE("formats: every flipped byte of an npy header gives a set or an error") {
    Folder folder;
    const std::string path = folder.file("a.npy");
    REQUIRE(write_vectors(path, counted_matrix(Element::kF32, 3, 4)).has_value());
    const std::vector<std::byte> whole = contents(path);
    for (size_t place = 0; place < 128; ++place) {
        for (unsigned flip : {1U, 0x10U, 0x80U, 0xffU}) {
            std::vector<std::byte> damaged = whole;
            damaged[place] ^= static_cast<std::byte>(flip);
            REQUIRE(write_file(path, {damaged}).has_value());
            const Result<Matrix> read = read_vectors(path);
            CHECK((!read || read->bytes.size() == read->rows * read->row_bytes()));
        }
    }
}

TEST_CASE("formats: truth is read with and without distances, and refused when out of range") {
    Folder folder;
    const std::string path = folder.file("t.ibin");
    const Truth truth{3, {0, 1, 2, 9, 8, 7}};
    REQUIRE(write_truth(path, truth).has_value());
    CHECK(read_truth(path, 2, 10)->rows == truth.rows);
    CHECK(read_truth(path, 1, 10)->rows == std::vector<uint32_t>{0, 1, 2});
    CHECK_FALSE(read_truth(path, 3, 10).has_value());
    CHECK_FALSE(read_truth(path, 2, 9).has_value());
    const std::vector<std::byte> whole = contents(path);
    const std::vector<std::byte> distances(24);
    REQUIRE(write_file(path, {whole, distances}).has_value());
    CHECK(read_truth(path, 2, 10)->rows == truth.rows);
    REQUIRE(write_file(path, {whole, Bytes(distances).first(5)}).has_value());
    CHECK_FALSE(read_truth(path, 2, 10).has_value());
}

TEST_CASE("formats: a missing file, a folder and an unknown name are errors") {
    Folder folder;
    CHECK(read_vectors(folder.file("none.fbin")).error() == fail(Code::kENOENT, ""));
    CHECK(read_vectors("/").error() == fail(Code::kEINVAL, ""));
    REQUIRE(write_file(folder.file("a.txt"), {}).has_value());
    CHECK(read_vectors(folder.file("a.txt")).error() == fail(Code::kEINVAL, ""));
    CHECK_FALSE(write_vectors(folder.file("a.u8bin"), counted_matrix(Element::kF32, 1, 1)));
}

} // namespace
} // namespace vexfs
