// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "userlib/tools/vectors/source.h"

using namespace vexfs;

namespace {

// A file of memory, read as a format.
struct Opened {
    Opened(const std::string& format, const std::string& bytes, const Columns& columns = {})
        : file(::memfd_create("test", MFD_CLOEXEC)) {
        REQUIRE(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
        Result<Stream> stream = Stream::open("/proc/self/fd/" + std::to_string(file));
        REQUIRE(stream);
        auto opened = format == "csv" || format == "jsonl"
                          ? open_text(std::move(*stream), format, columns, fault)
                          : open_binary(std::move(*stream), format, fault);
        if (opened)
            source = std::move(*opened);
    }
    ~Opened() { ::close(file); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    // The next record; at the end or on a fault it is empty.
    Record next() {
        Record record;
        const Result<bool> more = source->next(record, fault);
        return more && *more ? record : Record{};
    }

    int file;
    Fault fault;
    std::unique_ptr<VectorSource> source;
};

std::string le32(uint32_t value) {
    std::string bytes(4, '\0');
    store_le<uint32_t>(reinterpret_cast<std::byte*>(bytes.data()), value);
    return bytes;
}

std::string floats(std::initializer_list<float> values) {
    std::string bytes;
    for (const float value : values)
        bytes += le32(std::bit_cast<uint32_t>(value));
    return bytes;
}

std::string npy(const std::string& text) {
    std::string head = "\x93NUMPY";
    head += {'\x01', '\0', static_cast<char>(text.size()), '\0'};
    return head + text;
}

std::string text_of(const Record& record) {
    return vector_text(record.element, record.vector.data(), record.dim);
}

} // namespace

TEST_CASE("elements: every value of every narrow type survives text and back") {
    for (const uint16_t element : {VEXFS_ELEMENT_F16, VEXFS_ELEMENT_BF16}) {
        for (uint32_t bits = 0; bits < 65536; ++bits) {
            std::byte vector[2];
            store_le<uint16_t>(vector, static_cast<uint16_t>(bits));
            const double value = element_at(element, vector, 0);
            std::byte back[2]{};
            if (!store_element(element, value, back, 0)) {
                REQUIRE(!std::isfinite(value));
                continue;
            }
            REQUIRE(load_le<uint16_t>(back) == bits);
            std::vector<double> values;
            std::string sentence;
            REQUIRE(parse_vector(vector_text(element, vector, 1), values, sentence));
            REQUIRE(std::bit_cast<uint64_t>(values[0]) == std::bit_cast<uint64_t>(value));
        }
    }
}

TEST_CASE("elements: halves are rounded to the nearest, ties to even") {
    const auto half = [](double value) {
        std::byte vector[2];
        return store_element(VEXFS_ELEMENT_F16, value, vector, 0) ? load_le<uint16_t>(vector)
                                                                  : uint16_t{0xffff};
    };
    CHECK(half(1) == 0x3c00);
    CHECK(half(-2) == 0xc000);
    CHECK(half(65504) == 0x7bff);
    CHECK(half(65519.99) == 0x7bff);
    CHECK(half(65520) == 0xffff); // would be infinite
    CHECK(half(1 + 1.0 / 2048) == 0x3c00);
    CHECK(half(1 + 3.0 / 2048) == 0x3c02);
    CHECK(half(std::ldexp(1, -24)) == 1);
    CHECK(half(std::ldexp(1, -25)) == 0);
    CHECK(half(std::ldexp(1023.75, -24)) == 0x400); // becomes a normal one
}

TEST_CASE("elements: a value that a type has not is refused by its dimension") {
    std::vector<std::byte> out;
    std::string sentence;
    std::vector<double> values;
    const auto converted = [&](const char* text, uint16_t element) {
        REQUIRE(parse_vector(text, values, sentence));
        return convert_vector(kElementF64, std::as_bytes(std::span(values)),
                              static_cast<uint32_t>(values.size()), element, out, sentence);
    };
    CHECK(converted("255, 0", VEXFS_ELEMENT_U8));
    CHECK(!converted("1,256", VEXFS_ELEMENT_U8));
    CHECK(sentence == "256 is no value of type u8, in dimension 1");
    CHECK(!converted("0.5", VEXFS_ELEMENT_I8));
    CHECK(!converted("1e39", VEXFS_ELEMENT_F32));
    CHECK(converted("1 0 0 0 0 0 0 0 1", VEXFS_ELEMENT_BIT));
    CHECK(out == std::vector{std::byte{1}, std::byte{1}});
    CHECK(!converted("1, 2", VEXFS_ELEMENT_BIT));
    const float nan[2] = {0, NAN};
    CHECK(!convert_vector(VEXFS_ELEMENT_F32, std::as_bytes(std::span(nan)), 2, VEXFS_ELEMENT_F32,
                          out, sentence));
    CHECK(sentence == "NaN in dimension 1");
}

TEST_CASE("elements: text that is no vector says why") {
    std::vector<double> values;
    std::string sentence;
    const auto refused = [&](const char* text) {
        CHECK(!parse_vector(text, values, sentence));
        return sentence;
    };
    CHECK(parse_vector(" [ 1,-2.5 ,\t+3e2 ] \n", values, sentence));
    CHECK(values == std::vector<double>{1, -2.5, 300});
    CHECK(refused("") == "there is no number");
    CHECK(refused("[]") == "there is no number");
    CHECK(refused("1, two") == "'two' is no number, in dimension 1");
    CHECK(refused("1, 2x") == "'2x' is no number, in dimension 1");
    CHECK(refused("[1, 2") == "a bracket has no partner");
    CHECK(refused("1]") == "a bracket has no partner");
    CHECK(refused("[1] 2") == "something follows the closing bracket");
}

TEST_CASE("vectors: rows of .fbin, .fvecs and .npy are read with their offsets") {
    Opened bin("fbin", le32(2) + le32(3) + floats({1, 2, 3, 4, 5, 6}));
    REQUIRE(bin.source);
    CHECK(bin.source->rows() == 2);
    CHECK(text_of(bin.next()) == "1,2,3");
    const Record second = bin.next();
    CHECK(second.number == 1);
    CHECK(second.offset == 20);
    CHECK(bin.next().dim == 0);

    Opened vecs("fvecs", le32(2) + floats({1, 2}) + le32(2) + floats({0.1F, -4}));
    REQUIRE(vecs.source);
    CHECK(vecs.next().offset == 0);
    CHECK(text_of(vecs.next()) == "0.1,-4");
    CHECK(vecs.next().dim == 0);
    CHECK(vecs.fault.sentence.empty());

    Opened array("npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }\n") +
                            std::string("\1\2\3\4\5\xff", 6));
    REQUIRE(array.source);
    CHECK(array.source->element() == VEXFS_ELEMENT_U8);
    CHECK(text_of(array.next()) == "1,2,3");
    CHECK(text_of(array.next()) == "4,5,255");
    Opened line("npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n") +
                           floats({8, 9}));
    REQUIRE(line.source);
    CHECK(text_of(line.next()) == "8,9");
}

