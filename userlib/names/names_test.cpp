// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/names.h"

#include <set>

#include <doctest/doctest.h>

#include "userlib/names/check.h"
#include "userlib/testing/volume/ram_volume.h"

using namespace vexfs;

namespace {

constexpr Make kFile{S_IFREG | 0644, 7, 8};
constexpr Make kDirectory{S_IFDIR | 0755, 7, 8};

// A volume with a root directory. Every call happens a second after the one before.
struct Fixture {
    RamVolume volume{uint64_t{64} << 20};
    std::unique_ptr<Names> names;
    int64_t seconds = 1000;

    Fixture() {
        REQUIRE(Names::create(volume.store(), {0755}, now()));
        names = Names::open(volume.store(), false).value();
    }
    ~Fixture() {
        names.reset();
        CHECK(volume.check().clean());
        CHECK(check_names(volume.store()).clean());
    }

    Timestamp now() { return {++seconds, 5}; }
    uint64_t file(uint64_t directory, std::string_view name) {
        return names->make(directory, name, kFile, now()).value().ino;
    }
    uint64_t directory(uint64_t parent, std::string_view name) {
        return names->make(parent, name, kDirectory, now()).value().ino;
    }
    Status rename(const Place& from, const Place& to, RenameMode mode = RenameMode::kReplace) {
        return names->rename(from, to, mode, now());
    }
    Code lookup_code(uint64_t directory, std::string_view name) {
        const Result<Entry> entry = names->lookup(directory, name);
        REQUIRE_FALSE(entry.has_value());
        return entry.error().code;
    }
    Inode inode(uint64_t ino) { return names->get(ino).value(); }
    std::set<std::string> listed(uint64_t directory, size_t at_once = 3) {
        std::set<std::string> all;
        for (uint64_t cursor = 0;;) {
            const std::vector<Listed> some = names->list(directory, cursor, at_once).value();
            if (some.empty())
                return all;
            for (const Listed& entry : some)
                CHECK(all.insert(entry.name).second);
            cursor = some.back().next;
        }
    }
    std::string text(uint64_t ino) {
        std::string text(inode(ino).size, '?');
        CHECK(names->read(ino, 0, std::as_writable_bytes(std::span(text))).value() == text.size());
        return text;
    }
    void write(uint64_t ino, uint64_t offset, std::string_view text) {
        const Written written =
            names->write(ino, {offset}, std::as_bytes(std::span(text)), now()).value();
        CHECK(written.bytes == text.size());
        CHECK(written.inode == inode(ino));
    }
    void remount() {
        names.reset();
        volume.reopen();
        names = Names::open(volume.store(), false).value();
    }
    void crash_after_sync() {
        REQUIRE(volume.store().sync());
        names.reset();
        volume.crash();
        names = Names::open(volume.store(), false).value();
    }
};

template <typename T>
Code code_of(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
}

} // namespace

TEST_CASE_FIXTURE(Fixture, "names: what was made is found, listed and has its place") {
    const uint64_t docs = directory(kRootIno, "docs");
    const uint64_t file_ino = file(docs, "a");
    CHECK(names->lookup(docs, "a").value().ino == file_ino);
    CHECK(names->path(file_ino).value() == "/docs/a");
    CHECK(names->lookup(docs, "..").value().ino == kRootIno);
    CHECK(names->lookup(kRootIno, "..").value().ino == kRootIno);
    CHECK(listed(docs) == std::set<std::string>{".", "..", "a"});
    CHECK(inode(kRootIno).nlink == 3);
    CHECK(inode(docs).nlink == 2);
    CHECK(inode(file_ino).uid == 7);
    CHECK(lookup_code(docs, "b") == Code::kENOENT);
    CHECK(lookup_code(file_ino, "b") == Code::kENOTDIR);
    remount();
    CHECK(names->path(file_ino).value() == "/docs/a");
    CHECK(file(docs, "b") > file_ino);
}

