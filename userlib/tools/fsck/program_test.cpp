// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>

#include "userlib/collection/collection.h"
#include "userlib/collection/item.h"
#include "userlib/device/file_device.h"
#include "userlib/device/run_program.h"
#include "userlib/names/names.h"

using namespace vexfs;

namespace {

constexpr uint64_t kSize = 64 << 20;
constexpr uint64_t kOid = 7;

ProgramRun fsck(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), VEXFS_PROGRAM);
    return run_program(arguments);
}

std::string bytes_of_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// A volume with an object of 1 MiB that a later commit overwrites.
class Volume {
  public:
    Volume() : file_(kSize) {
        std::string explanation;
        auto device = FileDevice::open(file_.path(), {}, explanation);
        REQUIRE(device.has_value());
        FormatOptions options;
        options.label = "films";
        REQUIRE(format_store(**device, options));
        StoreOptions raw; // so that the test finds the bytes again
        raw.compression = {CodecId::kNone, 0};
        auto store = Store::open(**device, raw);
        REQUIRE(store.has_value());
        write(**store, std::byte{1});
        first_txg_ = (*store)->uberblock().txg;
        write(**store, std::byte{2});
        layout_.emplace((*store)->layout());
        REQUIRE((*store)->close());
    }

    [[nodiscard]] const std::string& path() const { return file_.path(); }
    [[nodiscard]] const ScratchFile& file() const { return file_; }
    [[nodiscard]] uint64_t first_txg() const { return first_txg_; }

    // The first byte of the object; 0 if the volume or the object cannot be read.
    int content() {
        std::string explanation;
        auto device = FileDevice::open(file_.path(), {}, explanation);
        StoreOptions reading;
        reading.read_only = true;
        auto store = Store::open(**device, reading);
        std::byte byte{0};
        return store && (*store)->read(kOid, 0, {&byte, 1}) ? static_cast<int>(byte) : 0;
    }

    void damage_block(uint64_t block) {
        uint64_t word = 0;
        const auto at = static_cast<off_t>(block * kBlockBytes + 64);
        REQUIRE(::pread(file_.descriptor(), &word, sizeof word, at) == sizeof word);
        word = ~word;
        REQUIRE(::pwrite(file_.descriptor(), &word, sizeof word, at) == sizeof word);
    }
    void damage_free_map() {
        for (uint64_t slot = 0; slot < 2; ++slot)
            damage_block(layout_->region_start(0) + slot);
    }
    // Both copies of the root of a commit, by default of the newest, so that no repair but a rewind
    // could open the volume.
    void damage_root(uint64_t txg = UINT64_MAX) {
        Pointer root;
        {
            std::string explanation;
            auto device = FileDevice::open(file_.path(), {}, explanation);
            StoreOptions reading;
            reading.read_only = true;
            reading.rewind_txg = txg;
            root = Store::open(**device, reading).value()->uberblock().root;
        }
        for (const bool second : {false, true})
            damage_block(root.copy(second)[0].first());
    }
    // Leaves three synced transactions in the log, each of which puts an item and writes a byte;
    // returns the block of the first.
    uint64_t sync_some() {
        std::string explanation;
        auto device = FileDevice::open(file_.path(), {}, explanation);
        auto store = Store::open(**device, {});
        REQUIRE(store.has_value());
        const uint64_t position = (*store)->uberblock().log_position;
        for (uint64_t i = 0; i < 3; ++i) {
            Transaction transaction;
            transaction.put({100 + i, 1, 0, 0}, Page(10, std::byte{5}));
            transaction.write(kOid, i, Page(1, std::byte{5}));
            REQUIRE((*store)->apply(transaction));
            REQUIRE((*store)->sync());
        }
        return layout_->log_start() + position % layout_->header().log_blocks;
    }
    void damage_log() { damage_block(sync_some() + 1); }
    // The first header, and a copy of an old commit in the second label.
    void damage_labels() {
        damage_block(layout_->header_block(0));
        damage_block(layout_->uberblock_block(1, first_txg_));
    }
    // Damages every block that holds the object's bytes.
    void damage_data() {
        const std::string image = bytes_of_file(path());
        const std::string wanted(kBlockBytes, '\2');
        for (uint64_t block = 0; block < kSize / kBlockBytes; ++block)
            if (image.compare(block * kBlockBytes, kBlockBytes, wanted) == 0)
                damage_block(block);
    }

