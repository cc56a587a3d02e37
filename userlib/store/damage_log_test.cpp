// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/log.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

// What is logged while it lives.
class Captured {
  public:
    Captured() {
        VEXFS_ASSERT(::pipe(ends_) == 0);
        set_log_target(ends_[1], false);
    }
    ~Captured() {
        set_log_target(STDERR_FILENO, false);
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    Captured(const Captured&) = delete;
    Captured& operator=(const Captured&) = delete;

    // Of at most a pipe's worth; at least one line has been logged.
    std::string text() {
        std::string all(65536, '\0');
        const ssize_t read = ::read(ends_[0], all.data(), all.size());
        VEXFS_ASSERT(read > 0);
        all.resize(static_cast<size_t>(read));
        return all;
    }

  private:
    int ends_[2] = {-1, -1};
};

bool tells(const std::string& text, const std::string& piece) {
    return text.find(piece) != std::string::npos;
}

} // namespace

TEST_CASE("damage log: a node read from its second copy is told of once, with block and cause") {
    const auto device = formatted(2000);
    Pointer root;
    {
        const auto store = opened(*device);
        REQUIRE(put(*store, 1));
        REQUIRE(store->commit());
        root = store->uberblock().root;
    }
    const uint64_t block = root.segments[0].first();
    device->bytes()[block * kBlockBytes + 99] ^= std::byte{1};
    StoreOptions options = small_options();
    options.read_only = true;
    Captured captured;
    const auto store = opened(*device, options);
    CHECK(has(*store, 1));
    CHECK(store->read_damage().nodes_rescued == 1);
    CHECK(store->read_damage().nodes_lost == 0);
    CHECK(tells(captured.text(), "warning store: a copy of a node is bad, and was read from the "
                                 "other one volume=ram block=" +
                                     std::to_string(block) +
                                     " copy=1 cause=\"EBADMSG: node: checksum\"\n"));

    device->bytes()[root.copy(true)[0].first() * kBlockBytes + 99] ^= std::byte{1};
    CHECK_FALSE(Store::open(*device, options));
    CHECK(tells(captured.text(), "error store: a node cannot be read, nor what lies below it "
                                 "volume=ram block=" +
                                     std::to_string(block) + " copies=2 cause="));
}

TEST_CASE("damage log: an open says once what it goes on without, and which repair mends it") {
    const auto device = formatted(2000);
    uint64_t summary = 0;
    {
        const auto store = opened(*device);
        REQUIRE(put(*store, 1));
        REQUIRE(store->commit());
        summary = store->layout().summary_start(store->uberblock().summary_slot);
    }
    device->bytes()[summary * kBlockBytes] ^= std::byte{1};
    StoreOptions options = small_options();
    options.read_only = true;
    Captured captured;
    const auto store = opened(*device, options);
    CHECK(has(*store, 1));
    const std::string text = captured.text();
    CHECK(std::ranges::count(text, '\n') == 1);
    CHECK(
        tells(text, "open: the free map is damaged; fsck.vexfs --rebuild-freemap counts it anew"));
    CHECK(tells(text, "volume=ram txg="));
    CHECK(tells(text, "cause=\"EBADMSG: free map: checksum of the summary\""));
}

TEST_CASE("damage log: data that cannot be read is told of with object, offset and block") {
    const auto device = formatted(2000);
    StoreOptions options = small_options();
    options.compression = {CodecId::kNone, 0};
    const auto store = opened(*device, options);
    Transaction transaction;
    transaction.write(5, 0, value_of(1, 8192));
    transaction.write(5, 8192, value_of(2, 8192));
    REQUIRE(store->apply(transaction));
    REQUIRE(store->commit());
    uint64_t block = 0;
    for (uint64_t at = 0; at < 2000 && block == 0; ++at)
        if (std::memcmp(device->bytes().data() + at * kBlockBytes, value_of(2, 8192).data(), 100) ==
            0)
            block = at;
    REQUIRE(block != 0);
    device->bytes()[block * kBlockBytes + 9] ^= std::byte{1};
    options.read_only = true;
    const auto reader = opened(*device, options);
    Captured captured;
    Page out(8192);
    CHECK(reader->read(5, 0, out));
    for (uint64_t times = 1; times <= 30; ++times) {
        CHECK(reader->read(5, 8192, out).error().code == Code::kEIO); // whole
        CHECK(reader->read(5, 8192, MutableBytes(out).first(10)).error().code ==
              Code::kEIO); // piece
        CHECK(reader->read_damage().records_lost == 2 * times);
    }
    const std::string text = captured.text();
    CHECK(tells(text, "error store: data of an object cannot be read volume=ram object=5 "
                      "offset=8192 block=" +
                          std::to_string(block) + " cause=\"EBADMSG: record: checksum\"\n"));
    CHECK(std::ranges::count(text, '\n') < 20);
}

} // namespace vexfs
