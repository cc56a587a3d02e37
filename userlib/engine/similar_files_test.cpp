// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/similar_files.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "userlib/engine/volume.h"
#include "userlib/testing/rows/opened_volume.h"
#include "userlib/testing/volume/file_volume.h"

using namespace vexfs;

namespace {

constexpr Make kOpenFile{S_IFREG | 0644, 7, 8};
constexpr Make kShutFile{S_IFREG | 0600, 7, 8};
constexpr Make kOpenDirectory{S_IFDIR | 0755, 7, 8};

AskCaller user(uint32_t uid) {
    return [uid]() -> Result<Caller> {
        return Caller{uid, uid};
    };
}

template <typename T>
Code code_of(const Result<T>& result) {
    return result ? Code{} : result.error().code;
}

// Files whose one element says how far from each other they are.
struct Fixture {
    FileVolume image{uint64_t{64} << 20};
    std::unique_ptr<Volume> volume = opened_volume(image.path());
    uint64_t collection = make(kRootIno, "collection", kOpenDirectory);

    Fixture() {
        Schema schema;
        schema.dim = 1;
        REQUIRE(volume->schema_set(collection, schema, false, {0, 0}).has_value());
    }
    ~Fixture() { REQUIRE(volume->close()); }

    uint64_t make(uint64_t directory, std::string_view name, const Make& what) {
        const uint64_t ino = volume->make(directory, name, what).value().ino;
        REQUIRE(volume->forget(ino, 1));
        return ino;
    }
    uint64_t file(uint64_t directory, std::string_view name, float at,
                  const Make& what = kOpenFile) {
        const uint64_t ino = make(directory, name, what);
        REQUIRE(volume->set_xattr(ino, "user.vexfs.vector", bytes_of(at), SetXattr::kAny));
        return ino;
    }
    uint64_t lookup(uint64_t directory, std::string_view name, const AskCaller& ask) {
        const Result<Entry> entry = volume->lookup(directory, name, ask);
        REQUIRE(entry.has_value());
        CHECK(volume->get(entry->ino).value() == entry->inode);
        return entry->ino;
    }
    uint64_t similar_to(std::string_view name) {
        return lookup(lookup(collection, ".similar", nobody), name, nobody);
    }
    // "name -> target" of what the caller lists.
    std::vector<std::string> links(std::string_view name, const AskCaller& ask,
                                   size_t at_once = 100) {
        const uint64_t directory = similar_to(name);
        std::vector<std::string> all;
        for (uint64_t cursor = 0;;) {
            const std::vector<Listed> some = volume->list(directory, cursor, at_once, ask).value();
            if (some.empty())
                return all;
            cursor = some.back().next;
            for (const Listed& listed : some) {
                if (listed.name == "." || listed.name == "..")
                    continue;
                const uint64_t link = lookup(directory, listed.name, ask);
                CHECK(link == listed.ino);
                all.push_back(listed.name + " -> " + volume->read_link(link, ask).value());
            }
        }
    }
};

} // namespace

TEST_CASE("similar files: links lead to the nearest files below, nearest first") {
    Fixture fixture;
    const uint64_t below = fixture.make(fixture.collection, "below", kOpenDirectory);
    fixture.file(fixture.collection, "a", 0);
    fixture.file(fixture.collection, "b", 3);
    fixture.file(below, "c", 2);
    fixture.file(below, "d", -4);
    const std::vector<std::string> expected{"0001 c -> ../../below/c", "0002 b -> ../../b",
                                            "0003 d -> ../../below/d"};
    CHECK(fixture.links("a", user(1000)) == expected);
    CHECK(fixture.links("a", user(1000), 1) == expected);
}

TEST_CASE("similar files: each caller sees what he may read") {
    Fixture fixture;
    fixture.file(fixture.collection, "a", 0);
    fixture.file(fixture.collection, "shut", 1, kShutFile);
    fixture.file(fixture.collection, "b", 2);
    CHECK(fixture.links("a", user(1000)) == std::vector<std::string>{"0001 b -> ../../b"});
    CHECK(fixture.links("a", user(7)) ==
          std::vector<std::string>{"0001 shut -> ../../shut", "0002 b -> ../../b"});
    const uint64_t shut = fixture.similar_to("shut");
    CHECK(code_of(fixture.volume->list(shut, 0, 100, user(1000))) == Code::kEACCES);
    CHECK(code_of(fixture.volume->lookup(shut, "0001 a", user(1000))) == Code::kEACCES);
    CHECK(code_of(fixture.volume->list(shut, 0, 100, nobody)) == Code::kEACCES);
    const uint64_t link = fixture.lookup(shut, "0001 a", user(7));
    CHECK(code_of(fixture.volume->read_link(link, user(1000))) == Code::kEACCES);
    CHECK(fixture.volume->read_link(link, user(7)).value() == "../../a");
}

