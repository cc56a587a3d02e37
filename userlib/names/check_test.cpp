// SPDX-License-Identifier: Apache-2.0
//
// Every relation of the namespace is broken once, and the check has to name it, and nothing else.
#include "userlib/names/check.h"

#include <algorithm>
#include <functional>

#include <dirent.h>
#include <doctest/doctest.h>

#include "userlib/names/names.h"
#include "userlib/names/xattr.h"
#include "userlib/testing/volume/ram_volume.h"

using namespace vexfs;

namespace {

constexpr uint64_t kVolumeBytes = uint64_t{64} << 20;
constexpr uint64_t kRecord = 16384;
constexpr Timestamp kNow{1, 0};

FormatOptions format() {
    FormatOptions format;
    format.node_bytes = 8192;
    format.record_bytes = kRecord;
    format.inline_bytes = 1000;
    return format;
}

Bytes text(const std::string& string) {
    return std::as_bytes(std::span(string));
}

// /dir/inner, /dir/file with three links of which two are in one directory, /link, /fifo, and
// attributes, a long one among them.
class SmallTree {
  public:
    SmallTree() : volume(kVolumeBytes, format()) {
        REQUIRE(Names::create(store(), {0755}, kNow));
        names = Names::open(store(), false).value();
        dir = make(kRootIno, "dir", {S_IFDIR | 0755});
        inner = make(dir, "inner", {S_IFDIR | 0755});
        file = make(dir, "file", {S_IFREG | 0644});
        link = make(kRootIno, "link", {S_IFLNK | 0777, 0, 0, 0, 0, "dir/file"});
        fifo = make(kRootIno, "fifo", {S_IFIFO | 0644});
        REQUIRE(names->link(file, dir, "second", kNow).has_value());
        REQUIRE(names->link(file, kRootIno, "third", kNow).has_value());
        REQUIRE(names->write(file, {}, text(std::string(kRecord + 100, 'x')), kNow).has_value());
        REQUIRE(names->set_xattr(file, "user.short", text("value"), SetXattr::kAny, kNow));
        REQUIRE(names->set_xattr(file, "user.long", text(std::string(5000, 'v')), SetXattr::kAny,
                                 kNow));
        const std::vector<StoreItem> xattrs =
            store()
                .list(name_key(file, NameItem::kXattr), name_key_end(file, NameItem::kXattr), 2)
                .value();
        for (const StoreItem& item : xattrs)
            value = std::max(value, decode_xattr(item.value).value().object);
        REQUIRE(store().commit());
    }

    Store& store() { return volume.store(); }
    Inode inode(uint64_t ino) { return names->get(ino).value(); }
    // Where a name stands.
    Key name(uint64_t directory, const std::string& called) {
        const std::vector<StoreItem> all =
            store().list(dirent_key(directory, 0), dirent_key(directory, kPositionEnd), 99).value();
        for (const StoreItem& item : all)
            if (decode_dirent(item.value).value().name == called)
                return item.key;
        FAIL("no such name");
        return {};
    }
    void change(Transaction& transaction, uint64_t ino,
                const std::function<void(Inode& inode)>& change) {
        Inode changed = inode(ino);
        change(changed);
        transaction.put(name_key(ino, NameItem::kInode), encode_inode(changed));
    }
    void put_name(Transaction& transaction, uint64_t directory, const Dirent& dirent,
                  uint64_t number = 0) {
        const uint64_t seed = directory_seed(store().layout().header().volume_id, directory);
        transaction.put(dirent_key(directory, first_position(dirent.name, seed) + number),
                        encode_dirent(dirent));
    }
    void put_xattr(Transaction& transaction, const Xattr& xattr, uint16_t number = 0) {
        transaction.put(xattr_key(file, xattr.name, number), encode_xattr(xattr));
    }

    // The first step of cutting much data off.
    void begin_cut() {
        Transaction transaction;
        change(transaction, file, [](Inode& inode) { inode.size = 10; });
        transaction.put(name_key(kNamesOid, NameItem::kTrim, file), {});
        REQUIRE(store().apply(transaction));
    }

    RamVolume volume;
    std::unique_ptr<Names> names;
    uint64_t dir = 0;
    uint64_t inner = 0;
    uint64_t file = 0;
    uint64_t link = 0;
    uint64_t fifo = 0;
    uint64_t value = 0; // the object of the long attribute