  private:
    static void write(Store& store, std::byte fill) {
        const Page page(65536, fill);
        for (uint64_t at = 0; at < (1 << 20); at += page.size()) {
            Transaction piece;
            piece.write(kOid, at, page);
            REQUIRE(store.apply(piece));
        }
        REQUIRE(store.commit());
    }

    ScratchFile file_;
    std::optional<Layout> layout_;
    uint64_t first_txg_ = 0;
};

// A volume with a file in its root directory.
class FileTree {
  public:
    FileTree() : file_(kSize) {
        std::string explanation;
        const auto device = std::move(FileDevice::open(file_.path(), {}, explanation)).value();
        REQUIRE(format_store(*device, {}));
        const auto store = Store::open(*device, {}).value();
        REQUIRE(Names::create(*store, {0755}, {}));
        const auto names = Names::open(*store, false).value();
        ino_ = names->make(kRootIno, "a file", {S_IFREG | 0644}, {}).value().ino;
        REQUIRE(store->close());
    }

    [[nodiscard]] const std::string& path() const { return file_.path(); }

    // What is done is synced, and then the process dies. Returns the file.
    uint64_t change(const std::function<void(Store& store, Names& names, uint64_t file)>& what) {
        std::string explanation;
        const auto device = std::move(FileDevice::open(file_.path(), {}, explanation)).value();
        const auto store = Store::open(*device, {}).value();
        const auto names = Names::open(*store, false).value();
        what(*store, *names, ino_);
        REQUIRE(store->sync());
        return ino_;
    }
    // Loses an item.
    void damage(const Key& key) {
        std::string explanation;
        const auto device = std::move(FileDevice::open(file_.path(), {}, explanation)).value();
        const auto store = Store::open(*device, {}).value();
        Transaction transaction;
        transaction.erase(key);
        REQUIRE(store->apply(transaction));
        REQUIRE(store->close());
    }

  private:
    ScratchFile file_;
    uint64_t ino_ = 0;
};

} // namespace

TEST_CASE("fsck: collections are counted, and a row map without its collection is named") {
    FileTree tree;
    CollectionEntry entry{0, {}, 0, 0};
    entry.schema.dim = 2;
    const uint64_t file = tree.change([&](Store& store, Names& names, uint64_t ino) {
        entry.directory = names.make(kRootIno, "films", {S_IFDIR | 0755}, {}).value().ino;
        entry.vectors_oid = kFirstIno - 1 + store.reserve(kInoCounter, 2).value();
        entry.rows_oid = entry.vectors_oid + 1;
        Transaction transaction;
        put_collection(transaction, entry);
        REQUIRE(store.apply(transaction));
        const auto rows = Collection::open(
            store, entry, [](uint64_t) { return std::optional<uint32_t>(0); }, false);
        REQUIRE(rows.has_value());
        const std::vector<float> vectors{1, 2, 3, 4};
        REQUIRE((*rows)->put({ino, kAppend, false, 1, 0, {}, std::as_bytes(std::span(vectors))}));
    });
    ProgramRun run = fsck({"--json", tree.path()});
    CHECK(run.status == 0);
    auto json = nlohmann::json::parse(run.out);
    CHECK(json["before"]["collections"]["rows"] == 2);
    CHECK(json["before"]["names"]["problems"] == 0);
    CHECK(fsck({"-v", tree.path()}).out.find("1 collections with 2 rows of 1 files") !=
          std::string::npos);
    tree.damage(collection_key(kCollectionsOid, CollectionItem::kCollection, entry.directory));
    run = fsck({"--json", tree.path()});
    CHECK(run.status == 4);
    json = nlohmann::json::parse(run.out);
    CHECK(json["before"]["collections"]["problems"] == 1);
    CHECK(json["before"]["collections"]["findings"][0]["inode"] == file);
    CHECK(json["before"]["names"]["problems"] == 2); // objects that belong to nothing
}

