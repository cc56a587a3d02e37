// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/row_filter.h"

#include <doctest/doctest.h>

#include "userlib/testing/volume/ram_volume.h"

using namespace vexfs;

namespace {

constexpr Make kFile{S_IFREG | 0644, 7, 8};
constexpr Make kOpenDirectory{S_IFDIR | 0755, 7, 8};
constexpr Make kShutDirectory{S_IFDIR | 0700, 7, 8};
constexpr Timestamp kNow{1000, 0};

// What one caller, who owns nothing, filters in the root directory.
struct Fixture {
    RamVolume volume{uint64_t{64} << 20};
    std::unique_ptr<Names> names;
    Caller caller{1000, 1000};
    Directories directories{[this](uint64_t ino) -> Result<Directory> {
        const Inode inode = VEXFS_TRY(names->get(ino));
        return Directory{inode.link.directory, {inode.mode, inode.uid, inode.gid}};
    }};
    uint64_t top = kRootIno;

    Fixture() {
        REQUIRE(Names::create(volume.store(), {0755}, kNow));
        names = Names::open(volume.store(), false).value();
    }
    uint64_t make(uint64_t directory, std::string_view name, const Make& what = kFile) {
        return names->make(directory, name, what, kNow).value().ino;
    }
    void set(uint64_t ino, std::string_view name, std::string_view value) {
        REQUIRE(names->set_xattr(ino, name, std::as_bytes(std::span(value)), SetXattr::kAny, kNow));
    }
};

// One search with a filter.
struct Search {
    Fixture& fixture;
    Filter filter;
    Paths paths;
    RowFilter predicate;

    Search(Fixture& of, std::string_view text)
        : fixture(of), filter(compiled(text)), paths(*of.names, of.directories, of.caller, of.top),
          predicate(filter, *of.names, paths) {}

    static Filter compiled(std::string_view text) {
        FilterFault fault;
        Result<Filter> filter = Filter::compile(text, kNow, fault);
        CAPTURE(fault.sentence);
        REQUIRE(filter.has_value());
        return std::move(filter).value();
    }
    bool passes(uint64_t ino, uint32_t row = 0, const StoredRow& stored = {}) {
        return predicate.passes({ino, row}, stored).value();
    }
};

} // namespace

TEST_CASE("row filter: rows, tags and versions are those of the row that is asked about") {
    Fixture fixture;
    const uint64_t file = fixture.make(kRootIno, "a");
    REQUIRE(fixture.names->write(file, {}, std::as_bytes(std::span("data", 4)), kNow).has_value());
    const uint64_t version = fixture.names->get(file).value().data_version;
    REQUIRE(version > 0);
    Search search(fixture, "row = 1 or tag = 7 or stale");
    CHECK(search.passes(file, 1, {{}, version}));
    CHECK(search.passes(file, 0, {{7, 0, 0}, version}));
    CHECK_FALSE(search.passes(file, 0, {{}, version}));
    CHECK(search.passes(file, 0, {{}, version - 1}));
}

TEST_CASE("row filter: names and paths are those that the caller may walk to") {
    Fixture fixture;
    const uint64_t open = fixture.make(kRootIno, "open", kOpenDirectory);
    const uint64_t shut = fixture.make(kRootIno, "shut", kShutDirectory);
    const uint64_t file = fixture.make(open, "a.txt");
    REQUIRE(fixture.names->link(file, shut, "b.md", kNow));
    CHECK(Search(fixture, "name a.txt path open/a.txt").passes(file));
    CHECK_FALSE(Search(fixture, "name b.md").passes(file));
    CHECK_FALSE(Search(fixture, "path shut/*").passes(file));
    fixture.caller.uid = 7;
    CHECK(Search(fixture, "name b.md path shut/*").passes(file));
    fixture.top = open;
    CHECK(Search(fixture, "path a.txt").passes(file));
    CHECK_FALSE(Search(fixture, "name b.md or path open/*").passes(file));
}

TEST_CASE("row filter: attributes are those of the file, and untyped ones are counted by row") {
    Fixture fixture;
    const uint64_t number = fixture.make(kRootIno, "number");
    const uint64_t text = fixture.make(kRootIno, "text");
    const uint64_t none = fixture.make(kRootIno, "none");
    fixture.set(number, "user.year", "1999");
    fixture.set(text, "user.year", "long ago" + std::string(5000, '!'));
    Search search(fixture, "xattr user.year < 2000");
    CHECK(search.passes(number));
    for (uint32_t row = 0; row < 3; ++row)
        CHECK_FALSE(search.passes(text, row));
    CHECK_FALSE(search.passes(none));
    CHECK(search.predicate.untyped() == 3);
    CHECK(Search(fixture, "missing user.year").passes(none));
}

TEST_CASE("row filter: a search sees a file as it was when it first asked") {
    Fixture fixture;
    const uint64_t file = fixture.make(kRootIno, "a");
    Search search(fixture, "has user.mark or size > 0 or name b");
    CHECK_FALSE(search.passes(file));
    fixture.set(file, "user.mark", "x");
    REQUIRE(fixture.names->rename({kRootIno, "a"}, {kRootIno, "b"}, RenameMode::kReplace, kNow));
    REQUIRE(fixture.names->write(file, {}, std::as_bytes(std::span("data", 4)), kNow).has_value());
    CHECK_FALSE(search.passes(file));
    CHECK(Search(fixture, "has user.mark and size = 4 and name b").passes(file));
}

TEST_CASE("row filter: a file that has gone passes no filter") {
    Fixture fixture;
    const uint64_t file = fixture.make(kRootIno, "a");
    REQUIRE(fixture.names->unlink(kRootIno, "a", kNow));
    for (const char* text : {"size = 0", "not name a", "missing user.a", "not stale"})
        CHECK_FALSE(Search(fixture, text).passes(file));
}

TEST_CASE("row filter: what it remembers stays bounded") {
    Fixture fixture;
    const std::string large(kXattrBytesMax, 'x');
    Search search(fixture, "xattr user.large = \"y\" or name file-3");
    for (int i = 0; i < 600; ++i) {
        const uint64_t file = fixture.make(kRootIno, "file-" + std::to_string(i));
        fixture.set(file, "user.large", large);
        CHECK(search.passes(file) == (i == 3));
        CHECK(search.predicate.memory_bytes() <= RowFilter::kMemoryBytesMax + 2 * large.size());
    }
}
