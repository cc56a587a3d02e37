// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/units/units.h"

#include <doctest/doctest.h>

using namespace vexfs;

TEST_CASE("units: sizes are read as people write them") {
    CHECK(parse_size("0").value() == 0);
    CHECK(parse_size("4096").value() == 4096);
    CHECK(parse_size("64K").value() == 65536);
    CHECK(parse_size("64k").value() == 65536);
    CHECK(parse_size("1.5G").value() == uint64_t{3} << 29);
    CHECK(parse_size("2TiB").value() == uint64_t{2} << 40);
    CHECK(parse_size("10MB").value() == 10 << 20);
    for (const char* text :
         {"", "K", "-1", "1X", "1KK", "1.3", "nan", "inf", "16E", "1e3", "0x10", " 1", "1 "}) {
        CAPTURE(text);
        CHECK(parse_size(text).error().code == Code::kEINVAL);
    }
}

TEST_CASE("units: sizes are written with a unit") {
    CHECK(size_text(0) == "0 B");
    CHECK(size_text(1023) == "1023 B");
    CHECK(size_text(1024) == "1 KiB");
    CHECK(size_text(uint64_t{3} << 29) == "1.5 GiB");
    CHECK(size_text(UINT64_MAX) == "16 EiB");
}

TEST_CASE("units: a volume id is read back from its text") {
    const std::string text = "01234567-89ab-cdef-0123-456789abcdef";
    CHECK(volume_id_text(parse_volume_id(text).value()) == text);
    CHECK(volume_id_text(parse_volume_id("01234567-89AB-CDEF-0123-456789ABCDEF").value()) == text);
    for (const char* bad :
         {"", "0123456789abcdef0123456789abcdef0000", "01234567-89ab-cdef-0123-456789abcdeg",
          "01234567-89ab-cdef-0123-456789abcde", "0123456789-ab-cdef-0123-456789abcdef"}) {
        CAPTURE(bad);
        CHECK(parse_volume_id(bad).error().code == Code::kEINVAL);
    }
    const VolumeId one = random_volume_id().value();
    CHECK(one != random_volume_id().value());
    CHECK(volume_id_text(one)[14] == '4');
}