TEST_CASE_FIXTURE(Fixture, "names: a name is bytes, up to 255, and none of the forbidden") {
    const std::string longest(255, '\xff');
    file(kRootIno, longest);
    CHECK(names->lookup(kRootIno, longest).has_value());
    CHECK(lookup_code(kRootIno, longest + "x") == Code::kENAMETOOLONG);
    for (const std::string& bad : {std::string(), std::string("a/b"), std::string("a\0b", 3)})
        CHECK(names->make(kRootIno, bad, kFile, now()).error().code == Code::kEINVAL);
    CHECK(names->make(kRootIno, longest, kFile, now()).error().code == Code::kEEXIST);
}

TEST_CASE_FIXTURE(Fixture, "names: a file with two names stays until the last is gone") {
    const uint64_t docs = directory(kRootIno, "docs");
    const uint64_t ino = file(kRootIno, "one");
    REQUIRE(names->link(ino, docs, "two", now()));
    REQUIRE(names->link(ino, docs, "three", now()));
    CHECK(inode(ino).nlink == 3);
    REQUIRE(names->unlink(kRootIno, "one", now()));
    CHECK(names->path(ino).value().starts_with("/docs/t"));
    REQUIRE(rename({docs, "two"}, {kRootIno, "four"}));
    REQUIRE(names->unlink(docs, "three", now()));
    CHECK(names->path(ino).value() == "/four");
    CHECK(inode(ino).nlink == 1);
    REQUIRE(names->unlink(kRootIno, "four", now()));
    CHECK(names->get(ino).error().code == Code::kESTALE);
    CHECK(code_of(names->unlink(kRootIno, "four", now())) == Code::kENOENT);
    CHECK(names->link(docs, kRootIno, "five", now()).error().code == Code::kEPERM);
}

TEST_CASE_FIXTURE(Fixture, "names: an inode knows all of its names and where they stand") {
    const uint64_t a = directory(kRootIno, "a");
    const uint64_t ino = file(kRootIno, "one");
    REQUIRE(names->link(ino, a, "two", now()));
    REQUIRE(names->link(ino, a, "three", now()));
    const auto places = [&] {
        std::set<std::string> found;
        for (const Link& link : names->links(ino).value())
            found.insert((link.directory == a ? "a/" : "") + names->name_at(link).value());
        return found;
    };
    CHECK(places() == std::set<std::string>{"one", "a/two", "a/three"});
    const Link first = names->links(ino).value()[0];
    REQUIRE(names->unlink(kRootIno, "one", now()));
    CHECK(code_of(names->name_at(first)) == Code::kENOENT);
    REQUIRE(rename({a, "two"}, {kRootIno, "four"}));
    CHECK(places() == std::set<std::string>{"four", "a/three"});
    REQUIRE(names->hold(ino));
    REQUIRE(names->unlink(kRootIno, "four", now()));
    REQUIRE(names->unlink(a, "three", now()));
    CHECK(names->links(ino).value().empty());
    REQUIRE(names->release(ino));
    CHECK(code_of(names->links(ino)) == Code::kESTALE);
}

TEST_CASE_FIXTURE(Fixture, "names: what is held outlives its name, but not a crash") {
    const uint64_t ino = file(kRootIno, "a");
    write(ino, 0, "still here");
    REQUIRE(names->hold(ino));
    REQUIRE(names->hold(ino));
    REQUIRE(names->unlink(kRootIno, "a", now()));
    CHECK(inode(ino).nlink == 0);
    CHECK(text(ino) == "still here");
    REQUIRE(names->release(ino));
    CHECK(text(ino) == "still here");
    SUBCASE("released") {
        REQUIRE(names->release(ino));
    }
    SUBCASE("crashed") {
        crash_after_sync();
    }
    CHECK(names->get(ino).error().code == Code::kESTALE);
    CHECK_FALSE(names->release(ino).has_value());
}

TEST_CASE_FIXTURE(Fixture, "names: a file without a name gets one, or goes") {
    const Entry kept = names->make_unnamed(kFile, now()).value();
    const Entry lost = names->make_unnamed(kFile, now()).value();
    write(kept.ino, 0, "text");
    CHECK(names->path(kept.ino).error().code == Code::kENOENT);
    REQUIRE(names->link(kept.ino, kRootIno, "named", now()));
    REQUIRE(names->release(kept.ino));
    REQUIRE(names->release(lost.ino));
    CHECK(names->get(lost.ino).error().code == Code::kESTALE);
    crash_after_sync();
    CHECK(text(names->lookup(kRootIno, "named").value().ino) == "text");
}

