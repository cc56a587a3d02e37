// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/row_xattrs.h"

#include <algorithm>
#include <limits>

#include <doctest/doctest.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/engine/volume.h"
#include "userlib/testing/rows/opened_volume.h"
#include "userlib/testing/volume/file_volume.h"

using namespace vexfs;

namespace {

constexpr const char* kVector = "user.vexfs.vector";
constexpr const char* kRows = "user.vexfs.rows";
constexpr Make kFile{S_IFREG | 0644, 7, 8};
constexpr Make kDirectory{S_IFDIR | 0755, 7, 8};

template <typename T>
Page page(const std::vector<T>& values) {
    const Bytes bytes = std::as_bytes(std::span(values));
    return {bytes.begin(), bytes.end()};
}

Page vectors(std::initializer_list<float> elements) {
    return page(std::vector<float>(elements));
}

Page metas(std::initializer_list<vexfs_row_meta> rows) {
    return page(std::vector<vexfs_row_meta>(rows));
}

template <typename T>
Code code_of(const Result<T>& result) {
    return result ? Code{} : result.error().code;
}

Caller root() {
    return {0, 0};
}

// A volume with a collection of two dimensions.
struct Fixture {
    FileVolume image{uint64_t{64} << 20};
    std::unique_ptr<Volume> volume = opened_volume(image.path());
    uint64_t collection = make(kRootIno, "collection", kDirectory);

    Fixture() { REQUIRE(schema(collection, 2)); }
    ~Fixture() {
        REQUIRE(volume->close());
        volume.reset();
        CHECK(image.sound());
    }

    bool schema(uint64_t directory, uint32_t dim) {
        Schema schema;
        schema.dim = dim;
        return volume->schema_set(directory, schema, false, root()).has_value();
    }
    uint64_t make(uint64_t directory, const char* name, const Make& what = kFile) {
        const uint64_t ino = volume->make(directory, name, what).value().ino;
        REQUIRE(volume->forget(ino, 1));
        return ino;
    }
    Status set(uint64_t ino, const char* name, const Page& value, SetXattr how = SetXattr::kAny) {
        return volume->set_xattr(ino, name, value, how);
    }
    Page get(uint64_t ino, const char* name) { return volume->get_xattr(ino, name).value(); }
    Code get_code(uint64_t ino, const char* name) { return code_of(volume->get_xattr(ino, name)); }
    std::vector<std::string> listed(uint64_t ino) {
        std::vector<std::string> names = volume->list_xattrs(ino).value();
        std::ranges::sort(names);
        return names;
    }
    uint32_t rows(uint64_t ino) { return read(ino).total; }
    FileRows read(uint64_t ino) {
        FileChoice choice;
        choice.node = ino;
        choice.opened_for_read = true;
        RowsAsk ask;
        ask.want_rows = ask.want_vectors = true;
        return volume->get_rows(choice, root(), ask).value();
    }
    void put(uint64_t ino, const Page& of, std::vector<RowMeta> carry = {}) {
        FileChoice choice;
        choice.node = ino;
        choice.opened_for_write = true;
        PutRows rows;
        rows.metas = carry;
        rows.vectors = of;
        const SchemaInfo info = volume->schema_get(ino).value();
        uint64_t found = 0;
        REQUIRE(volume
                    ->put_rows(choice, root(), rows, {info.schema.element, info.schema.dim}, false,
                               found)
                    .has_value());
    }
    void write(uint64_t ino, std::string_view text) {
        REQUIRE(volume->write(ino, {}, std::as_bytes(std::span(text))).has_value());
    }
    std::vector<uint64_t> nearest(const Page& query, const char* filter = nullptr) {
        SearchAsk ask;
        ask.query = {index::Element::kF32, 2, query.data()};
        std::optional<Filter> compiled;
        if (filter != nullptr) {
            FilterFault fault;
            ask.filter = &compiled.emplace(Filter::compile(filter, {}, fault).value());
        }
        SearchAnswer answer;
        REQUIRE(volume->search(collection, root(), ask, answer));
        std::vector<uint64_t> inos;
        for (const SearchHit& hit : answer.hits)
            inos.push_back(hit.id.ino);
        return inos;
    }
};

} // namespace

