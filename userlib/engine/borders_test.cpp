// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "userlib/collection/catalogue.h"
#include "userlib/testing/rows/row_volume.h"

using namespace vexfs;

namespace {

template <typename T>
Code code_of(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
}

const Caller kAlice{1, 1, {}, false};

// Two collections, a directory that is in none, and a file with a row.
struct Borders : RowVolume {
    uint64_t c = collection(kRootIno, "c");
    uint64_t sub = directory(c, "sub");
    uint64_t deep = directory(sub, "deep");
    uint64_t other = collection(kRootIno, "other");
    uint64_t none = directory(kRootIno, "none");
    uint64_t f = file(deep, "f");

    Borders() { REQUIRE(put(f, {1, 0})); }
    ~Borders() {
        close();
        CHECK(sound());
    }

    Status rename(const Place& from, const Place& to, RenameMode mode = RenameMode::kReplace) {
        return operator->()->rename(from, to, mode);
    }
};

// What is done while a collection is open, and what before it is opened again.
void for_open_and_closed(Borders& volume, const std::function<void(bool)>& test) {
    for (const bool open : {true, false}) {
        CAPTURE(open);
        if (!open)
            volume.reopen();
        test(open);
    }
}

} // namespace

TEST_CASE("borders: no link and no rename takes rows across, and files without rows go anywhere") {
    Borders volume;
    for_open_and_closed(volume, [&](bool open) {
        for (const uint64_t there : {volume.other, volume.none, kRootIno}) {
            CHECK(code_of(volume.link(volume.f, there, "f")) == Code::kEXDEV);
            CHECK(code_of(volume.rename({volume.deep, "f"}, {there, "f"})) == Code::kEXDEV);
            CHECK(code_of(volume.rename({volume.c, "sub"}, {there, "sub"})) == Code::kEXDEV);
        }
        CHECK(volume.found(volume.c) == "sub/deep/f");
        const std::string bare = open ? "bare" : "bare again";
        const uint64_t g = volume.file(volume.sub, bare);
        REQUIRE(volume.link(g, volume.other, "linked " + bare));
        REQUIRE(volume.rename({volume.sub, bare}, {volume.none, bare}));
        const std::string empty = open ? "empty" : "empty again";
        volume.directory(volume.sub, empty);
        REQUIRE(volume.rename({volume.sub, empty}, {volume.other, empty}));
    });
}

TEST_CASE("borders: an exchange takes no rows across either way") {
    Borders volume;
    const uint64_t g = volume.file(volume.none, "g");
    volume.directory(volume.none, "d");
    for_open_and_closed(volume, [&](bool) {
        const auto exchange = [&](const Place& one, const Place& two) {
            return volume.rename(one, two, RenameMode::kExchange);
        };
        CHECK(code_of(exchange({volume.deep, "f"}, {volume.none, "g"})) == Code::kEXDEV);
        CHECK(code_of(exchange({volume.none, "g"}, {volume.deep, "f"})) == Code::kEXDEV);
        CHECK(code_of(exchange({volume.none, "d"}, {volume.c, "sub"})) == Code::kEXDEV);
        CHECK(code_of(exchange({volume.none, "g"}, {volume.c, "sub"})) == Code::kEXDEV);
    });
    REQUIRE(volume->rename({volume.none, "g"}, {volume.sub, "g"}, RenameMode::kReplace));
    REQUIRE(volume.put(g, {2, 0}));
    REQUIRE(volume.rename({volume.sub, "g"}, {volume.deep, "f"}, RenameMode::kExchange));
    // The nearest is now in the other place.
    CHECK(volume.found(volume.c) == "sub/g sub/deep/f");
}

TEST_CASE("borders: a directory that is a collection takes its rows along") {
    Borders volume;
    REQUIRE(volume.rename({kRootIno, "c"}, {volume.none, "moved"}));
    CHECK(volume.found(volume.c) == "sub/deep/f");
    REQUIRE(volume.rename({volume.none, "moved"}, {volume.other, "inside"}));
    CHECK(volume.found(volume.c) == "sub/deep/f");
    CHECK(volume.found(volume.other).empty());
    CHECK(volume->schema_get(volume.f).value().collection == volume.c);
    // Its rows are not those of the collection around it.
    REQUIRE(volume.rename({kRootIno, "other"}, {volume.none, "other"}));
    CHECK(volume.found(volume.c) == "sub/deep/f");
}