TEST_CASE_FIXTURE(Fixture, "names: only an empty directory is removed, and nothing is made in it") {
    const uint64_t docs = directory(kRootIno, "docs");
    file(docs, "a");
    CHECK(code_of(names->rmdir(kRootIno, "docs", now())) == Code::kENOTEMPTY);
    CHECK(code_of(names->unlink(kRootIno, "docs", now())) == Code::kEISDIR);
    CHECK(code_of(names->rmdir(docs, "a", now())) == Code::kENOTDIR);
    REQUIRE(names->unlink(docs, "a", now()));
    REQUIRE(names->hold(docs));
    REQUIRE(names->rmdir(kRootIno, "docs", now()));
    CHECK(names->make(docs, "b", kFile, now()).error().code == Code::kENOENT);
    CHECK(names->list(docs, 0, 10).value().empty());
    CHECK(inode(kRootIno).nlink == 2);
    REQUIRE(names->release(docs));
}

TEST_CASE_FIXTURE(Fixture, "names: a rename moves, replaces, refuses or exchanges") {
    const uint64_t a = directory(kRootIno, "a");
    const uint64_t b = directory(kRootIno, "b");
    const uint64_t inner = directory(a, "inner");
    const uint64_t x = file(a, "x");
    const uint64_t y = file(b, "y");
    CHECK(code_of(rename({a, "x"}, {b, "y"}, RenameMode::kNoReplace)) == Code::kEEXIST);
    REQUIRE(rename({a, "x"}, {b, "y"}, RenameMode::kExchange));
    CHECK(names->path(x).value() == "/b/y");
    CHECK(names->path(y).value() == "/a/x");
    REQUIRE(rename({a, "x"}, {b, "y"}));
    CHECK(names->path(y).value() == "/b/y");
    CHECK(names->get(x).error().code == Code::kESTALE);
    REQUIRE(rename({a, "inner"}, {b, "inner"}));
    CHECK(names->path(inner).value() == "/b/inner");
    CHECK(inode(a).nlink == 2);
    CHECK(inode(b).nlink == 3);
    CHECK(inode(b).size == 2);
    CHECK(names->lookup(inner, "..").value().ino == b);
    CHECK(code_of(rename({kRootIno, "b"}, {inner, "b"})) == Code::kEINVAL);
    CHECK(code_of(rename({b, "inner"}, {kRootIno, "b"})) == Code::kENOTEMPTY);
    CHECK(code_of(rename({kRootIno, "b"}, {inner, "c"}, RenameMode::kExchange)) == Code::kENOENT);
    CHECK(code_of(rename({b, "y"}, {kRootIno, "a"})) == Code::kEISDIR);
    CHECK(code_of(rename({kRootIno, "a"}, {b, "y"})) == Code::kENOTDIR);
    REQUIRE(rename({b, "inner"}, {kRootIno, "a"}));
    CHECK(names->path(inner).value() == "/a");
    CHECK(names->get(a).error().code == Code::kESTALE);
    CHECK(inode(kRootIno).nlink == 4);
}

TEST_CASE_FIXTURE(Fixture, "names: two names of one file stay when one is renamed to the other") {
    const uint64_t ino = file(kRootIno, "a");
    REQUIRE(names->link(ino, kRootIno, "b", now()));
    REQUIRE(rename({kRootIno, "a"}, {kRootIno, "b"}));
    CHECK(inode(ino).nlink == 2);
    CHECK(listed(kRootIno) == std::set<std::string>{".", "..", "a", "b"});
}

TEST_CASE_FIXTURE(Fixture, "names: a listing that is interrupted by changes repeats nothing") {
    std::set<std::string> stays;
    for (int i = 0; i < 200; ++i)
        stays.insert("stays" + std::to_string(i));
    for (const std::string& name : stays)
        file(kRootIno, name);
    std::multiset<std::string> seen;
    int round = 0;
    for (uint64_t cursor = 0;; ++round) {
        const std::vector<Listed> some = names->list(kRootIno, cursor, 7).value();
        if (some.empty())
            break;
        for (const Listed& entry : some)
            seen.insert(entry.name);
        cursor = some.back().next;
        file(kRootIno, "comes" + std::to_string(round));
        if (round > 0)
            REQUIRE(names->unlink(kRootIno, "comes" + std::to_string(round - 1), now()));
    }
    for (const std::string& name : stays)
        CHECK(seen.count(name) == 1);
}