TEST_CASE("row xattrs: setting the vector in a collection indexes it") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    CHECK(fixture.get_code(file, kVector) == Code::kENODATA);
    CHECK(fixture.listed(file).empty());
    const Page two = vectors({1, 2, 3, 4});
    REQUIRE(fixture.set(file, kVector, two));
    CHECK(fixture.rows(file) == 2);
    CHECK(fixture.get(file, kVector) == two);
    CHECK(fixture.get_code(file, kRows) == Code::kENODATA);
    CHECK(fixture.listed(file) == std::vector<std::string>{kVector});
    CHECK(fixture.nearest(vectors({1, 2})) == std::vector<uint64_t>{file, file});
    CHECK(fixture.nearest(vectors({1, 2}), "row = 1 and name a") == std::vector<uint64_t>{file});
}

TEST_CASE("row xattrs: setting the vector again replaces all rows") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    REQUIRE(fixture.set(file, kVector, vectors({1, 2, 3, 4, 5, 6})));
    REQUIRE(fixture.set(file, kVector, vectors({7, 8})));
    CHECK(fixture.get(file, kVector) == vectors({7, 8}));
    CHECK(fixture.rows(file) == 1);
}

TEST_CASE("row xattrs: rows that were put are told, and copied in either order") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    fixture.put(file, vectors({1, 2, 3, 4}), {{7, 10, 5}, {0, 0, 0}});
    const Page carry = metas({{7, 10, 5}, {0, 0, 0}});
    CHECK(fixture.get(file, kVector) == vectors({1, 2, 3, 4}));
    CHECK(fixture.get(file, kRows) == carry);
    CHECK(fixture.listed(file) == std::vector<std::string>{kRows, kVector});

    const uint64_t vector_first = fixture.make(fixture.collection, "b");
    REQUIRE(fixture.set(vector_first, kVector, fixture.get(file, kVector)));
    REQUIRE(fixture.set(vector_first, kRows, fixture.get(file, kRows)));
    const uint64_t rows_first = fixture.make(fixture.collection, "c");
    REQUIRE(fixture.set(rows_first, kRows, fixture.get(file, kRows)));
    CHECK(fixture.get(rows_first, kRows) == carry);
    CHECK(fixture.rows(rows_first) == 0);
    REQUIRE(fixture.set(rows_first, kVector, fixture.get(file, kVector)));
    for (const uint64_t copy : {vector_first, rows_first}) {
        CHECK(fixture.get(copy, kVector) == vectors({1, 2, 3, 4}));
        CHECK(fixture.get(copy, kRows) == carry);
        CHECK(fixture.read(copy).metas.at(0).meta == RowMeta{7, 10, 5});
        CHECK(fixture.listed(copy) == std::vector<std::string>{kRows, kVector});
    }
    CHECK(fixture.nearest(vectors({1, 2}), "tag = 7").size() == 3);
}

TEST_CASE("row xattrs: a copy over a file with other rows ends with those of the source") {
    Fixture fixture;
    const Page vector = vectors({1, 1, 2, 2});
    const Page carry = metas({{1, 0, 0}, {2, 0, 0}});
    for (const bool vector_first : {false, true}) {
        const uint64_t file = fixture.make(fixture.collection, vector_first ? "a" : "b");
        fixture.put(file, vectors({9, 9, 9, 9, 9, 9}), {{7, 0, 0}, {8, 0, 0}, {9, 0, 0}});
        REQUIRE(fixture.set(file, vector_first ? kVector : kRows, vector_first ? vector : carry));
        REQUIRE(fixture.set(file, vector_first ? kRows : kVector, vector_first ? carry : vector));
        CHECK(fixture.get(file, kVector) == vector);
        CHECK(fixture.get(file, kRows) == carry);
        CHECK(fixture.read(file).metas.at(1).meta.tag == 2);
    }
}

TEST_CASE("row xattrs: a new vector for as many rows leaves what they carry") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    fixture.put(file, vectors({1, 2}), {{7, 0, 0}});
    REQUIRE(fixture.set(file, kVector, vectors({3, 4})));
    CHECK(fixture.get(file, kRows) == metas({{7, 0, 0}}));
    REQUIRE(fixture.set(file, kVector, vectors({3, 4, 5, 6})));
    CHECK(fixture.get_code(file, kRows) == Code::kENODATA);
}