TEST_CASE("borders: a rename inside of a collection keeps the rows and changes who finds them") {
    Borders volume;
    const uint64_t closed = volume.directory(volume.c, "closed", 0700);
    for_open_and_closed(volume, [&](bool) {
        CHECK(volume.found(volume.c, kAlice) == "sub/deep/f");
        REQUIRE(volume.rename({volume.c, "sub"}, {closed, "sub"}));
        CHECK(volume.found(volume.c, kAlice).empty());
        CHECK(volume.found(volume.c) == "closed/sub/deep/f");
        REQUIRE(volume.rename({volume.deep, "f"}, {volume.c, "g"}));
        CHECK(volume.found(volume.c, kAlice) == "g");
        CHECK(volume.found(volume.deep).empty());
        REQUIRE(volume.rename({volume.c, "g"}, {volume.deep, "f"}));
        REQUIRE(volume.rename({closed, "sub"}, {volume.c, "sub"}));
    });
}

TEST_CASE("borders: chmod and chown change at once who finds a row") {
    Borders volume;
    for_open_and_closed(volume, [&](bool) {
        const auto visible = [&] {
            return !volume.found(volume.c, kAlice).empty();
        };
        CHECK(visible());
        for (const uint64_t ino : {volume.f, volume.deep, volume.sub, volume.c}) {
            const uint32_t mode = ino == volume.f ? 0600 : 0700;
            REQUIRE(volume.set(ino, {mode}));
            CHECK_FALSE(visible());
            REQUIRE(volume.set(ino, {{}, 1}));
            CHECK(visible());
            REQUIRE(volume.set(ino, {{}, 2, 1}));
            CHECK_FALSE(visible());
            REQUIRE(volume.set(ino, {mode | (ino == volume.f ? 040u : 050u)}));
            CHECK(visible());
            REQUIRE(volume.set(ino, {{}, {}, 3}));
            CHECK_FALSE(visible());
            REQUIRE(volume.set(ino, {ino == volume.f ? 0644u : 0755u, 0, 0}));
            CHECK(visible());
        }
    });
}

TEST_CASE("borders: of a file with several names the rows go with the last") {
    Borders volume;
    const uint64_t closed = volume.directory(volume.c, "closed", 0700);
    for_open_and_closed(volume, [&](bool) {
        REQUIRE(volume.link(volume.f, closed, "f"));
        REQUIRE(volume.link(volume.f, closed, "f2"));
        REQUIRE(volume->unlink(volume.deep, "f"));
        CHECK(volume.found(volume.c, kAlice).empty());
        CHECK(volume.found(closed).substr(0, 1) == "f");
        REQUIRE(volume.link(volume.f, volume.deep, "f"));
        REQUIRE(volume->unlink(closed, "f2"));
        REQUIRE(volume->unlink(closed, "f"));
        CHECK(volume.found(volume.c, kAlice) == "sub/deep/f");
    });
    REQUIRE(volume->unlink(volume.deep, "f"));
    CHECK(volume.found(volume.c).empty());
    CHECK(volume->stat_rows({volume.c}, root(), false).value().rows == 0);
    // The numbers of its slots are used again, and nothing of it comes back.
    const uint64_t g = volume.file(volume.deep, "f");
    REQUIRE(volume.put(g, {2, 0}));
    volume.reopen();
    CHECK(volume.search(volume.c).value().hits.at(0).id == RowId{g, 0});
}