TEST_CASE("fsck: a sound volume is clean, and looking at it writes nothing") {
    Volume volume;
    const std::string before = bytes_of_file(volume.path());
    ProgramRun run = fsck({volume.path()});
    CHECK(run.status == 0);
    CHECK(run.out == volume.path() +
                         ": there is no root directory: it holds no files and cannot be mounted\n" +
                         volume.path() + ": clean\n");
    CHECK(fsck({"-q", volume.path()}).out.empty());
    run = fsck({"-v", "-n", volume.path()});
    CHECK(run.status == 0);
    CHECK(run.out.find("16 records of 1 MiB") != std::string::npos);
    run = fsck({"--json", volume.path()});
    const auto json = nlohmann::json::parse(run.out);
    CHECK(json["schema"] == "fsck.vexfs/1");
    CHECK(json["verdict"] == "clean");
    CHECK(json["label"] == "films");
    CHECK(json["before"]["records"] == 16);
    CHECK(json["before"]["problems"] == 0);
    CHECK(json["before"]["names"] == nlohmann::json{{"root", false}});
    CHECK(!json.contains("after"));
    CHECK(bytes_of_file(volume.path()) == before);
    CHECK(fsck({"-p", volume.path()}).status == 0);
    CHECK(bytes_of_file(volume.path()) == before);
}

TEST_CASE("fsck: a sound tree of files is clean, also as a crash left it") {
    FileTree tree;
    tree.change([](Store&, Names& names, uint64_t file) {
        REQUIRE(names.hold(file));
        REQUIRE(names.unlink(kRootIno, "a file", {}));
    });
    ProgramRun run = fsck({tree.path()});
    CHECK(run.status == 0);
    CHECK(run.out == tree.path() + ": clean\n");
    run = fsck({"-v", tree.path()});
    CHECK(run.out.find("1 directories with 0 names, 1 files, 0 of other types, 0 attributes\n"
                       "1 files without a name and 0 cut off") != std::string::npos);
    const auto json = nlohmann::json::parse(fsck({"--json", tree.path()}).out);
    CHECK(json["verdict"] == "clean");
    CHECK(json["before"]["names"]["root"] == true);
    CHECK(json["before"]["names"]["unlinked"] == 1);
    CHECK(json["before"]["names"]["problems"] == 0);
}

TEST_CASE("fsck: damage of the tree of files is named, and no repair is tried") {
    FileTree tree;
    const uint64_t file = tree.change([](Store&, Names& names, uint64_t ino) {
        const std::string name = "b\n'\xff";
        REQUIRE(names.link(ino, kRootIno, name, {}).has_value());
    });
    tree.damage(name_key(file, NameItem::kInode));
    const std::string before = bytes_of_file(tree.path());
    const std::string what = "  directory: a name of an inode that is not there: inode 2, 'b";
    for (const char* mode : {"-n", "-p", "-y"}) {
        const ProgramRun run = fsck({mode, tree.path()});
        CAPTURE(run.out);
        CHECK(run.status == 4);
        CHECK(run.out.find("3 problems\n") == 0);
        CHECK(run.out.find(what + "\\x0a\\x27\\xff'\n") != std::string::npos);
        CHECK(run.out.find("repair") == run.out.find("repairs: copy the files"));
        CHECK(run.out.find(tree.path() + ": damaged\n") != std::string::npos);
    }
    const auto json = nlohmann::json::parse(fsck({"--json", tree.path()}).out);
    CHECK(json["verdict"] == "damaged");
    CHECK(json["exit_status"] == 4);
    CHECK(json["before"]["problems"] == 0);
    CHECK(json["before"]["names"]["problems"] == 3);
    CHECK(json["before"]["names"]["findings"].size() == 3);
    CHECK(json["before"]["names"]["findings"][0]["code"] == "EUCLEAN");
    CHECK(json["before"]["names"]["findings"][0]["inode"] == kRootIno);
    CHECK(bytes_of_file(tree.path()) == before);
}

TEST_CASE("fsck: damaged data is named by object, offset and block, and stays damaged") {
    Volume volume;
    volume.damage_data();
    ProgramRun run = fsck({volume.path()});
    CAPTURE(run.out);
    CHECK(run.status == 4);
    CHECK(run.out.find("object 7, offset 65536") != std::string::npos);
    CHECK(run.out.find(volume.path() + ": damaged\n") != std::string::npos);
    const auto json = nlohmann::json::parse(fsck({"--json", volume.path()}).out);
    CHECK(json["verdict"] == "damaged");
    CHECK(json["before"]["problems"] == json["before"]["findings"].size());
    CHECK(json["before"]["findings"][0]["object"] == 7);
    CHECK(json["before"]["findings"][0]["code"] == "EBADMSG");
    CHECK(json["before"]["records_lost"] == 16);
    CHECK(fsck({"-v", volume.path()}).out.find("0 nodes and 16 records lost\n") !=
          std::string::npos);
    CHECK(fsck({"-y", volume.path()}).status == 4);
}