  private:
    uint64_t make(uint64_t directory, const char* called, const Make& what) {
        return names->make(directory, called, what, kNow).value().ino;
    }
};

// Finds exactly what is expected, each once, after `damage` was done to a sound tree.
void finds(std::vector<std::string> expected,
           const std::function<void(SmallTree& tree, Transaction& transaction)>& damage) {
    SmallTree tree;
    REQUIRE(check_names(tree.store()).clean());
    Transaction transaction;
    damage(tree, transaction);
    REQUIRE(tree.store().apply(transaction));
    REQUIRE(tree.store().commit());
    const NamesReport report = check_names(tree.store());
    std::vector<std::string> found;
    for (const NamesFinding& finding : report.findings)
        found.emplace_back(finding.error.what);
    std::ranges::sort(found);
    std::ranges::sort(expected);
    CHECK(found == expected);
    CHECK(report.problems == expected.size());
    CHECK_FALSE(report.clean());
}

// As above, with an inode that was changed.
void finds_in(const std::vector<std::string>& expected, uint64_t SmallTree::*which,
              const std::function<void(Inode& inode)>& change) {
    finds(expected, [&](SmallTree& tree, Transaction& transaction) {
        tree.change(transaction, tree.*which, change);
    });
}

} // namespace

TEST_CASE("check of names: a sound tree is counted and has no findings") {
    SmallTree tree;
    const NamesReport report = check_names(tree.store());
    CHECK(report.clean());
    CHECK_FALSE(report.bare);
    CHECK(report.directories == 3);
    CHECK(report.files == 1);
    CHECK(report.others == 2);
    CHECK(report.names == 7);
    CHECK(report.xattrs == 2);
    CHECK(report.unlinked == 0);
    CHECK(report.trims == 0);
}

TEST_CASE("check of names: a store that never held files is no damaged tree") {
    RamVolume volume(kVolumeBytes, format());
    CHECK(check_names(volume.store()).bare);
    Transaction transaction;
    transaction.put({700, 1, 0, 0}, text("anything"));
    transaction.write(7, 0, text("data"));
    REQUIRE(volume.store().apply(transaction));
    const NamesReport report = check_names(volume.store());
    CHECK(report.bare);
    CHECK(report.clean());
}

TEST_CASE("check of names: what a crash leaves to be finished is sound") {
    SmallTree tree;
    const Entry held = tree.names->make(kRootIno, "held", {S_IFREG | 0600}, kNow).value();
    REQUIRE(tree.names->hold(held.ino));
    REQUIRE(tree.names->write(held.ino, {}, text("data"), kNow).has_value());
    REQUIRE(tree.names->unlink(kRootIno, "held", kNow));
    REQUIRE(tree.names->make_unnamed({S_IFREG | 0600}, kNow).has_value());
    const Entry directory = tree.names->make(tree.dir, "held", {S_IFDIR | 0700}, kNow).value();
    REQUIRE(tree.names->hold(directory.ino));
    REQUIRE(tree.names->rmdir(tree.dir, "held", kNow));
    tree.begin_cut();
    REQUIRE(tree.store().sync());

    for (const bool opened : {false, true}) {
        tree.names.reset();
        tree.volume.crash();
        if (opened)
            tree.names = Names::open(tree.store(), false).value();
        const NamesReport report = check_names(tree.store());
        CHECK(report.clean());
        CHECK(report.unlinked == (opened ? 0 : 3));
        CHECK(report.trims == (opened ? 0 : 1));
    }
    CHECK(tree.store().records(tree.file, 0, UINT64_MAX, 9).value() == std::vector<uint64_t>{0});
}