TEST_CASE(
    "borders: a file that is held and loses its name loses its rows, whatever it is called then") {
    for (const bool open : {true, false}) {
        CAPTURE(open);
        Borders volume;
        REQUIRE(volume.put(volume.f, {2, 0}));
        if (!open)
            volume.reopen();
        REQUIRE(volume->lookup(volume.deep, "f"));
        REQUIRE(volume->unlink(volume.deep, "f"));
        CHECK(volume.found(volume.c).empty());
        CHECK(code_of(volume.put(volume.f, {1, 0})) == Code::kENODATA);
        CHECK(code_of(volume->get_rows(RowVolume::opened(volume.f), root(), {})) == Code::kENODATA);
        const uint64_t g = volume.file(volume.deep, "g");
        REQUIRE(volume.put(g, {3, 0}));
        REQUIRE(volume.link(volume.f, volume.other, "again"));
        CHECK(volume.found(volume.other).empty());
        CHECK(volume->get_rows(RowVolume::opened(volume.f), root(), {}).value().total == 0);
        REQUIRE(volume->forget(volume.f, 1));
        CHECK(volume.found(volume.c) == "sub/deep/g");
        volume.reopen();
        CHECK(volume.found(volume.c) == "sub/deep/g");
    }
}

TEST_CASE("borders: a crash before a held file is let go leaves no row of it") {
    Borders volume;
    REQUIRE(volume->lookup(volume.deep, "f"));
    REQUIRE(volume->unlink(volume.deep, "f"));
    const uint64_t g = volume.file(volume.deep, "g");
    REQUIRE(volume.put(g, {3, 0}));
    REQUIRE(volume->sync());
    volume.kill();
    CHECK(volume.sound());
    volume.open();
    CHECK(volume.found(volume.c) == "sub/deep/g");
}

TEST_CASE("borders: what a rename replaces takes its rows with it") {
    Borders volume;
    for_open_and_closed(volume, [&](bool open) {
        const uint64_t g = volume.file(volume.sub, "g");
        REQUIRE(volume.put(g, {2, 0}));
        REQUIRE(volume.rename({volume.sub, "g"}, {volume.deep, "f"}));
        const SearchAnswer answer = volume.search(volume.c).value();
        REQUIRE(answer.hits.size() == 1);
        CHECK(answer.hits[0].id == RowId{g, 0});
        CHECK(answer.hits[0].path == "sub/deep/f");
        if (open) {
            const uint64_t bare = volume.file(volume.none, "bare");
            REQUIRE(volume.rename({volume.none, "bare"}, {volume.deep, "f"}));
            CHECK(volume.found(volume.c).empty());
            REQUIRE(volume.put(bare, {1, 0}));
        }
    });
}

TEST_CASE("borders: a collection goes with its directory") {
    Borders volume;
    const auto collections = [&] {
        const uint64_t handle = volume->open_file(VirtualFiles::kFirstFile).value();
        std::string text(16'384, '\0');
        text.resize(
            volume
                ->read(VirtualFiles::kFirstFile, handle, 0, std::as_writable_bytes(std::span(text)))
                .value());
        volume->close_file(VirtualFiles::kFirstFile, handle);
        const size_t at = text.find("\"collections\"");
        return text.substr(text.find("\"count\": ", at) + 9, 1);
    };
    CHECK(collections() == "2");
    REQUIRE(volume->rmdir(kRootIno, "other"));
    CHECK(collections() == "1");
    CHECK(code_of(volume->rmdir(kRootIno, "c")) == Code::kENOTEMPTY);
    volume.collection(kRootIno, "empty");
    REQUIRE(volume.rename({kRootIno, "none"}, {kRootIno, "empty"})); // replaces it
    CHECK(collections() == "1");
    const uint64_t other = volume.directory(kRootIno, "other");
    CHECK(code_of(volume->schema_get(other)) == Code::kENODATA);
    volume.reopen();
    CHECK(collections() == "1");
}

TEST_CASE(
    "borders: a collection whose directory a crash removed alone is destroyed by the next open") {
    Borders volume;
    volume.close();
    volume.with_store(false, [](Store& store) {
        const auto names = Names::open(store, false).value();
        REQUIRE(names->rmdir(kRootIno, "other", {1, 0}));
        CHECK(list_collections(store).value().size() == 2);
    });
    volume.open(true);
    CHECK(volume.found(volume.c) == "sub/deep/f");
    volume.close();
    volume.open();
    volume.close();
    volume.with_store(true, [&](Store& store) {
        const std::vector<CollectionEntry> left = list_collections(store).value();
        REQUIRE(left.size() == 1);
        CHECK(left[0].directory == volume.c);
    });
    volume.open();
}