TEST_CASE("row xattrs: what rows cannot be is refused and changes nothing") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    fixture.put(file, vectors({1, 2}), {{7, 0, 0}});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float inf = std::numeric_limits<float>::infinity();
    for (const Page& value : {vectors({}), vectors({1}), vectors({1, 2, 3}), vectors({1, nan}),
                              vectors({1, 2, -inf, 3}), Page(7)})
        CHECK(code_of(fixture.set(file, kVector, value)) == Code::kEINVAL);
    for (const Page& value : {Page(), Page(23), metas({{1, 5, 0}}), metas({{1, 1, INT64_MAX}}),
                              metas({{1, UINT64_MAX, 2}})})
        CHECK(code_of(fixture.set(file, kRows, value)) == Code::kEINVAL);
    CHECK(code_of(fixture.set(file, kVector, Page(kXattrBytesMax + 8))) == Code::kE2BIG);
    CHECK(fixture.get(file, kVector) == vectors({1, 2}));
    CHECK(fixture.get(file, kRows) == metas({{7, 0, 0}}));
}

TEST_CASE("row xattrs: create and replace ask whether there are rows") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    const Page one = vectors({1, 2});
    CHECK(code_of(fixture.set(file, kVector, one, SetXattr::kReplace)) == Code::kENODATA);
    CHECK(fixture.set(file, kVector, one, SetXattr::kCreate));
    CHECK(code_of(fixture.set(file, kVector, one, SetXattr::kCreate)) == Code::kEEXIST);
    CHECK(fixture.set(file, kVector, one, SetXattr::kReplace));
    const Page carry = metas({{7, 0, 0}});
    CHECK(code_of(fixture.set(file, kRows, carry, SetXattr::kReplace)) == Code::kENODATA);
    CHECK(fixture.set(file, kRows, carry, SetXattr::kCreate));
    CHECK(code_of(fixture.set(file, kRows, carry, SetXattr::kCreate)) == Code::kEEXIST);
    CHECK(fixture.set(file, kRows, carry, SetXattr::kReplace));
}

TEST_CASE("row xattrs: removing the vector drops the rows, removing the rest leaves them") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    CHECK(code_of(fixture.volume->remove_xattr(file, kVector)) == Code::kENODATA);
    CHECK(code_of(fixture.volume->remove_xattr(file, kRows)) == Code::kENODATA);
    fixture.put(file, vectors({1, 2}), {{7, 0, 0}});
    REQUIRE(fixture.volume->remove_xattr(file, kRows));
    CHECK(code_of(fixture.volume->remove_xattr(file, kRows)) == Code::kENODATA);
    CHECK(fixture.get(file, kVector) == vectors({1, 2}));
    CHECK(fixture.read(file).metas.at(0).meta == RowMeta{});
    REQUIRE(fixture.volume->remove_xattr(file, kVector));
    CHECK(fixture.rows(file) == 0);
    CHECK(fixture.listed(file).empty());
    CHECK(fixture.nearest(vectors({1, 2})).empty());
}

TEST_CASE("row xattrs: rows beyond 64 KiB are named but cannot be read") {
    Fixture fixture;
    const uint64_t wide = fixture.make(kRootIno, "wide", kDirectory);
    REQUIRE(fixture.schema(wide, 8192));
    const uint64_t file = fixture.make(wide, "a");
    const Page row = page(std::vector<float>(8192, 1));
    fixture.put(file, row);
    fixture.put(file, row, {{7, 0, 0}});
    CHECK(fixture.get(file, kVector).size() == kXattrBytesMax);
    fixture.put(file, row);
    CHECK(fixture.get_code(file, kVector) == Code::kE2BIG);
    CHECK(fixture.listed(file) == std::vector<std::string>{kRows, kVector});
    CHECK(code_of(fixture.set(file, kRows, metas({{}, {}, {1, 0, 0}}))) == Code::kE2BIG);
    CHECK(fixture.get(file, kRows) == metas({{}, {7, 0, 0}, {}}));
}