TEST_CASE("names: what a cut that failed left behind does not come back, however the file grows") {
    const auto grows = [](const std::function<void(SmallTree & tree)>& grow) {
        SmallTree tree;
        tree.begin_cut();
        grow(tree);
        const Inode file = tree.inode(tree.file);
        REQUIRE(file.size > kRecord);
        std::string data(file.size, '?');
        REQUIRE(
            tree.names->read(tree.file, 0, std::as_writable_bytes(std::span(data))).has_value());
        CHECK(data.substr(0, kRecord) == std::string(10, 'x') + std::string(kRecord - 10, '\0'));
        const NamesReport report = check_names(tree.store());
        CHECK(report.clean());
        CHECK(report.trims == 0);
    };
    grows([](SmallTree& tree) {
        Attributes attributes;
        attributes.size = kRecord + 50;
        REQUIRE(tree.names->set(tree.file, attributes, kNow).has_value());
    });
    grows([](SmallTree& tree) {
        REQUIRE(tree.names->write(tree.file, {kRecord + 50}, text("y"), kNow).has_value());
    });
    grows([](SmallTree& tree) {
        REQUIRE(tree.names->allocate(tree.file, kRecord, 50, Allocate::kReserve, kNow).has_value());
    });
    grows([](SmallTree& tree) {
        const Entry from = tree.names->make(kRootIno, "from", {S_IFREG | 0644}, kNow).value();
        REQUIRE(tree.names->write(from.ino, {}, text("data"), kNow).has_value());
        REQUIRE(tree.names->copy(from.ino, 0, tree.file, kRecord, 4, kNow).value().bytes == 4);
    });
}

TEST_CASE("names: a file whose cut failed is removed with its mark") {
    SmallTree tree;
    tree.begin_cut();
    for (const char* name : {"file", "second"})
        REQUIRE(tree.names->unlink(tree.dir, name, kNow));
    REQUIRE(tree.names->unlink(kRootIno, "third", kNow));
    const NamesReport report = check_names(tree.store());
    CHECK(report.clean());
    CHECK(report.trims == 0);
}

TEST_CASE("check of names: what was erased and not yet reaped is sound") {
    SmallTree tree;
    for (const char* name : {"file", "second"})
        REQUIRE(tree.names->unlink(tree.dir, name, kNow));
    REQUIRE(tree.names->unlink(kRootIno, "third", kNow));
    REQUIRE(tree.store().commit());
    CHECK(check_names(tree.store()).clean());
    CHECK(tree.volume.check().orphans == 0);
    const NamesReport report = check_names(tree.store());
    CHECK(report.clean());
    CHECK(report.files == 0);
}

TEST_CASE("check of names: names and links that do not belong together are found") {
    finds(
        {"inode: a link without its name", "directory: count of names"},
        [](SmallTree& tree, Transaction& damage) { damage.erase(tree.name(tree.dir, "second")); });
    finds({"directory: a name of an inode that is not there", "directory: count of links"},
          [](SmallTree& tree, Transaction& damage) {
              tree.change(damage, kRootIno, [](Inode& root) { ++root.size; });
              tree.put_name(damage, kRootIno, {tree.value + 1, DT_DIR, "ghost"});
          });
    finds({"directory: a name of another type than its inode"},
          [](SmallTree& tree, Transaction& damage) {
              damage.put(tree.name(kRootIno, "fifo"), encode_dirent({tree.fifo, DT_SOCK, "fifo"}));
          });
    finds({"directory: a name that its inode does not know", "inode: a link without its name",
           "inode: a link without its name", "directory: a name that its inode does not know"},
          [](SmallTree& tree, Transaction& damage) {
              // Two names, each with the other's inode.
              tree.names->make(kRootIno, "pipe", {S_IFIFO | 0644}, kNow).value();
              const uint64_t pipe = tree.names->lookup(kRootIno, "pipe").value().ino;
              damage.put(tree.name(kRootIno, "fifo"), encode_dirent({pipe, DT_FIFO, "fifo"}));
              damage.put(tree.name(kRootIno, "pipe"), encode_dirent({tree.fifo, DT_FIFO, "pipe"}));
          });
    finds({"directory: a name that its inode does not know", "inode: count of links"},
          [](SmallTree& tree, Transaction& damage) {
              const Key second = tree.name(tree.dir, "second");
              damage.erase(name_key(tree.file, NameItem::kLink, position_of(second)));
          });
    finds({"inode: a link is there twice", "inode: count of links"},
          [](SmallTree& tree, Transaction& damage) {
              const Key second = tree.name(tree.dir, "second");
              damage.put(name_key(tree.file, NameItem::kLink, position_of(second), 9),
                         bytes_of(tree.dir));
          });
    finds({"inode: a link is there twice", "inode: count of links"},
          [](SmallTree& tree, Transaction& damage) {
              const Link first = tree.inode(tree.file).link;
              damage.put(name_key(tree.file, NameItem::kLink, first.position, 9),
                         bytes_of(first.directory));
          });
    finds({"inode: a link is malformed", "inode: count of links",
           "directory: a name that its inode does not know"},
          [](SmallTree& tree, Transaction& damage) {
              damage.put(
                  name_key(tree.file, NameItem::kLink, position_of(tree.name(kRootIno, "third"))),
                  text("x"));
          });
}

