// SPDX-License-Identifier: Apache-2.0
//
// Random verbs beside a model in memory: every answer and the whole tree have to agree, also after
// a crash, which leaves what was synced or something later.
#include <map>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/names/check.h"
#include "userlib/names/names.h"
#include "userlib/testing/volume/ram_volume.h"

using namespace vexfs;

namespace {

constexpr uint64_t kFileBytesOfModel = 200'000;

struct Node {
    bool directory = false;
    uint32_t mode = 0;
    std::string data;
    std::map<std::string, uint64_t> entries; // of a directory
    std::map<std::string, std::string> xattrs;
    uint32_t names = 0;
};

// What the tree should be. Inodes go by the numbers that the real one gave them.
// Threads: one thread.
class Model {
  public:
    std::map<uint64_t, Node> nodes{{kRootIno, {true, 0755, {}, {}, {}, 1}}};

    Node& at(uint64_t ino) { return nodes.at(ino); }

    Code lookup(uint64_t directory, const std::string& name, uint64_t& ino) {
        const auto found = at(directory).entries.find(name);
        if (found == at(directory).entries.end())
            return Code::kENOENT;
        ino = found->second;
        return Code{};
    }
    void drop(uint64_t ino) {
        if (--at(ino).names == 0)
            nodes.erase(ino);
    }
    bool below(uint64_t directory, uint64_t above) {
        if (directory == above)
            return true;
        for (const auto& [name, child] : at(above).entries)
            if (at(child).directory && below(directory, child))
                return true;
        return false;
    }
};

class Pair {
  public:
    explicit Pair(uint64_t seed) : random_(seed), volume_(uint64_t{256} << 20, format(seed)) {
        REQUIRE(Names::create(volume_.store(), {0755}, now()));
        open();
        synced_ = model_;
    }

    void step() {
        switch (random_.below(16)) {
        case 0:
        case 1:
        case 2:
            return make();
        case 3:
            return link();
        case 4:
        case 5:
            return remove();
        case 6:
        case 7:
            return rename();
        case 8:
        case 9:
        case 10:
            return write();
        case 11:
            return resize();
        case 12:
            return zero();
        case 13:
            return copy();
        case 14:
            return set_xattr();
        default:
            return sync_or_crash();
        }
    }

    void compare() {
        for (auto& [ino, node] : model_.nodes)
            compare_node(ino, node);
        CHECK(volume_.check().clean());
        CHECK(check_names(volume_.store()).clean());
    }

  private:
    static FormatOptions format(uint64_t seed) {
        FormatOptions format;
        format.volume_id[0] = static_cast<uint8_t>(seed);
        format.node_bytes = seed % 2 == 0 ? 8192 : 16384;
        format.inline_bytes = 1000;
        format.record_bytes = seed % 3 == 0 ? 16384 : 65536;
        return format;
    }

    // Reserves numbers, which makes durable all that was before: it has to be now.
    void open() {
        names_ = Names::open(volume_.store(), false).value();
        const Entry unnamed = names_->make_unnamed({S_IFREG | 0600}, now()).value();
        REQUIRE(names_->release(unnamed.ino));
        REQUIRE(volume_.store().sync());
    }
    Timestamp now() { return {++seconds_, 0}; }
    std::string name() {
        return std::string(1 + random_.below(3), static_cast<char>('a' + random_.below(4)));
    }
    uint64_t pick(bool directory) {
        std::vector<uint64_t> found;
        for (const auto& [ino, node] : model_.nodes)
            if (node.directory == directory)
                found.push_back(ino);
        return found.empty() ? 0 : found[random_.below(found.size())];
    }
    template <typename R>
    void agree(const R& real, Code expected) {
        if (expected == Code{})
            REQUIRE(real.has_value());
        else
            REQUIRE((!real.has_value() && real.error().code == expected));
    }