TEST_CASE("similar files: modes are those under which a search would be allowed") {
    Fixture fixture;
    fixture.file(fixture.collection, "a", 0, kShutFile);
    const uint64_t top = fixture.lookup(fixture.collection, ".similar", nobody);
    CHECK(fixture.volume->get(top)->mode == (S_IFDIR | 0555));
    const Inode of_file = fixture.volume->get(fixture.similar_to("a")).value();
    CHECK(of_file.mode == (S_IFDIR | 0500));
    CHECK(of_file.uid == 7);
}

TEST_CASE("similar files: the top lists the files of its directory, and they lead back") {
    Fixture fixture;
    fixture.make(fixture.collection, "below", kOpenDirectory);
    fixture.file(fixture.collection, "a", 0);
    fixture.file(fixture.collection, "b", 1);
    const uint64_t top = fixture.lookup(fixture.collection, ".similar", nobody);
    std::vector<std::string> names;
    for (uint64_t cursor = 0;;) {
        const std::vector<Listed> some = fixture.volume->list(top, cursor, 1, nobody).value();
        if (some.empty())
            break;
        cursor = some.back().next;
        for (const Listed& listed : some)
            names.push_back(listed.name);
    }
    std::ranges::sort(names);
    CHECK(names == std::vector<std::string>{".", "..", "a", "b"});
    CHECK(fixture.lookup(top, "..", nobody) == fixture.collection);
    CHECK(fixture.lookup(fixture.similar_to("a"), "..", nobody) == top);
}

TEST_CASE("similar files: what has none is absent or empty") {
    Fixture fixture;
    const uint64_t below = fixture.make(fixture.collection, "below", kOpenDirectory);
    fixture.make(fixture.collection, "bare", kOpenFile);
    fixture.file(fixture.collection, "a", 0);
    CHECK(fixture.links("bare", user(1000)).empty());
    CHECK(fixture.links("a", user(1000)).empty());
    const uint64_t top = fixture.lookup(fixture.collection, ".similar", nobody);
    CHECK(code_of(fixture.volume->lookup(kRootIno, ".similar", nobody)) == Code::kENOENT);
    CHECK(code_of(fixture.volume->lookup(top, "below", nobody)) == Code::kENOENT);
    CHECK(code_of(fixture.volume->lookup(top, "none", nobody)) == Code::kENOENT);
    const uint64_t of_a = fixture.similar_to("a");
    CHECK(code_of(fixture.volume->lookup(of_a, "0001 b", user(1000))) == Code::kENOENT);
    fixture.file(fixture.collection, "b", 1);
    const uint64_t link = fixture.lookup(of_a, "0001 b", user(1000));
    CHECK(code_of(fixture.volume->list(link, 0, 10, user(1000))) == Code::kENOTDIR);
    CHECK(code_of(fixture.volume->read_link(of_a, user(1000))) == Code::kEINVAL);
    REQUIRE(fixture.volume->unlink(fixture.collection, "b"));
    CHECK(code_of(fixture.volume->read_link(link, user(1000))) == Code::kENOENT);
    REQUIRE(fixture.volume->unlink(fixture.collection, "a"));
    CHECK(code_of(fixture.volume->get(of_a)) == Code::kESTALE);
    // A file with several names is where it was named first.
    const uint64_t b = fixture.file(fixture.collection, "c", 1);
    REQUIRE(fixture.volume->link(b, below, "second").has_value());
    REQUIRE(fixture.volume->forget(b, 1));
    CHECK(fixture.links("c", user(1000)).empty());
    const uint64_t elsewhere = fixture.lookup(below, ".similar", nobody);
    CHECK(code_of(fixture.volume->lookup(elsewhere, "second", nobody)) == Code::kENOENT);
}

TEST_CASE("similar files: no more links than a person reads, and no name longer than names are") {
    Fixture fixture;
    fixture.file(fixture.collection, "a", 0);
    for (int i = 1; i <= 25; ++i)
        fixture.file(fixture.collection, std::string(253, 'x') + std::to_string(i + 10),
                     static_cast<float>(i));
    const std::vector<std::string> links = fixture.links("a", user(1000));
    CHECK(links.size() == SimilarFiles::kLinks);
    CHECK(links.back().starts_with("0020 xxx"));
    CHECK(links.back().find(" -> ") == kNameBytesMax);
    CHECK(links.back().ends_with("x30"));
}

TEST_CASE("similar files: nothing there can be changed") {
    Fixture fixture;
    fixture.file(fixture.collection, "a", 0);
    const uint64_t of_a = fixture.similar_to("a");
    CHECK(code_of(fixture.volume->make(of_a, "x", kOpenFile)) == Code::kEPERM);
    CHECK(code_of(fixture.volume->make(fixture.collection, ".similar", kOpenDirectory)) ==
          Code::kEPERM);
    CHECK(code_of(fixture.volume->unlink(of_a, "0001 b")) == Code::kEPERM);
    CHECK(code_of(fixture.volume->set(of_a, {0700}, false, false)) == Code::kEPERM);
    CHECK(fixture.volume->list_xattrs(of_a).value().empty());
}