TEST_CASE("check of names: a name or an attribute that cannot be looked up is found") {
    finds({"directory: a name is not where it is looked for"},
          [](SmallTree& tree, Transaction& damage) {
              damage.put(tree.name(kRootIno, "fifo"), encode_dirent({tree.fifo, DT_FIFO, "fifx"}));
          });
    finds({"directory: a name is there twice"}, [](SmallTree& tree, Transaction& damage) {
        const Dirent third{tree.file, DT_REG, "third"};
        tree.put_name(damage, kRootIno, third, 1);
        damage.put(
            name_key(tree.file, NameItem::kLink, position_of(tree.name(kRootIno, "third")) + 1),
            bytes_of(kRootIno));
        tree.change(damage, tree.file, [](Inode& file) { ++file.nlink; });
        tree.change(damage, kRootIno, [](Inode& root) { ++root.size; });
    });
    finds({"directory: a name is malformed", "inode: a link without its name"},
          [](SmallTree& tree, Transaction& damage) {
              damage.put(tree.name(kRootIno, "fifo"), text("?"));
          });
    finds(
        {"inode: names in what is no directory", "directory: a name that its inode does not know"},
        [](SmallTree& tree, Transaction& damage) {
            tree.put_name(damage, tree.file, {tree.fifo, DT_FIFO, "a"});
        });
    finds({"xattr: an attribute is not where it is looked for"},
          [](SmallTree& tree, Transaction& damage) {
              Xattr other;
              other.name = "user.other";
              damage.put(xattr_key(tree.file, "user.short"), encode_xattr(other));
          });
    finds({"xattr: an attribute is there twice"}, [](SmallTree& tree, Transaction& damage) {
        Xattr again;
        again.name = "user.short";
        tree.put_xattr(damage, again, 1);
    });
    finds({"xattr: the item is malformed"}, [](SmallTree& tree, Transaction& damage) {
        damage.put(xattr_key(tree.file, "user.short"), text("?"));
    });
}

TEST_CASE("check of names: counts that are not what is there are found") {
    finds_in({"inode: count of links"}, &SmallTree::file, [](Inode& file) { --file.nlink; });
    finds_in({"directory: count of links"}, &SmallTree::dir, [](Inode& dir) { ++dir.nlink; });
    finds_in({"directory: count of names"}, &SmallTree::dir, [](Inode& dir) { --dir.size; });
    finds_in({"inode: count of records"}, &SmallTree::file, [](Inode& file) { file.records = 1; });
}

TEST_CASE("check of names: directories that do not hang below the root are found") {
    // Into the directory that it holds itself.
    finds({"directory: it lies below itself"}, [](SmallTree& tree, Transaction& damage) {
        const uint64_t seed = directory_seed(tree.store().layout().header().volume_id, tree.inner);
        damage.erase(tree.name(kRootIno, "dir"));
        tree.put_name(damage, tree.inner, {tree.dir, DT_DIR, "dir"});
        tree.change(damage, tree.dir, [&](Inode& dir) {
            dir.link = {tree.inner, first_position("dir", seed)};
        });
        tree.change(damage, tree.inner, [](Inode& inner) { ++inner.size, ++inner.nlink; });
        tree.change(damage, kRootIno, [](Inode& root) { --root.size, --root.nlink; });
    });
    finds_in({"directory: it lies in no directory", "inode: a link without its name",
              "directory: a name that its inode does not know"},
             &SmallTree::dir, [](Inode& dir) { dir.link.directory = 99; });
    finds({"directory: it has not one name"}, [](SmallTree& tree, Transaction& damage) {
        const uint64_t seed = directory_seed(tree.store().layout().header().volume_id, kRootIno);
        tree.put_name(damage, kRootIno, {tree.inner, DT_DIR, "again"});
        damage.put(name_key(tree.inner, NameItem::kLink, first_position("again", seed)),
                   bytes_of(kRootIno));
        tree.change(damage, kRootIno, [](Inode& root) { ++root.size, ++root.nlink; });
    });
    finds(
        {"names: the root directory is missing", "inode: it is not there, but something of it is"},
        [](SmallTree&, Transaction& damage) {
            damage.erase(name_key(kRootIno, NameItem::kInode));
        });
}

