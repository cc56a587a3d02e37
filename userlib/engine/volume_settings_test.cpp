// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/volume.h"

#include <doctest/doctest.h>

#include "userlib/testing/rows/opened_volume.h"
#include "userlib/testing/volume/file_volume.h"

using namespace vexfs;

namespace {

constexpr const char* kPool = "user.vexfs.pool";
constexpr const char* kCompress = "user.vexfs.compress";

Status set(Volume& volume, const char* name, std::string_view value, uint64_t ino = kRootIno) {
    return volume.set_xattr(ino, name, std::as_bytes(std::span(value)), SetXattr::kAny);
}

// What the volume says of itself.
std::string config(Volume& volume) {
    const Entry entry = volume.lookup(VirtualFiles::kDirectory, "config.json").value();
    const uint64_t handle = volume.open_file(entry.ino).value();
    std::string text(4096, '\0');
    text.resize(volume.read(entry.ino, handle, 0, std::as_writable_bytes(std::span(text))).value());
    volume.close_file(entry.ino, handle);
    return text;
}

bool says(Volume& volume, const std::string& key, const std::string& value) {
    return config(volume).find("\"" + key + "\": \"" + value + "\"") != std::string::npos;
}

} // namespace

TEST_CASE("settings: attributes of the root hold at once and after each open") {
    const FileVolume file(uint64_t{64} << 20);
    {
        const auto volume = opened_volume(file.path());
        CHECK(says(*volume, "pool", "zsmalloc"));
        CHECK(says(*volume, "compression", "lz4"));
        REQUIRE(set(*volume, kPool, "zbud"));
        REQUIRE(set(*volume, kCompress, "zstd:7"));
        CHECK(says(*volume, "pool", "zbud"));
        CHECK(says(*volume, "compression", "zstd:7"));
        REQUIRE(volume->close());
    }
    const auto volume = opened_volume(file.path());
    CHECK(says(*volume, "pool", "zbud"));
    CHECK(says(*volume, "compression", "zstd:7"));
    REQUIRE(volume->remove_xattr(kRootIno, kPool));
    REQUIRE(volume->remove_xattr(kRootIno, kCompress));
    CHECK(says(*volume, "pool", "zsmalloc"));
    CHECK(says(*volume, "compression", "lz4"));
    REQUIRE(volume->close());
}

TEST_CASE("settings: an open that was told otherwise is not overruled until somebody sets one") {
    const FileVolume file(uint64_t{64} << 20);
    {
        const auto volume = opened_volume(file.path());
        REQUIRE(set(*volume, kPool, "zbud"));
        REQUIRE(set(*volume, kCompress, "off"));
        REQUIRE(volume->close());
    }
    VolumeOptions told;
    told.cold.pool = "z3fold";
    told.compression = parse_compression("zstd").value();
    const auto volume = opened_volume(file.path(), told);
    CHECK(says(*volume, "pool", "z3fold"));
    CHECK(says(*volume, "compression", "zstd"));
    REQUIRE(set(*volume, kPool, "zsmalloc"));
    CHECK(says(*volume, "pool", "zsmalloc"));
    REQUIRE(volume->remove_xattr(kRootIno, kPool));
    CHECK(says(*volume, "pool", "z3fold"));
    REQUIRE(volume->close());
}

TEST_CASE("settings: a value that is none is refused, and elsewhere they are attributes") {
    const FileVolume file(uint64_t{64} << 20);
    const auto volume = opened_volume(file.path());
    for (const char* const wrong : {"", "slab", "zbud ", "auto"})
        CHECK(set(*volume, kPool, wrong).error().code == Code::kEINVAL);
    for (const char* const wrong : {"", "gzip", "zstd:20", "lz4:1", "auto"})
        CHECK(set(*volume, kCompress, wrong).error().code == Code::kEINVAL);
    CHECK(volume->get_xattr(kRootIno, kPool).error().code == Code::kENODATA);
    const uint64_t directory = volume->make(kRootIno, "d", {S_IFDIR | 0755}).value().ino;
    CHECK(set(*volume, kPool, "zbud", directory));
    CHECK(set(*volume, kCompress, "anything", directory));
    CHECK(says(*volume, "pool", "zsmalloc"));
    REQUIRE(volume->close());
}