TEST_CASE("row xattrs: outside a collection, and of directories, they are ordinary") {
    Fixture fixture;
    const uint64_t outside = fixture.make(kRootIno, "a");
    for (const uint64_t ino : {outside, fixture.collection})
        for (const char* name : {kVector, kRows}) {
            const Page odd(5, std::byte{1});
            REQUIRE(fixture.set(ino, name, odd));
            CHECK(fixture.get(ino, name) == odd);
            CHECK(fixture.listed(ino).size() == 1);
            REQUIRE(fixture.volume->remove_xattr(ino, name));
            CHECK(fixture.listed(ino).empty());
        }
}

TEST_CASE("row xattrs: an attribute from before the schema is ordinary until it is set again") {
    Fixture fixture;
    const uint64_t late = fixture.make(kRootIno, "late", kDirectory);
    const uint64_t file = fixture.make(late, "a");
    REQUIRE(fixture.set(file, kVector, vectors({1, 2})));
    REQUIRE(fixture.schema(late, 2));
    CHECK(fixture.rows(file) == 0);
    CHECK(fixture.get(file, kVector) == vectors({1, 2}));
    REQUIRE(fixture.set(file, kVector, fixture.get(file, kVector)));
    CHECK(fixture.rows(file) == 1);
    REQUIRE(fixture.volume->remove_xattr(file, kVector));
    CHECK(fixture.get_code(file, kVector) == Code::kENODATA);
}

TEST_CASE("row xattrs: setting one changes ctime and nothing else of the inode") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    Inode before = fixture.volume->get(file).value();
    REQUIRE(fixture.set(file, kVector, vectors({1, 2})));
    const Inode after = fixture.volume->get(file).value();
    CHECK_FALSE(after == before);
    before.ctime = after.ctime;
    CHECK(after == before);
}

TEST_CASE("row xattrs: rows of a file with data are made from it, and stale when it changes") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    fixture.write(file, "data");
    REQUIRE(fixture.set(file, kVector, vectors({1, 2})));
    CHECK(fixture.nearest(vectors({1, 2}), "stale").empty());
    fixture.write(file, "other");
    fixture.volume->close_file(file, 0);
    CHECK(fixture.nearest(vectors({1, 2}), "stale").size() == 1);
    REQUIRE(fixture.set(file, kRows, metas({{7, 0, 0}})));
    CHECK(fixture.nearest(vectors({1, 2}), "stale and tag = 7").size() == 1);
}

TEST_CASE("row xattrs: rows that an empty file was given are made from its first data") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    REQUIRE(fixture.set(file, kRows, metas({{7, 0, 4}})));
    REQUIRE(fixture.set(file, kVector, vectors({1, 2})));
    fixture.volume->close_file(file, 0); // still empty
    fixture.write(file, "data");
    CHECK(fixture.nearest(vectors({1, 2}), "stale").size() == 1);
    fixture.volume->close_file(file, 0);
    CHECK(fixture.nearest(vectors({1, 2}), "not stale and tag = 7").size() == 1);
    fixture.write(file, "more");
    fixture.volume->close_file(file, 0);
    CHECK(fixture.nearest(vectors({1, 2}), "stale").size() == 1);
}

TEST_CASE("row xattrs: a read-only volume shows them and changes nothing") {
    Fixture fixture;
    const uint64_t file = fixture.make(fixture.collection, "a");
    fixture.put(file, vectors({1, 2}), {{7, 0, 0}});
    REQUIRE(fixture.volume->close());
    fixture.volume.reset();
    fixture.volume = opened_volume(fixture.image.path(), for_reading());
    CHECK(fixture.get(file, kVector) == vectors({1, 2}));
    CHECK(fixture.get(file, kRows) == metas({{7, 0, 0}}));
    CHECK(code_of(fixture.set(file, kVector, vectors({3, 4}))) == Code::kEROFS);
    CHECK(code_of(fixture.set(file, kRows, metas({{8, 0, 0}}))) == Code::kEROFS);
    CHECK(code_of(fixture.volume->remove_xattr(file, kVector)) == Code::kEROFS);
}