TEST_CASE("check of names: inodes that nothing explains are found") {
    const auto forget_fifo = [](SmallTree& tree, Transaction& damage) {
        damage.erase(tree.name(kRootIno, "fifo"));
        tree.change(damage, kRootIno, [](Inode& root) { --root.size; });
    };
    finds({"inode: it has no name and is not marked as unlinked"},
          [&](SmallTree& tree, Transaction& damage) {
              forget_fifo(tree, damage);
              tree.change(damage, tree.fifo, [](Inode& fifo) { fifo.nlink = 0, fifo.link = {}; });
          });
    finds({"inode: a link without its name"}, forget_fifo);
    finds({"inode: size of the item", "directory: a name of an inode that is not there"},
          [](SmallTree& tree, Transaction& damage) {
              damage.put(name_key(tree.fifo, NameItem::kInode), text("?"));
          });
    finds({"inode: its key is malformed"}, [](SmallTree& tree, Transaction& damage) {
        damage.put(name_key(tree.fifo, NameItem::kInode, 1), encode_inode(tree.inode(tree.fifo)));
    });
    finds({"inode: its number was never handed out"}, [](SmallTree& tree, Transaction& damage) {
        Inode fifo = tree.inode(tree.fifo);
        fifo.nlink = 0;
        fifo.link = {};
        damage.put(name_key(1'000'000, NameItem::kInode), encode_inode(fifo));
        damage.put(name_key(kNamesOid, NameItem::kUnlinked, 1'000'000), {});
    });
    finds({"inode: its data is being erased", "object: it belongs to no inode"},
          [](SmallTree& tree, Transaction& damage) { damage.destroy(tree.file); });
    finds({"directory: a name of an inode that is not there",
           "directory: a name of an inode that is not there",
           "directory: a name of an inode that is not there",
           "inode: it is not there, but something of it is"},
          [](SmallTree& tree, Transaction& damage) {
              damage.erase(name_key(tree.file, NameItem::kInode));
          });
    finds({"object: an item of a kind that is not known"},
          [](SmallTree& tree, Transaction& damage) {
              damage.put({tree.file, 200, 0, 0}, {});
          });
}

TEST_CASE("check of names: marks of what is not to be finished are found") {
    const char* const unlinked = "names: what is marked as unlinked is not there or has a name";
    finds({unlinked}, [](SmallTree& tree, Transaction& damage) {
        damage.put(name_key(kNamesOid, NameItem::kUnlinked, tree.file), {});
    });
    finds({unlinked}, [](SmallTree& tree, Transaction& damage) {
        damage.put(name_key(kNamesOid, NameItem::kUnlinked, tree.value + 1), {});
    });
    const char* const trim = "names: what is marked to be cut is no file";
    finds({trim}, [](SmallTree& tree, Transaction& damage) {
        damage.put(name_key(kNamesOid, NameItem::kTrim, tree.fifo), {});
    });
    finds({trim}, [](SmallTree& tree, Transaction& damage) {
        damage.put(name_key(kNamesOid, NameItem::kTrim, tree.value + 1), {});
    });
    finds({"names: a mark is malformed"}, [](SmallTree& tree, Transaction& damage) {
        damage.put(name_key(kNamesOid, NameItem::kTrim, tree.file), text("?"));
    });
}

TEST_CASE("check of names: data where none may be is found") {
    const auto write = [](uint64_t SmallTree::*which, uint64_t offset) {
        return [which, offset](SmallTree& tree, Transaction& damage) {
            damage.write(tree.*which, offset, text("data"));
        };
    };
    finds({"inode: data behind its end"}, write(&SmallTree::file, kRecord + 200));
    finds({"inode: data behind its end", "inode: count of records"},
          write(&SmallTree::file, 9 * kRecord));
    finds({"inode: data of what has none"}, write(&SmallTree::fifo, 0));
    finds({"inode: data of what has none"}, write(&SmallTree::dir, 0));
    finds({"inode: the target of a symbolic link"},
          [](SmallTree& tree, Transaction& damage) { damage.punch(tree.link, 0, kRecord); });
    finds({"object: it belongs to no inode"}, [](SmallTree& tree, Transaction& damage) {
        damage.write(tree.value + 1, 0, text("data"));
    });
}

