// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/signature.h"

#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "userlib/device/run_program.h"
#include "userlib/device/scratch_file.h"

using namespace vexfs;

TEST_CASE("signature: an empty, a zero and an unknown file have none") {
    for (uint64_t size : {uint64_t{0}, uint64_t{100}, uint64_t{1} << 20}) {
        ScratchFile file(size);
        CHECK(!probe_signature(file.descriptor()).value().has_value());
    }
    ScratchFile text(1 << 20);
    REQUIRE(::pwrite(text.descriptor(), "hello", 5, 0) == 5);
    CHECK(!probe_signature(text.descriptor()).value().has_value());
}

TEST_CASE("signature: a swap area is named with its label") {
    // The header of mkswap: version 1 at 1024, label at 1052, the magic at the end of the first
    // page.
    ScratchFile file(1 << 20);
    const unsigned char version_and_last_page[8] = {1, 0, 0, 0, 255, 0, 0, 0};
    REQUIRE(::pwrite(file.descriptor(), version_and_last_page, 8, 1024) == 8);
    REQUIRE(::pwrite(file.descriptor(), "spare", 5, 1052) == 5);
    REQUIRE(::pwrite(file.descriptor(), "SWAPSPACE2", 10, 4096 - 10) == 10);
    // Also through a descriptor for direct I/O, as a device has one.
    const FileDescriptor direct(::open(file.path().c_str(), O_RDONLY | O_DIRECT));
    CHECK(probe_signature(direct.raw()).value().has_value());
    const auto found = probe_signature(file.descriptor()).value();
    REQUIRE(found.has_value());
    CHECK(found->type == "swap");
    CHECK(describe(*found) == "swap labelled 'spare'");
}

TEST_CASE("signature: a partition table is named") {
    // A DOS label with one Linux partition from sector 64 on, 1,024 sectors long.
    ScratchFile file(1 << 20);
    unsigned char sector[512] = {};
    sector[450] = 0x83;
    sector[454] = 64;
    sector[459] = 4;
    sector[510] = 0x55;
    sector[511] = 0xaa;
    REQUIRE(::pwrite(file.descriptor(), sector, 512, 0) == 512);
    const auto found = probe_signature(file.descriptor()).value();
    REQUIRE(found.has_value());
    CHECK(found->type == "dos partition table");
}

TEST_CASE("signature: a file system made by mke2fs is named with label and uuid") {
    ScratchFile file(8 << 20);
    if (!run_program({"mke2fs", "-q", "-F", "-t", "ext4", "-L", "movies", "-U",
                      "01234567-89ab-cdef-0123-456789abcdef", file.path()})) {
        MESSAGE("skipped: there is no mke2fs");
        return;
    }
    const auto found = probe_signature(file.descriptor()).value();
    REQUIRE(found.has_value());
    CHECK(describe(*found) == "ext4 labelled 'movies' (uuid 01234567-89ab-cdef-0123-456789abcdef)");
}