TEST_CASE("vectors: a file whose sizes do not add up is refused by its offset") {
    const auto refused = [](const std::string& format, const std::string& bytes, uint64_t offset,
                            const std::string& sentence) {
        Opened opened(format, bytes);
        while (opened.source && opened.fault.sentence.empty() && opened.next().dim > 0) {
        }
        CHECK(opened.fault.offset == offset);
        CHECK(opened.fault.sentence == sentence);
    };
    refused("fbin", le32(2), 4, "the file ends in the middle: 4 bytes are missing");
    refused("fbin", le32(2) + le32(0), 4, "a dimension of 0 is not in 1 to 65,535");
    refused("fbin", le32(2) + le32(1) + floats({1}), 8,
            "the header states 2 rows of 4 bytes, but 4 bytes follow");
    refused("fbin", le32(0xffffffff) + le32(65535), 8,
            "the header states 4294967295 rows of 262140 bytes, but 0 bytes follow");
    refused("fbin", le32(1) + le32(1) + floats({1, 2}), 8,
            "the header states 1 rows of 4 bytes, but 8 bytes follow");
    refused("fvecs", le32(1) + floats({1}) + le32(2) + floats({1, 2}), 8,
            "row 1 states a dimension of 2, the rows before it 1");
    refused("fvecs", le32(0x7fffffff), 0,
            "row 0 states a dimension of 2147483647, which is not in 1 to 65,535");
    refused("bvecs", le32(4) + "abc", 7, "the file ends in the middle: 1 bytes are missing");
    refused("bvecs", le32(1) + "ab", 5, "the file ends in the dimension of a row");
    refused("npy", "no array at all", 0, "it does not begin as an .npy does");
    refused("npy", npy("{'descr': '>f4'}"), 10,
            "descr is none of '<f2', '<f4', '<f8', '|i1', '|u1', '<i4'");
    refused("npy", npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }"), 10,
            "the array is not in C order");
    refused("npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }"), 10,
            "shape is not one or two whole numbers");
    refused("npy",
            npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1), }"),
            10, "shape is not one or two whole numbers");
}