TEST_CASE("fsck: a damaged free map is counted anew by -p, and nothing is lost") {
    Volume volume;
    volume.damage_free_map();
    ProgramRun run = fsck({"-n", volume.path()});
    CHECK(run.status == 4);
    CHECK(run.out.find("open: the free map is damaged; fsck.vexfs --rebuild-freemap") !=
          std::string::npos);
    CHECK(volume.content() == 2);
    run = fsck({"-p", volume.path()});
    CAPTURE(run.out);
    CHECK(run.status == 1);
    CHECK(run.out.find("repair: count the blocks in use anew\n") != std::string::npos);
    CHECK(run.out.find(volume.path() + ": repaired\n") != std::string::npos);
    CHECK(fsck({volume.path()}).status == 0);
    CHECK(volume.content() == 2);

    volume.damage_free_map();
    CHECK(fsck({"--rebuild-freemap", volume.path()}).status == 1);
    CHECK(fsck({volume.path()}).status == 0);
}

TEST_CASE("fsck: a damaged log is reported, and given up only by -y or by name") {
    for (const char* repair : {"-y", "--truncate-log"}) {
        Volume volume;
        volume.damage_log();
        ProgramRun run = fsck({volume.path()});
        CAPTURE(run.out);
        CHECK(run.status == 4);
        CHECK(run.out.find("log: synced operations are behind a damaged block") !=
              std::string::npos);
        CHECK(fsck({"-p", volume.path()}).status == 4);
        run = fsck({repair, volume.path()});
        CHECK(run.status == 1);
        CHECK(fsck({volume.path()}).status == 0);
        CHECK(volume.content() == 5); // what lies before the damage was replayed
    }
}

TEST_CASE("fsck: --rewind brings an earlier commit back") {
    Volume volume;
    CHECK(volume.content() == 2);
    const ProgramRun run = fsck({"--rewind", std::to_string(volume.first_txg()), volume.path()});
    CAPTURE(run.out);
    CHECK(run.status == 1);
    CHECK(run.out.find("repair: go back to commit " + std::to_string(volume.first_txg())) !=
          std::string::npos);
    CHECK(volume.content() == 1);
    CHECK(fsck({volume.path()}).status == 0);
}

TEST_CASE("fsck: --rewind to a commit that is not whole changes nothing and names it") {
    Volume volume;
    volume.damage_root(volume.first_txg());
    const std::string before = bytes_of_file(volume.path());
    const std::string txg = std::to_string(volume.first_txg());
    const ProgramRun run = fsck({"--rewind", txg, volume.path()});
    CAPTURE(run.out);
    CAPTURE(run.err);
    CHECK(run.status == 4);
    CHECK(run.out.find("repair: go back to commit " + txg +
                       "\nthe volume cannot be opened: rewind: "
                       "the commit is not whole, and nothing "
                       "was changed") != std::string::npos);
    CHECK(run.err.find("a commit is not whole, one cannot go back to it volume=file:" +
                       volume.path() + " txg=" + txg) != std::string::npos);
    CHECK(bytes_of_file(volume.path()) == before);
    CHECK(volume.content() == 2);
}

TEST_CASE("fsck: a damaged copy of a label is reported, and written anew by -p") {
    Volume volume;
    volume.damage_labels();
    ProgramRun run = fsck({volume.path()});
    CAPTURE(run.out);
    CHECK(run.status == 4);
    CHECK(run.out.find("label: a copy of the header is damaged: block 1,") != std::string::npos);
    CHECK(run.out.find("label: a copy of an uberblock is damaged: block ") != std::string::npos);
    CHECK(volume.content() == 2);
    run = fsck({"-p", volume.path()});
    CHECK(run.status == 1);
    CHECK(run.out.find("repair: replay the log, write damaged copies of the labels anew\n") !=
          std::string::npos);
    CHECK(run.out.find("count the blocks") == std::string::npos);
    CHECK(fsck({volume.path()}).status == 0);
    CHECK(volume.content() == 2);
}