TEST_CASE("check of names: values of attributes that are not theirs alone are found") {
    const auto put = [](SmallTree& tree, Transaction& damage, uint64_t object) {
        Xattr xattr;
        xattr.name = "user.more";
        xattr.object = object;
        xattr.value_bytes = 5000;
        tree.put_xattr(damage, xattr);
    };
    finds({"xattr: its value is that of another attribute, too"},
          [&](SmallTree& tree, Transaction& damage) { put(tree, damage, tree.value); });
    finds({"xattr: its value is in an object that was never handed out"},
          [&](SmallTree& tree, Transaction& damage) { put(tree, damage, 1'000'000); });
    finds({"xattr: its value is in an inode"},
          [&](SmallTree& tree, Transaction& damage) { put(tree, damage, tree.link); });
    finds({"xattr: its value is being erased"},
          [](SmallTree& tree, Transaction& damage) { damage.destroy(tree.value); });
    finds({"xattr: data behind its value"}, [](SmallTree& tree, Transaction& damage) {
        damage.write(tree.value, 2 * kRecord, text("data"));
    });
}

TEST_CASE("check of names: what others keep in the store is sound where they say so") {
    SmallTree tree;
    const auto found = [&](const NamesGuests& guests) {
        const NamesReport report = check_names(tree.store(), guests);
        std::vector<std::string> sentences;
        for (const NamesFinding& finding : report.findings)
            sentences.emplace_back(finding.error.what);
        std::ranges::sort(sentences);
        return sentences;
    };
    const uint64_t object = tree.names->make(kRootIno, "gone", {S_IFREG}, kNow).value().ino;
    REQUIRE(tree.names->unlink(kRootIno, "gone", kNow));
    REQUIRE(tree.volume.check().clean());
    Transaction transaction;
    transaction.put({3, 16, 700, 0}, text("an item"));
    transaction.put({tree.file, 17, 0, 0}, text("an item"));
    transaction.write(object, 0, text("data"));
    REQUIRE(tree.store().apply(transaction));
    REQUIRE(tree.store().commit());
    CHECK(found({{3, object}, {17}}).empty());
    CHECK(found({}) == std::vector<std::string>{"inode: it is not there, but something of it is",
                                                "object: an item of a kind that is not known",
                                                "object: an item of a kind that is not known",
                                                "object: it belongs to no inode"});
    CHECK(found({{3, object, 1'000'000}, {17}}) ==
          std::vector<std::string>{"object: its number was never handed out"});
    CHECK(found({{3, tree.fifo, object}, {17}}) ==
          std::vector<std::string>{"inode: its number is that of an object beside the names"});
    CHECK(found({{3, tree.value, object}, {17}}) ==
          std::vector<std::string>{"xattr: its value is in an object beside the names"});
    Transaction of_object;
    of_object.put({object, 18, 0, 0}, text("an item"));
    REQUIRE(tree.store().apply(of_object));
    CHECK(found({{3, object}, {17}, {18}}).empty());
    CHECK(found({{3, object}, {17}}) ==
          std::vector<std::string>{"inode: it is not there, but something of it is",
                                   "object: an item of a kind that is not known"});
    Transaction wrong;
    wrong.erase({object, 18, 0, 0});
    wrong.put({tree.dir, 17, 0, 0}, text("an item"));
    REQUIRE(tree.store().apply(wrong));
    CHECK(found({{3, object}, {17}}) ==
          std::vector<std::string>{"inode: an item that only a file may have"});
}

TEST_CASE("check of names: findings beyond the first thousand are counted") {
    SmallTree tree;
    constexpr uint64_t kMarks = 1200;
    for (uint64_t i = 0; i < kMarks; ++i) {
        Transaction damage;
        damage.put(name_key(kNamesOid, NameItem::kUnlinked, tree.value + 1 + i), {});
        REQUIRE(tree.store().apply(damage));
    }
    const NamesReport report = check_names(tree.store());
    CHECK(report.problems == kMarks);
    CHECK(report.findings.size() == NamesReport::kFindingsMax);
}
