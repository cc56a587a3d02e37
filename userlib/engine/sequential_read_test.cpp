// SPDX-License-Identifier: Apache-2.0
//
// What the device is asked for while files of a volume are read.
#include "userlib/engine/volume.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/testing/rows/opened_volume.h"
#include "userlib/testing/volume/file_volume.h"

using namespace vexfs;

namespace {

constexpr size_t kFileBytes = size_t{8} << 20;
constexpr size_t kPiece = size_t{4} << 10;
constexpr size_t kRecord = size_t{64} << 10;

// Submissions to the device, of however many reads.
uint64_t batches(Volume& volume) {
    const Entry stats = volume.lookup(VirtualFiles::kDirectory, "stats.json").value();
    const uint64_t handle = volume.open_file(stats.ino).value();
    std::string text(size_t{1} << 18, '\0');
    text.resize(volume.read(stats.ino, handle, 0, std::as_writable_bytes(std::span(text))).value());
    volume.close_file(stats.ino, handle);
    // The first count behind "devices" is that of the reads of the first one.
    const std::string_view name = "\"count\": ";
    const size_t count = text.find(name, text.find("\"devices\""));
    REQUIRE(count != std::string::npos);
    return std::stoull(text.substr(count + name.size(), 20));
}

// Noise, so that the device has each byte.
std::vector<std::byte> content() {
    Random random(1);
    std::vector<std::byte> bytes(kFileBytes);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random.next());
    return bytes;
}

} // namespace

TEST_CASE("sequential read: a reader in small pieces costs some batches, and one in places each") {
    const FileVolume file(uint64_t{64} << 20);
    const std::vector<std::byte> bytes = content();
    uint64_t ino = 0;
    {
        const auto volume = opened_volume(file.path());
        ino = volume->make(kRootIno, "f", {S_IFREG | 0644}).value().ino;
        REQUIRE(volume->write(ino, {}, bytes).value().bytes == bytes.size());
        REQUIRE(volume->close());
    }
    std::vector<std::byte> piece(kPiece);
    const auto read_at = [&](Volume& volume, size_t offset) {
        return volume.read(ino, 0, offset, piece).value() == kPiece &&
               std::equal(piece.begin(), piece.end(),
                          bytes.begin() + static_cast<ptrdiff_t>(offset));
    };
    {
        const auto volume = opened_volume(file.path());
        REQUIRE(read_at(*volume, 0));
        const uint64_t before = batches(*volume);
        for (size_t offset = kPiece; offset < kFileBytes; offset += kPiece)
            REQUIRE(read_at(*volume, offset));
        // One for each piece would be 2,047, one for each record 128.
        CHECK(batches(*volume) - before < kFileBytes / kRecord / 4);
        REQUIRE(volume->close());
    }
    const auto volume = opened_volume(file.path());
    REQUIRE(read_at(*volume, 0));
    const uint64_t before = batches(*volume);
    // From the end to the front: nobody goes on.
    uint64_t reads = 0;
    for (size_t offset = kFileBytes - kRecord; offset > 0; offset -= kRecord, ++reads)
        REQUIRE(read_at(*volume, offset));
    CHECK(batches(*volume) - before <= reads + 8); // and some nodes
    REQUIRE(volume->close());
}