TEST_CASE("fsck: --salvage copies a sound volume whole and does not touch it") {
    Volume volume;
    ScratchDirectory rescue;
    const std::string before = bytes_of_file(volume.path());
    const ProgramRun run = fsck({"--salvage", rescue.path() + "/out", volume.path()});
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(run.out.find(": 1 objects with 1 MiB and 0 items are in ") != std::string::npos);
    CHECK(bytes_of_file(rescue.path() + "/out/objects/7") == std::string(1 << 20, '\2'));
    CHECK(bytes_of_file(volume.path()) == before);
    CHECK(fsck({"--salvage", rescue.path() + "/out", volume.path()}).status == 8);
    CHECK(fsck({"-p", "--salvage", rescue.path() + "/b", volume.path()}).status == 16);
}

TEST_CASE("fsck: --salvage has what was synced and is in the log alone") {
    Volume volume;
    const uint64_t block = volume.sync_some();
    ScratchDirectory rescue;
    const std::string out = rescue.path() + "/out";
    const ProgramRun run = fsck({"--json", "--salvage", out, volume.path()});
    CHECK(run.status == 0);
    CHECK(nlohmann::json::parse(run.out)["salvage"]["log_operations"] == 6);
    CHECK(bytes_of_file(out + "/objects/7") == "\5\5\5" + std::string((1 << 20) - 3, '\2'));
    std::string items = bytes_of_file(out + "/items.jsonl");
    CHECK(std::ranges::count(items, '\n') == 3);
    CHECK(items.find("\"value\":\"05050505050505050505\"") != std::string::npos);

    volume.damage_block(block + 1);
    CHECK(fsck({"--salvage", out + "2", volume.path()}).status == 4);
    CHECK(bytes_of_file(out + "2/objects/7") == "\5" + std::string((1 << 20) - 1, '\2'));
    const auto manifest = nlohmann::json::parse(bytes_of_file(out + "2/manifest.json"));
    CHECK(manifest["log_damaged"] == true);
    CHECK(manifest["log_operations"] == 2);
}

TEST_CASE("fsck: --salvage names what it lost, and says so by its exit status") {
    Volume volume;
    volume.damage_data();
    volume.damage_free_map();
    ScratchDirectory rescue;
    const std::string out = rescue.path() + "/out";
    const ProgramRun run = fsck({"--json", "--salvage", out, volume.path()});
    CHECK(run.status == 4);
    const auto json = nlohmann::json::parse(run.out);
    CHECK(json["verdict"] == "salvaged in part");
    CHECK(json["salvage"]["lost_bytes"] == 1 << 20);
    const auto manifest = nlohmann::json::parse(bytes_of_file(out + "/manifest.json"));
    CHECK(manifest["schema"] == "fsck.vexfs.salvage/1");
    CHECK(manifest["objects"][0]["object"] == kOid);
    CHECK(manifest["objects"][0]["lost"][0]["offset"] == 0);
    CHECK(manifest["objects"][0]["lost"].size() == 16); // one a record
    CHECK(manifest["objects"][0]["lost"][0]["length"] == 65536);
}

TEST_CASE("fsck: --salvage takes from an older commit what the newest lost") {
    Volume volume;
    volume.damage_root();
    CHECK(fsck({"-y", volume.path()}).status == 4);
    ScratchDirectory rescue;
    const std::string out = rescue.path() + "/out";
    CHECK(fsck({"--salvage", out, volume.path()}).status == 4);
    const auto manifest = nlohmann::json::parse(bytes_of_file(out + "/manifest.json"));
    CHECK(manifest["damaged_nodes"] >= 1);
    CHECK(manifest["lost_keys"].empty());
    CHECK(manifest["objects"][0]["oldest_commit"] < manifest["commit"]);
    CHECK(bytes_of_file(out + "/objects/7") == std::string(1 << 20, '\1'));
}