TEST_CASE_FIXTURE(Fixture, "names: a symbolic link, a device and a pipe are what they were made") {
    Make link{S_IFLNK | 0777};
    link.target = "../somewhere";
    const uint64_t ino = names->make(kRootIno, "link", link, now()).value().ino;
    CHECK(names->read_link(ino).value() == "../somewhere");
    CHECK(inode(ino).size == 12);
    const uint64_t device =
        names->make(kRootIno, "disk", {S_IFBLK | 0600, 0, 0, 259, 3}, now()).value().ino;
    CHECK(inode(device).rdev_major == 259);
    CHECK(inode(device).rdev_minor == 3);
    CHECK(names->make(kRootIno, "pipe", {S_IFIFO | 0600}, now()).has_value());
    CHECK(names->read_link(device).error().code == Code::kEINVAL);
    CHECK(names->read(device, 0, {}).error().code == Code::kEINVAL);
    link.target = "";
    CHECK(names->make(kRootIno, "none", link, now()).error().code == Code::kEINVAL);
}

TEST_CASE_FIXTURE(Fixture,
                  "names: attributes are set one by one, and privileges go with the owner") {
    const uint64_t ino = file(kRootIno, "a");
    Attributes mode;
    mode.mode = 06755;
    CHECK(names->set(ino, mode, now()).value().mode == (S_IFREG | 06755));
    Attributes owner;
    owner.uid = 12;
    const Inode owned = names->set(ino, owner, now()).value();
    CHECK(owned.uid == 12);
    CHECK(owned.gid == 8);
    CHECK(owned.mode == (S_IFREG | 0755));
    Attributes times;
    times.mtime = Timestamp{-5, 999'999'999};
    CHECK(names->set(ino, times, now()).value().mtime == Timestamp{-5, 999'999'999});
    CHECK(inode(ino).ctime.sec == seconds);
    remount();
    CHECK(inode(ino).mtime == Timestamp{-5, 999'999'999});
}