    void make() {
        const uint64_t directory = pick(true);
        const std::string called = name();
        const bool is_directory = random_.chance(1, 3);
        uint64_t other = 0;
        const bool there = model_.lookup(directory, called, other) == Code{};
        const auto made = names_->make(directory, called,
                                       {is_directory ? S_IFDIR | 0700u : S_IFREG | 0600u}, now());
        agree(made, there ? Code::kEEXIST : Code{});
        if (there)
            return;
        model_.nodes[made->ino] = {is_directory, is_directory ? 0700u : 0600u, {}, {}, {}, 1};
        model_.at(directory).entries[called] = made->ino;
    }
    void link() {
        const uint64_t ino = pick(false);
        const uint64_t directory = pick(true);
        const std::string called = name();
        uint64_t other = 0;
        if (ino == 0)
            return;
        const bool there = model_.lookup(directory, called, other) == Code{};
        agree(names_->link(ino, directory, called, now()), there ? Code::kEEXIST : Code{});
        if (there)
            return;
        model_.at(directory).entries[called] = ino;
        ++model_.at(ino).names;
    }
    void remove() {
        const uint64_t directory = pick(true);
        const std::string called = name();
        const bool wants_directory = random_.chance(1, 2);
        uint64_t ino = 0;
        Code expected = model_.lookup(directory, called, ino);
        if (expected == Code{} && model_.at(ino).directory != wants_directory)
            expected = wants_directory ? Code::kENOTDIR : Code::kEISDIR;
        else if (expected == Code{} && wants_directory && !model_.at(ino).entries.empty())
            expected = Code::kENOTEMPTY;
        agree(wants_directory ? names_->rmdir(directory, called, now())
                              : names_->unlink(directory, called, now()),
              expected);
        if (expected != Code{})
            return;
        model_.at(directory).entries.erase(called);
        model_.drop(ino);
    }
    void rename() {
        const uint64_t from = pick(true);
        const uint64_t to = pick(true);
        const std::string old_name = name();
        const std::string new_name = name();
        const auto mode = static_cast<RenameMode>(random_.below(3));
        uint64_t moved = 0;
        uint64_t replaced = 0;
        const bool there = model_.lookup(to, new_name, replaced) == Code{};
        Code expected = model_.lookup(from, old_name, moved);
        if (expected == Code{} && (!there || moved != replaced || mode == RenameMode::kNoReplace))
            expected = rename_code(from, to, moved, there ? replaced : 0, mode);
        agree(names_->rename({from, old_name}, {to, new_name}, mode, now()), expected);
        if (expected != Code{} || (there && moved == replaced))
            return;
        if (mode == RenameMode::kExchange) {
            model_.at(from).entries[old_name] = replaced;
            model_.at(to).entries[new_name] = moved;
            return;
        }
        model_.at(from).entries.erase(old_name);
        model_.at(to).entries[new_name] = moved;
        if (there)
            model_.drop(replaced);
    }
    Code rename_code(uint64_t from, uint64_t to, uint64_t moved, uint64_t replaced,
                     RenameMode mode) {
        const bool there = replaced != 0;
        const bool moves_directory = model_.at(moved).directory;
        if (mode == RenameMode::kExchange && !there)
            return Code::kENOENT;
        if (mode == RenameMode::kNoReplace && there)
            return Code::kEEXIST;
        if (mode != RenameMode::kExchange && there) {
            const Node& node = model_.at(replaced);
            if (node.directory != moves_directory)
                return moves_directory ? Code::kENOTDIR : Code::kEISDIR;
            if (node.directory && !node.entries.empty())
                return Code::kENOTEMPTY;
        }
        if (moves_directory && from != to && model_.below(to, moved))
            return Code::kEINVAL;
        if (mode == RenameMode::kExchange && model_.at(replaced).directory && from != to &&
            model_.below(from, replaced))
            return Code::kEINVAL;
        return Code{};
    }
    void write() {
        const uint64_t ino = pick(false);
        if (ino == 0)
            return;
        const uint64_t offset = random_.below(kFileBytesOfModel);
        const char letter =
            random_.chance(1, 5) ? '\0' : static_cast<char>('A' + random_.below(26));
        const std::string text(1 + random_.below(random_.chance(1, 4) ? 100'000 : 3000), letter);
        REQUIRE(names_->write(ino, {offset}, std::as_bytes(std::span(text)), now()).has_value());
        std::string& data = model_.at(ino).data;
        data.resize(std::max(data.size(), offset + text.size()), '\0');
        data.replace(offset, text.size(), text);
    }
    void resize() {
        const uint64_t ino = pick(false);
        if (ino == 0)
            return;
        Attributes attributes;
        attributes.size = random_.chance(1, 4) ? 0 : random_.below(kFileBytesOfModel);
        REQUIRE(names_->set(ino, attributes, now()).has_value());
        model_.at(ino).data.resize(*attributes.size, '\0');
    }
    void zero() {
        const uint64_t ino = pick(false);
        if (ino == 0)
            return;
        std::string& data = model_.at(ino).data;
        const uint64_t offset = random_.below(kFileBytesOfModel);
        const uint64_t length = 1 + random_.below(100'000);
        const bool grows = random_.chance(1, 2);
        REQUIRE(
            names_->allocate(ino, offset, length, grows ? Allocate::kZero : Allocate::kPunch, now())
                .has_value());
        if (grows)
            data.resize(std::max<uint64_t>(data.size(), offset + length), '\0');
        for (uint64_t i = offset; i < std::min<uint64_t>(offset + length, data.size()); ++i)
            data[i] = '\0';
    }
    void copy() {
        const uint64_t from = pick(false);
        const uint64_t to = pick(false);
        if (from == 0 || from == to)
            return;
        const std::string source = model_.at(from).data;
        std::string& data = model_.at(to).data;
        const uint64_t offset = random_.below(kFileBytesOfModel);
        const uint64_t to_offset = random_.below(kFileBytesOfModel);
        const uint64_t length = random_.below(300'000);
        const uint64_t count =
            offset >= source.size() ? 0 : std::min<uint64_t>(length, source.size() - offset);
        CHECK(names_->copy(from, offset, to, to_offset, length, now()).value().bytes == count);
        if (count == 0)
            return;
        data.resize(std::max<uint64_t>(data.size(), to_offset + count), '\0');
        data.replace(to_offset, count, source, offset, count);
    }
    void set_xattr() {
        const uint64_t ino = pick(random_.chance(1, 3));
        if (ino == 0)
            return;
        const std::string called = "user." + name();
        if (random_.chance(1, 3)) {
            const bool there = model_.at(ino).xattrs.erase(called) > 0;
            agree(names_->remove_xattr(ino, called, now()), there ? Code{} : Code::kENODATA);
            return;
        }
        const std::string value(random_.below(random_.chance(1, 5) ? 9000 : 60), 'v');
        REQUIRE(
            names_->set_xattr(ino, called, std::as_bytes(std::span(value)), SetXattr::kAny, now()));
        model_.at(ino).xattrs[called] = value;
    }
    void sync_or_crash() {
        if (random_.chance(1, 2)) {
            REQUIRE(volume_.store().sync());
            synced_ = model_;
            return;
        }
        if (random_.chance(1, 3)) {
            REQUIRE(volume_.store().sync());
            synced_ = model_;
        }
        // The device has all that was written, and nothing of what was not synced was.
        names_.reset();
        volume_.crash();
        open();
        model_ = synced_;
        compare();
        synced_ = model_;
    }

    void compare_node(uint64_t ino, const Node& node) {
        CAPTURE(ino);
        const Inode inode = names_->get(ino).value();
        REQUIRE(inode.is_directory() == node.directory);
        CHECK((inode.mode & 07777) == node.mode);
        CHECK(names_->list_xattrs(ino).value().size() == node.xattrs.size());
        for (const auto& [called, value] : node.xattrs) {
            const Page real = names_->get_xattr(ino, called).value();
            CHECK(real.size() == value.size());
        }
        if (node.directory)
            return compare_directory(ino, inode, node);
        CHECK(inode.nlink == node.names);
        REQUIRE(inode.size == node.data.size());
        std::string text(inode.size, '?');
        CHECK(names_->read(ino, 0, std::as_writable_bytes(std::span(text))).has_value());
        CHECK((text == node.data));
        CHECK(volume_.store().records(ino, 0, UINT64_MAX, SIZE_MAX).value().size() <=
              inode.records);
    }
    void compare_directory(uint64_t ino, const Inode& inode, const Node& node) {
        std::map<std::string, uint64_t> listed;
        for (uint64_t cursor = 0;;) {
            const std::vector<Listed> some = names_->list(ino, cursor, 5).value();
            if (some.empty())
                break;
            for (const Listed& entry : some)
                if (entry.name != "." && entry.name != "..")
                    CHECK(listed.emplace(entry.name, entry.ino).second);
            cursor = some.back().next;
        }
        CHECK(listed == node.entries);
        CHECK(inode.size == node.entries.size());
        uint32_t directories = 0;
        for (const auto& [called, child] : node.entries) {
            directories += model_.at(child).directory ? 1 : 0;
            CHECK(names_->lookup(ino, called).value().ino == child);
            if (model_.at(child).directory)
                CHECK(names_->lookup(child, "..").value().ino == ino);
            CHECK(names_->path(child).has_value());
        }
        CHECK(inode.nlink == 2 + directories);
    }

    Random random_;
    RamVolume volume_;
    std::unique_ptr<Names> names_;
    Model model_;
    Model synced_;
    int64_t seconds_ = 0;
};

} // namespace

TEST_CASE("names: random verbs agree with a model, through crashes") {
    for (uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Pair pair(seed);
        for (int step = 0; step < 600; ++step) {
            CAPTURE(step);
            pair.step();
        }
        pair.compare();
    }
}
