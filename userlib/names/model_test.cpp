// SPDX-License-Identifier: Apache-2.0
//
// Random verbs beside a model in memory: every answer and the whole tree have to agree, also after
// a crash, which leaves what was synced or something later.
#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/names/check.h"
#include "userlib/names/names.h"
#include "userlib/testing/tree/tree_model.h"
#include "userlib/testing/volume/ram_volume.h"

using namespace vexfs;

namespace {

constexpr uint64_t kFileBytesOfModel = 200'000;

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
        const Result<std::string> text = text_of(*names_);
        REQUIRE(text.has_value());
        CHECK(*text == model_.text());
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
        for (const auto& [ino, node] : model_.nodes())
            if (node.is_directory() == directory)
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
        const Make what{random_.chance(1, 3) ? S_IFDIR | 0700u : S_IFREG | 0600u};
        const auto made = names_->make(directory, called, what, now());
        agree(made, model_.make(directory, called, what, made ? made->ino : 0));
    }
    void link() {
        const uint64_t ino = pick(false);
        const uint64_t directory = pick(true);
        const std::string called = name();
        if (ino != 0)
            agree(names_->link(ino, directory, called, now()), model_.link(ino, directory, called));
    }
    void remove() {
        const uint64_t directory = pick(true);
        const std::string called = name();
        const bool wants_directory = random_.chance(1, 2);
        agree(wants_directory ? names_->rmdir(directory, called, now())
                              : names_->unlink(directory, called, now()),
              model_.remove(directory, called, wants_directory));
    }
    void rename() {
        const uint64_t from = pick(true);
        const uint64_t to = pick(true);
        const std::string from_name = name();
        const std::string to_name = name();
        const auto mode = static_cast<RenameMode>(random_.below(3));
        agree(names_->rename({from, from_name}, {to, to_name}, mode, now()),
              model_.rename({from, from_name}, {to, to_name}, mode));
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
        model_.write(ino, offset, text);
    }
    void resize() {
        const uint64_t ino = pick(false);
        if (ino == 0)
            return;
        Attributes attributes;
        attributes.size = random_.chance(1, 4) ? 0 : random_.below(kFileBytesOfModel);
        REQUIRE(names_->set(ino, attributes, now()).has_value());
        model_.resize(ino, *attributes.size);
    }
    void zero() {
        const uint64_t ino = pick(false);
        if (ino == 0)
            return;
        const uint64_t offset = random_.below(kFileBytesOfModel);
        const uint64_t length = 1 + random_.below(100'000);
        const bool grows = random_.chance(1, 2);
        REQUIRE(
            names_->allocate(ino, offset, length, grows ? Allocate::kZero : Allocate::kPunch, now())
                .has_value());
        model_.zero(ino, offset, length, grows);
    }
    void copy() {
        const uint64_t from = pick(false);
        const uint64_t to = pick(false);
        if (from == 0 || from == to)
            return;
        const uint64_t offset = random_.below(kFileBytesOfModel);
        const uint64_t to_offset = random_.below(kFileBytesOfModel);
        const uint64_t length = random_.below(300'000);
        const uint64_t count = model_.copy(from, offset, to, to_offset, length);
        CHECK(names_->copy(from, offset, to, to_offset, length, now()).value().bytes == count);
    }
    void set_xattr() {
        const uint64_t ino = pick(random_.chance(1, 3));
        if (ino == 0)
            return;
        const std::string called = "user." + name();
        if (random_.chance(1, 3)) {
            agree(names_->remove_xattr(ino, called, now()), model_.remove_xattr(ino, called));
            return;
        }
        const std::string value(random_.below(random_.chance(1, 5) ? 9000 : 60), 'v');
        REQUIRE(
            names_->set_xattr(ino, called, std::as_bytes(std::span(value)), SetXattr::kAny, now()));
        model_.set_xattr(ino, called, value);
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

    Random random_;
    RamVolume volume_;
    std::unique_ptr<Names> names_;
    TreeModel model_;
    TreeModel synced_;
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