TEST_CASE("fsck: a busy target, no volume and no target are operational errors") {
    Volume volume;
    const FileDescriptor holder(::open(volume.path().c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(holder.raw(), LOCK_EX) == 0);
    ProgramRun run = fsck({volume.path()});
    CHECK(run.status == 8);
    CHECK(run.err.find(volume.path() + " is in use: process " + std::to_string(::getpid())) !=
          std::string::npos);

    ScratchFile empty(kSize);
    run = fsck({empty.path()});
    CHECK(run.status == 8);
    CHECK(run.err ==
          "fsck.vexfs: " + empty.path() + ": label: this is not a VexFS volume [EINVAL]\n");
    if (run_program({"mke2fs", "-q", "-F", "-t", "ext4", "-L", "old", empty.path()})) {
        run = fsck({"-y", empty.path()});
        CHECK(run.status == 8);
        CHECK(run.err.find(empty.path() + " holds ext4 labelled 'old'") != std::string::npos);
        CHECK(run.err.find("not a VexFS volume [EEXIST]") != std::string::npos);
    } else {
        MESSAGE("skipped: there is no mke2fs");
    }
    CHECK(fsck({"/nonexistent"}).status == 8);
}

TEST_CASE("fsck: what another program made in the place of a volume is left alone") {
    Volume volume;
    if (!run_program({"mkswap", "-q", volume.path()})) {
        MESSAGE("skipped: there is no mkswap");
        return;
    }
    const std::string before = bytes_of_file(volume.path());
    CHECK(fsck({"-y", volume.path()}).status == 8);
    CHECK(fsck({"--rewind", "1", volume.path()}).status == 8);
    CHECK(bytes_of_file(volume.path()) == before);
}

TEST_CASE("fsck: a volume on a block device is checked and repaired") {
    ScratchFile file(kSize);
    auto loop = LoopDevice::attach(file);
    if (!loop) {
        MESSAGE("skipped: no loop device is available");
        return;
    }
    {
        std::string explanation;
        auto device = FileDevice::open(loop->path(), {}, explanation);
        REQUIRE(device.has_value());
        REQUIRE(format_store(**device, {}));
    }
    CHECK(fsck({loop->path()}).status == 0);
    CHECK(fsck({"--rebuild-freemap", loop->path()}).status == 1);
    CHECK(fsck({loop->path()}).status == 0);
}

TEST_CASE("fsck: --salvage copies a block device as it copies an image") {
    Volume volume;
    volume.sync_some();
    volume.damage_free_map();
    ScratchDirectory rescue;
    const std::string image = rescue.path() + "/image";
    const std::string device = rescue.path() + "/device";
    CHECK(fsck({"--salvage", image, volume.path()}).status == 0);
    {
        auto loop = LoopDevice::attach(volume.file());
        if (!loop) {
            MESSAGE("skipped: no loop device is available");
            return;
        }
        const ProgramRun run = fsck({"--salvage", device, loop->path()});
        CAPTURE(run.err);
        CHECK(run.status == 0);
        CHECK(run.out.find(loop->path() + ": 1 objects with 1 MiB and 3 items are in ") == 0);
    }
    for (const char* name : {"/objects/7", "/items.jsonl", "/manifest.json"}) {
        CAPTURE(name);
        const std::string bytes = bytes_of_file(image + name);
        CHECK_FALSE(bytes.empty());
        CHECK(bytes == bytes_of_file(device + name));
    }
}

TEST_CASE("fsck: a wrong command line is exit 16") {
    auto wrong = [](const std::vector<std::string>& arguments, const std::string& sentence) {
        const ProgramRun run = fsck(arguments);
        CAPTURE(run.err);
        CHECK(run.status == 16);
        return run.err.find("fsck.vexfs: " + sentence) == 0;
    };
    CHECK(wrong({}, "no target is named"));
    CHECK(wrong({"a", "b"}, "more than one target is named"));
    CHECK(wrong({"-n", "-y", "a"}, "-n, -p and -y exclude each other"));
    CHECK(wrong({"-n", "--truncate-log", "a"}, "-n writes nothing, and a repair is named"));
    CHECK(wrong({"--rewind", "x", "a"}, "'x' is no transaction group"));
    CHECK(wrong({"a", "--rewind"}, "option --rewind needs a value"));
    CHECK(wrong({"--bogus", "a"}, "option --bogus is not known"));
    CHECK(fsck({"--help"}).out.find("usage: fsck.vexfs") == 0);
    CHECK(fsck({"--version"}).status == 0);
}