TEST_CASE_FIXTURE(Fixture, "names: data behind the end is zero when the file grows again") {
    const uint64_t ino = file(kRootIno, "a");
    write(ino, 0, std::string(100'000, 'x'));
    Attributes size;
    size.size = 70'001;
    CHECK(names->set(ino, size, now()).value().size == 70'001);
    size.size = 90'000;
    REQUIRE(names->set(ino, size, now()));
    CHECK(text(ino) == std::string(70'001, 'x') + std::string(90'000 - 70'001, '\0'));
    size.size = 0;
    CHECK(names->set(ino, size, now()).value().records == 0);
    CHECK(names->allocated_bytes(inode(ino)) == 0);
}

TEST_CASE_FIXTURE(Fixture, "names: a terabyte with two words in it takes two records") {
    const uint64_t ino = file(kRootIno, "a");
    constexpr uint64_t kFar = uint64_t{1} << 40;
    write(ino, 5, "near");
    write(ino, kFar, "far");
    CHECK(inode(ino).size == kFar + 3);
    CHECK(inode(ino).records == 2);
    CHECK(names->seek_data(ino, 0).value() == 0);
    CHECK(names->seek_hole(ino, 0).value() == 65'536);
    CHECK(names->seek_data(ino, 65'536).value() == kFar);
    CHECK(names->seek_hole(ino, kFar).value() == kFar + 3);
    CHECK(names->seek_data(ino, kFar + 3).error().code == Code::kENXIO);
    CHECK(names->allocate(ino, 0, 65'536, Allocate::kPunch, now()).value().records == 1);
    CHECK(names->seek_data(ino, 0).value() == kFar);
    CHECK(names->write(ino, {kFileBytesMax - 1}, std::as_bytes(std::span("ab", 2)), now())
              .error()
              .code == Code::kEFBIG);
}

TEST_CASE_FIXTURE(Fixture,
                  "names: much data cut off by a crash in between is cut off at the next open") {
    const uint64_t ino = file(kRootIno, "a");
    write(ino, 0, std::string(3 << 20, 'x'));
    REQUIRE(volume.store().commit());
    // As a crash leaves it: the size and the mark are there, the data still is.
    Inode inode_before = inode(ino);
    inode_before.size = 10;
    Transaction transaction;
    transaction.put(name_key(ino, NameItem::kInode), encode_inode(inode_before));
    transaction.put(name_key(kNamesOid, NameItem::kTrim, ino), {});
    REQUIRE(volume.store().apply(transaction));
    crash_after_sync();
    CHECK(inode(ino).records == 1);
    CHECK(volume.store().records(ino, 0, UINT64_MAX, 100).value().size() == 1);
    Attributes size;
    size.size = 100;
    REQUIRE(names->set(ino, size, now()));
    CHECK(text(ino) == std::string(10, 'x') + std::string(90, '\0'));
}

TEST_CASE_FIXTURE(Fixture, "names: appending, copying and zeroing do what they say") {
    const uint64_t ino = file(kRootIno, "a");
    write(ino, 0, "0123456789");
    const Written appended =
        names->write(ino, {0, true}, std::as_bytes(std::span("abc", 3)), now()).value();
    CHECK(appended.offset == 10);
    const uint64_t copy = file(kRootIno, "b");
    CHECK(names->copy(ino, 2, copy, 5, 100, now()).value().bytes == 11);
    CHECK(text(copy) == std::string(5, '\0') + "23456789abc");
    CHECK(names->copy(ino, 0, ino, 5, 10, now()).error().code == Code::kEINVAL);
    CHECK(names->allocate(ino, 2, 3, Allocate::kZeroKeep, now()).has_value());
    CHECK(text(ino) == std::string("01\0\0\00056789abc", 13));
    CHECK(names->allocate(ino, 10, 10, Allocate::kZero, now()).value().size == 20);
    CHECK(names->allocate(ino, 0, uint64_t{1} << 40, Allocate::kReserve, now()).error().code ==
          Code::kENOSPC);
    CHECK(names->allocate(ino, 0, 4096, Allocate::kReserve, now()).value().size == 4096);
}

TEST_CASE_FIXTURE(Fixture, "names: attributes of any length are kept, listed and given up") {
    const uint64_t ino = file(kRootIno, "a");
    const auto set = [&](std::string_view name, size_t bytes, SetXattr how = SetXattr::kAny) {
        return names->set_xattr(ino, name, Page(bytes, std::byte{9}), how, now());
    };
    REQUIRE(set("user.small", 10));
    REQUIRE(set("user.large", 65'536));
    REQUIRE(set("security.empty", 0));
    CHECK(code_of(set("user.small", 1, SetXattr::kCreate)) == Code::kEEXIST);
    CHECK(code_of(set("user.none", 1, SetXattr::kReplace)) == Code::kENODATA);
    CHECK(code_of(set("user.huge", 65'537)) == Code::kE2BIG);
    CHECK(code_of(set("system.posix_acl_access", 1)) == Code::kEOPNOTSUPP);
    remount();
    CHECK(names->get_xattr(ino, "user.large").value() == Page(65'536, std::byte{9}));
    CHECK(names->get_xattr(ino, "security.empty").value().empty());
    CHECK(names->list_xattrs(ino).value().size() == 3);
    REQUIRE(set("user.large", 2000));
    CHECK(names->get_xattr(ino, "user.large").value().size() == 2000);
    REQUIRE(names->remove_xattr(ino, "user.small", now()));
    CHECK(names->get_xattr(ino, "user.small").error().code == Code::kENODATA);
    REQUIRE(names->unlink(kRootIno, "a", now()));
    CHECK(volume.check().items <= 2); // the root and a counter: no value was left behind
}

TEST_CASE("names: a volume without a root is refused, and one with a root is not made again") {
    RamVolume volume(uint64_t{16} << 20);
    CHECK(Names::open(volume.store(), false).error().code == Code::kEUCLEAN);
    REQUIRE(Names::create(volume.store(), {0755}, {}));
    CHECK(code_of(Names::create(volume.store(), {0755}, {})) == Code::kEEXIST);
    CHECK(Names::open(volume.store(), true).has_value());
}