TEST_CASE("vectors: a record of text that is bad spoils no other") {
    Columns columns;
    columns.name = "id";
    columns.text = "body";
    Opened opened("jsonl",
                  R"({"id": "a.txt", "vector": [1, 2.5], "tag": 7, "body": "x\ny"})"
                  "\n\nnonsense\n"
                  R"({"id": "b", "vector": [1, "2"], "body": ""})"
                  "\n"
                  R"({"id": "c", "vector": [3], "body": ""})",
                  columns);
    const Record first = opened.next();
    CHECK(first.bad.empty());
    CHECK(*first.name == "a.txt");
    CHECK(*first.tag == 7);
    CHECK(first.text == "x\ny");
    CHECK(text_of(first) == "1,2.5");
    CHECK(opened.next().bad == "the line is no JSON object");
    const Record third = opened.next();
    CHECK(third.bad == "'vector' has no number in dimension 1");
    CHECK(third.number == 2);
    CHECK(text_of(opened.next()) == "3");
    CHECK(opened.next().dim == 0);
}

TEST_CASE("vectors: columns of a .csv are found by their names") {
    Columns columns;
    columns.name = "file";
    Opened all("csv", "file,x,tag,y\n\"a \"\"1\"\", b\",1,5,2\nc,1,6\nd,1,x,2\ne,1,7,\n", columns);
    const Record first = all.next();
    CHECK(*first.name == "a \"1\", b");
    CHECK(*first.tag == 5);
    CHECK(text_of(first) == "1,2");
    CHECK(text_of(all.next()) == "1"); // its dimension is for the collection to refuse
    CHECK(all.next().bad == "the tag 'x' is no whole number");
    CHECK(all.next().bad == "'''' is no number, in dimension 1");

    Opened one("csv", "file,vector\r\na,\"[1, 2]\"\r\n\"b,3\n", columns);
    CHECK(text_of(one.next()) == "1,2");
    CHECK(one.next().bad == "a quote is not closed");
    columns.name = "3";
    columns.header = false;
    Opened bare("csv", "1,2,a\n3,4\n", columns);
    CHECK(*bare.next().name == "a");
    CHECK(bare.next().bad == "there are 2 columns only");
    columns.name = "absent";
    columns.header = true;
    CHECK(Opened("csv", "file,x\n", columns).fault.sentence == "there is no column 'absent'");
}

TEST_CASE("vectors: a line may be long, but not without bound") {
    std::string line = R"({"vector": [1)";
    line.append(3 << 20, ' ');
    line += "]}\n";
    Opened fits("jsonl", line + line);
    CHECK(text_of(fits.next()) == "1");
    const Record second = fits.next();
    CHECK(second.offset == line.size());
    Opened endless("jsonl", std::string(17 << 20, ' '));
    CHECK(endless.next().dim == 0);
    CHECK(endless.fault.sentence == "a line is longer than 16 MiB");
    Opened no_end("jsonl", R"({"vector": [4]})");
    CHECK(text_of(no_end.next()) == "4");
}
